/** A PostgreSQL of another version than the embedded one, from the system's packages, for tests of old versions. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../src/database/embedded-process.ts";
import { findUnprivilegedUser } from "../../src/database/unprivileged-user.ts";

/** Where Debian, and Fedora and its kin, install a version. */
const foldersOf = (version: number) => [`/usr/lib/postgresql/${version}/bin`, `/usr/pgsql-${version}/bin`];

/** Its folder of programs, undefined where it is not installed: then skip by name. */
export const programsOf = (version: number): string | undefined =>
  foldersOf(version).find((folder) => existsSync(join(folder, "postgres")));

/** Starts one without a password, for the time of a test file. */
export async function startOtherPostgres(programs: string): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "enginejs-other-postgres-"));
  const user = findUnprivilegedUser();
  if (user) await chown(folder, user.uid, user.gid);
  else await chmod(folder, 0o700);
  const run = (name: string, ...args: string[]) => {
    const options = { ...(user && { uid: user.uid, gid: user.gid }), cwd: "/", stdio: "ignore" } as const;
    const { status } = spawnSync(join(programs, name), args, options);
    if (status !== 0) throw new Error(`${name} ended with ${status}`);
  };
  const data = join(folder, "data");
  run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C");
  const port = await freePort(0);
  const options = `-p ${port} -h 127.0.0.1 -k ${folder} -c fsync=off -c max_connections=300`;
  run("pg_ctl", "start", "-w", "-D", data, "-o", options, "-l", join(folder, "log"));
  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", data);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
