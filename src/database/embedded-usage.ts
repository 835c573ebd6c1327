/**
 * Several processes may use one project's server: `enginejs dev` in one terminal,
 * `enginejs sql build` in another. Whoever leaves last stops it. The rule:
 *
 * 1. A process writes a file `users/<pid>-<random>` before it looks at the server, and removes it when it leaves.
 * 2. Who leaves removes its own file, writes `users/stopping-<pid>-<random>`, and only then looks for other users:
 *    finding none it stops the server; either way it removes that file.
 * 3. Who arrives waits, after writing its own file, until no such file is left.
 *
 * So either the leaver sees the newcomer, or the newcomer sees the leaver and
 * waits; no lock is needed. A file whose process is gone (number and start time
 * are compared) counts for nothing and is removed.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive, startOf } from "./process-identity.ts";

/** A file in `users/`, named after our process. */
export class Registration {
  readonly #path: string;
  readonly #forget = () => rmSync(this.#path, { force: true });

  constructor(folder: string, kind: "" | "stopping-" = "") {
    this.#path = join(folder, `${kind}${process.pid}-${randomBytes(4).toString("hex")}`);
    writeFileSync(this.#path, startOf(process.pid), { mode: 0o600 });
    // A process that ends without stopping the server still stops counting as its user.
    process.on("exit", this.#forget);
  }

  /** False where its folder was removed meanwhile. */
  get stands(): boolean {
    return existsSync(this.#path);
  }

  remove(): void {
    process.off("exit", this.#forget);
    this.#forget();
  }
}

/** Waits until nobody is about to stop the server. */
export async function waitForLeavers(folder: string): Promise<void> {
  while (livingFiles(folder).some((name) => name.startsWith("stopping-"))) await delay(20);
}

/** Does a living process use the server? */
export function hasUsers(folder: string): boolean {
  return livingFiles(folder).some((name) => !name.startsWith("stopping-"));
}

function livingFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => {
    const pid = Number(/^(?:stopping-)?(\d+)-[0-9a-f]+$/.exec(name)?.[1]);
    if (!pid) return false;
    const path = join(folder, name);
    try {
      const start = readFileSync(path, "utf8");
      // An empty file is one that is being written just now.
      if (isAlive(pid) && (start === "" || start === startOf(pid))) return true;
      rmSync(path, { force: true });
    } catch {
      // Its owner removed it meanwhile.
    }
    return false;
  });
}
