/** Starts, recognises and ends the `postgres` process of a place. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { databaseError } from "./database-error.ts";
import { program } from "./embedded-binaries.ts";
import { type EmbeddedPlace, placePaths } from "./embedded-place.ts";
import { commandOf, isAlive } from "./process-identity.ts";

/** A server that accepts connections. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
}

/** What `postmaster.pid` says of a server that is really this place's; undefined where none runs. */
function findRunning(place: Pick<EmbeddedPlace, "folder">): (RunningServer & { readonly status: string }) | undefined {
  const { data } = placePaths(place);
  let lines: string[];
  try {
    lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  if (!pid || !isAlive(pid)) return undefined;
  // After a crash or a reboot the number may be another process's by now. Where the system does not tell, believe the file.
  const command = commandOf(pid);
  if (command !== "" && !command.includes(data)) return undefined;
  return { pid, port: Number(lines[3] ?? 0), status: (lines[7] ?? "").trim() };
}

/** Whether a server of this place lives, ready or not. */
export const isRunning = (place: Pick<EmbeddedPlace, "folder">): boolean => findRunning(place) !== undefined;

/** The server of this place, whoever started it, once it is ready; undefined where none runs or it is going down (then it has gone). */
export async function waitForRunning(place: EmbeddedPlace): Promise<RunningServer | undefined> {
  for (;;) {
    const found = findRunning(place);
    if (!found || found.status === "ready") return found;
    await delay(20);
  }
}

/** Starts a server; undefined where another process was faster. */
export async function launch(
  place: EmbeddedPlace,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<RunningServer | "port taken" | undefined> {
  const { data } = placePaths(place);
  // A number that is another process's by now: PostgreSQL would take it for a running server and refuse.
  const stalePid = Number((await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n")[0]);
  if (stalePid && isAlive(stalePid) && !findRunning(place)) await rm(join(data, "postmaster.pid"), { force: true });

  const options = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    // The password guards the port; a socket in a folder that all may enter would be one more door.
    unix_socket_directories: "",
    ...settings,
  };
  const { child, logStart } = spawnPostgres(place, [
    "-D",
    data,
    ...Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ]);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  let alive = true;
  void ended.then(() => {
    alive = false;
  });
  while (alive) {
    const found = findRunning(place);
    if (found && found.pid === child.pid && found.status === "ready") return found;
    await Promise.race([ended, delay(20)]);
  }
  const log = readFileSync(placePaths(place).log).subarray(logStart).toString("utf8");
  if (/could not (bind|create) .*(address|socket)|Address already in use/i.test(log)) return "port taken";
  if (log.includes('lock file "postmaster.pid" already exists')) return undefined;
  throw databaseError("EJS4004", `The embedded PostgreSQL ended while starting:\n${lastLines(log)}`);
}

/**
 * Detached: Ctrl-C in a terminal signals the whole foreground group, and the
 * server must outlive the last queries of those who shut down in order.
 */
function spawnPostgres(place: EmbeddedPlace, args: readonly string[]) {
  const { log } = placePaths(place);
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  const tooLong = size > 10_000_000;
  if (tooLong) renameSync(log, `${log}.old`);
  const output = openSync(log, "a", 0o600);
  try {
    const child = spawn(program(place.binaries, "postgres"), args, {
      ...asUser(place),
      stdio: ["ignore", output, output],
      detached: true,
    });
    child.unref();
    return { child, logStart: tooLong ? 0 : size };
  } finally {
    closeSync(output);
  }
}

/**
 * Fast mode: open transactions are rolled back, the data is written. Resolves when the process has ended.
 * `known` is the server where its folder was deleted meanwhile and tells nothing any more.
 */
export async function stopRunning(place: EmbeddedPlace, known?: RunningServer): Promise<void> {
  const { data } = placePaths(place);
  const pid = findRunning(place)?.pid ?? (known && commandOf(known.pid).includes(data) ? known.pid : undefined);
  if (pid === undefined) return;
  if (process.platform === "win32") {
    spawn(program(place.binaries, "pg_ctl"), ["stop", "-m", "fast", "-D", data], { stdio: "ignore" }).unref();
  } else {
    process.kill(pid, "SIGINT");
  }
  while (isAlive(pid)) await delay(10);
}

/** The preferred port where it is free, else another one. */
export async function freePort(preferred: number): Promise<number> {
  return (await tryPort(preferred)) ?? (await tryPort(0)) ?? preferred;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(address && typeof address === "object" ? address.port : undefined));
    });
  });
}

/**
 * How to spawn as the place's user. The environment is bare: PGDATA, PGPORT and
 * the locale of whoever starts it must not decide how the server behaves.
 */
export const asUser = ({ user }: EmbeddedPlace) => ({
  cwd: process.platform === "win32" ? undefined : "/",
  env: { PATH: process.env.PATH, SystemRoot: process.env.SystemRoot, TEMP: process.env.TEMP, LC_ALL: "C", TZ: "UTC" },
  ...(user && { uid: user.uid, gid: user.gid }),
});

/** The end of a log, for a message. */
export const lastLines = (log: string): string =>
  log
    .trim()
    .split("\n")
    .slice(-8)
    .map((line) => `    ${line}`)
    .join("\n");
