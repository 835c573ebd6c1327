/** Drives a script by pgbench, and counts transactions per second. */
import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** pgbench, where the machine has one. */
export const pgbench = [
  "/usr/bin/pgbench",
  "/usr/local/bin/pgbench",
  ...globSync("/usr/lib/postgresql/*/bin/pgbench"),
].find(existsSync);

export interface PgbenchOptions {
  readonly url: string;
  /** pgbench's own language: statements, `\set`, `\startpipeline`. */
  readonly script: string;
  readonly seconds: number;
  readonly clients: number;
  /** Settings of each connection: `-c role=…`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Transactions per second, prepared statements. Settings may hold no blanks. */
export async function runPgbench({ url, script, seconds, clients, settings = {} }: PgbenchOptions): Promise<number> {
  if (pgbench === undefined) throw new Error("this machine has no pgbench");
  const folder = await mkdtemp(join(tmpdir(), "enginejs-pgbench-"));
  try {
    const file = join(folder, "script.sql");
    await writeFile(file, script);
    const { stdout } = await promisify(execFile)(
      pgbench,
      ["-n", "-M", "prepared", "-c", String(clients), "-j", "2", "-T", String(seconds), "-f", file, url],
      {
        env: {
          ...process.env,
          PGOPTIONS: Object.entries(settings)
            .map(([name, value]) => `-c ${name}=${value}`)
            .join(" "),
        },
      },
    );
    const tps = /tps = ([\d.]+)/.exec(stdout)?.[1];
    if (tps === undefined) throw new Error(`pgbench printed no tps:\n${stdout}`);
    return Number(tps);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
