/** A PostgreSQL of another version than the embedded one, from the system's packages, for tests of old versions. */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { inject } from "vitest";
import { freePort } from "../../src/database/embedded-process.ts";
import { findUnprivilegedUser } from "../../src/database/unprivileged-user.ts";

/** Where Debian, and Fedora and its kin, install a version. */
const foldersOf = (version: number) => [`/usr/lib/postgresql/${version}/bin`, `/usr/pgsql-${version}/bin`];

/** Its folder of programs, undefined where it is not installed: then skip by name. */
export const programsOf = (version: number): string | undefined =>
  foldersOf(version).find((folder) => existsSync(join(folder, "postgres")));

interface OtherPostgres {
  readonly url: string;
  readonly programs: string;
  readonly folder: string;
}

/** Starts one without a password, for a test file that needs one of its own. */
export async function startOtherPostgres(programs: string): Promise<{ url: string; stop(): Promise<void> }> {
  const server = await start(programs);
  return { url: server.url, stop: () => stop(server) };
}

/** The URL of the run's one of a version: started by the first test file that asks, stopped after the last one. */
export async function sharedOtherPostgres(version: number): Promise<string> {
  const programs = programsOf(version);
  if (programs === undefined) throw new Error(`PostgreSQL ${version} is not installed`);
  const file = join(inject("otherServers"), `postgresql-${version}.json`);
  const mine = await writeFile(`${file}.starting`, "", { flag: "wx" }).then(
    () => true,
    () => false,
  );
  if (mine) {
    await writeFile(`${file}.started`, JSON.stringify(await start(programs)));
    await rename(`${file}.started`, file);
  }
  for (const until = Date.now() + 180_000; !existsSync(file); await delay(50)) {
    if (Date.now() > until) throw new Error(`PostgreSQL ${version} did not start, see the other test files`);
  }
  return (JSON.parse(await readFile(file, "utf8")) as OtherPostgres).url;
}

/** After the last test file. */
export async function stopSharedPostgres(folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((name) => /^postgresql-\d+\.json$/.test(name));
  for (const name of files) await stop(JSON.parse(await readFile(join(folder, name), "utf8")));
}

async function start(programs: string): Promise<OtherPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "enginejs-other-postgres-"));
  const user = findUnprivilegedUser();
  if (user) await chown(folder, user.uid, user.gid);
  else await chmod(folder, 0o700);
  const data = join(folder, "data");
  run(programs, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C");
  // Below those that the system gives to whoever connects or listens anywhere just then.
  const port = await freePort(randomInt(15_000, 32_000));
  // Nothing of a test run needs to survive a power failure.
  const settings = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=600";
  const options = `-p ${port} -h 127.0.0.1 -k ${folder} ${settings}`;
  run(programs, "pg_ctl", "start", "-w", "-D", data, "-o", options, "-l", join(folder, "log"));
  return { url: `postgresql://postgres@127.0.0.1:${port}/postgres`, programs, folder };
}

async function stop({ programs, folder }: OtherPostgres): Promise<void> {
  run(programs, "pg_ctl", "stop", "-w", "-m", "immediate", "-D", join(folder, "data"));
  await rm(folder, { recursive: true, force: true });
}

function run(programs: string, name: string, ...args: string[]): void {
  const user = findUnprivilegedUser();
  const options = { ...(user && { uid: user.uid, gid: user.gid }), cwd: "/", stdio: "ignore" } as const;
  const { status } = spawnSync(join(programs, name), args, options);
  if (status !== 0) throw new Error(`${name} ended with ${status}`);
}
