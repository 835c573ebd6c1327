/** PostgreSQL refuses to run as root: whom to run it as instead. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { databaseError } from "./database-error.ts";

/** The user that the embedded server runs as, where it is not our own. */
export interface UnprivilegedUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Existing users without rights, in order of preference. */
const candidates = ["postgres", "nobody", "daemon"];

/** Made only where none of the candidates can be used. */
const ownName = "enginejs";

/** Undefined where we are no root and need nobody else. */
export function findUnprivilegedUser(): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of [...candidates, ownName]) {
    const user = lookUp(name);
    if (user && canRunAs(user)) return user;
  }
  return createUser();
}

function lookUp(name: string): UnprivilegedUser | undefined {
  // macOS has its users elsewhere, but lists the ones of the system in this file too. Bare containers have none.
  const file = "/etc/passwd";
  const line = (existsSync(file) ? readFileSync(file, "utf8") : "")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid && gid && uid !== "0" ? { name, uid: Number(uid), gid: Number(gid) } : undefined;
}

/** In a container with few mapped ids, an entry in /etc/passwd does not mean that one can become that user. */
function canRunAs({ uid, gid }: UnprivilegedUser): boolean {
  return spawnSync("/bin/sh", ["-c", "exit 0"], { uid, gid, cwd: "/", stdio: "ignore" }).status === 0;
}

function createUser(): UnprivilegedUser {
  const attempts: [string, string[]][] = [
    ["useradd", ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", ownName]],
    ["adduser", ["-S", "-D", "-H", ownName]],
  ];
  for (const [command, args] of attempts) {
    spawnSync(command, args, { stdio: "ignore" });
    const user = lookUp(ownName);
    if (user && canRunAs(user)) return user;
  }
  throw databaseError("EJS4005", `None of the users ${[...candidates, ownName].join(", ")} can run PostgreSQL.`);
}
