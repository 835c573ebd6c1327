/**
 * Where the embedded server of a project keeps its things:
 *
 *     .enginejs/postgres/
 *       location       only where the rest lies elsewhere: its path
 *       cluster/       made in one rename, so that it is there whole or not at all
 *         data/        PostgreSQL's own, mode 0700, owned by the user that runs the server
 *         password     of the superuser, mode 0600, ours
 *       port           the last one used, preferred at the next start
 *       log            the server's
 *       users/         one file per process that uses the server, see embedded-usage.ts
 *       project        only where it lies elsewhere: whose it is, see embedded-garbage.ts
 *
 * Root runs the server as an unprivileged user. Where that user reaches neither
 * the project nor the installed binaries (root's home has mode 0700), both go
 * under /var/lib/enginejs: root alone may write there, so nobody can plant a
 * link or a folder first.
 */
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { chmod, lstat, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { databaseError } from "./database-error.ts";
import { copyBinaries, type EmbeddedBinaries, findBinaries, program } from "./embedded-binaries.ts";
import { findUnprivilegedUser, type UnprivilegedUser } from "./unprivileged-user.ts";

/** Everything needed to run the server of one project. */
export interface EmbeddedPlace {
  readonly folder: string;
  readonly binaries: EmbeddedBinaries;
  /** Undefined: the server runs as we do. */
  readonly user: UnprivilegedUser | undefined;
}

/** Paths below a place. */
export const placePaths = (place: Pick<EmbeddedPlace, "folder">) => ({
  cluster: join(place.folder, "cluster"),
  data: join(place.folder, "cluster", "data"),
  password: join(place.folder, "cluster", "password"),
  port: join(place.folder, "port"),
  log: join(place.folder, "log"),
  users: join(place.folder, "users"),
  project: join(place.folder, "project"),
});

/** Where root may write and others may only pass. The second serves systems whose /var/lib is read-only. */
const sharedFolders = ["/var/lib/enginejs", "/var/tmp/enginejs-root"];

/** The place of a project's server; makes the folders, not the data. */
export async function findPlace(projectFolder: string): Promise<EmbeddedPlace> {
  const binaries = await findBinaries();
  const user = findUnprivilegedUser();
  try {
    const folder = join(realpathSync(projectFolder), ".enginejs", "postgres");
    await mkdir(join(folder, "users"), { recursive: true, mode: 0o755 });
    await writeFile(join(folder, "..", ".gitignore"), "*\n", { flag: "wx" }).catch(() => undefined);
    if (!user) return { folder, binaries, user };
    const location = join(folder, "location");
    if (!existsSync(location) && canEnter(user, folder)) {
      return { folder, binaries: canRun(user, binaries) ? binaries : await copyToShared(binaries), user };
    }
    return { folder: await placeElsewhere(folder, location), binaries: await copyToShared(binaries), user };
  } catch (cause) {
    throw placeFailure(cause, projectFolder);
  }
}

/**
 * A folder of root's, named in the project's `location` file. Its name holds the
 * project's path, so that a copy of the project does not write into the data of
 * the original, and a random part, so that who deletes `.enginejs` starts anew.
 */
async function placeElsewhere(folder: string, location: string): Promise<string> {
  const projects = join(await makeSharedFolder(), "projects");
  await makePassable(projects);
  const project = `${basename(dirname(dirname(folder)))}-${createHash("sha256").update(folder).digest("hex").slice(0, 16)}`;
  if (existsSync(location) && !basename(readFileSync(location, "utf8").trim()).startsWith(`${project}-`)) {
    await rm(location);
  }
  const proposal = `${join(projects, `${project}-${randomBytes(4).toString("hex")}`)}\n`;
  // Of two processes at once the first one decides.
  await writeFile(location, proposal, { flag: "wx" }).catch(() => undefined);
  const place = readFileSync(location, "utf8").trim();
  await makePassable(place);
  await makePassable(join(place, "users"));
  await rememberProject(place, dirname(dirname(folder)));
  return place;
}

/** A place elsewhere as its `project` file tells of it. */
export interface RememberedProject {
  readonly path: string;
  /** The file system that the project lay on: one that is not mounted today must not look like a deleted project. */
  readonly device: number;
}

async function rememberProject(place: string, path: string): Promise<void> {
  const remembered: RememberedProject = { path, device: (await lstat(path)).dev };
  await writeFile(placePaths({ folder: place }).project, `${JSON.stringify(remembered)}\n`, { mode: 0o600 });
}

/** The places of all projects that lie elsewhere, this user's or not. */
export async function placesElsewhere(): Promise<string[]> {
  const places: string[] = [];
  for (const folder of sharedFolders) {
    if (!(await isRootsAlone(folder))) continue;
    const projects = join(folder, "projects");
    for (const name of await readdir(projects).catch(() => [])) places.push(join(projects, name));
  }
  return places;
}

/** Anybody can make a folder in /var/tmp: only a real one that is root's alone to write will do. */
async function isRootsAlone(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === 0 && (found.mode & 0o022) === 0;
}

/** Wraps what the file system reports; leaves our own errors as they are. */
export function placeFailure(cause: unknown, folder: string): unknown {
  const { code, path, syscall } = cause as NodeJS.ErrnoException;
  if (typeof code !== "string" || !syscall) return cause;
  const reasons: Record<string, string> = {
    EACCES: "permission denied",
    EPERM: "operation not permitted",
    ENOSPC: "the disk is full",
    EROFS: "the file system is read-only",
    EDQUOT: "the disk quota is used up",
    ENOENT: "it does not exist",
  };
  return databaseError("EJS4003", `${path ?? folder}: ${reasons[code] ?? code} (${syscall}).`, { cause });
}

/** Asks the system itself, as that user: mode bits do not tell of access lists and mounts. */
function canEnter({ uid, gid }: UnprivilegedUser, folder: string): boolean {
  return spawnSync("/bin/sh", ["-c", 'cd "$1"', "sh", folder], { uid, gid, cwd: "/", stdio: "ignore" }).status === 0;
}

function canRun({ uid, gid }: UnprivilegedUser, binaries: EmbeddedBinaries): boolean {
  const options = { uid, gid, cwd: "/", stdio: "ignore" } as const;
  return spawnSync(program(binaries, "postgres"), ["--version"], options).status === 0;
}

async function copyToShared(binaries: EmbeddedBinaries): Promise<EmbeddedBinaries> {
  const folder = join(await makeSharedFolder(), "binaries");
  await makePassable(folder);
  return copyBinaries(binaries, folder);
}

async function makeSharedFolder(): Promise<string> {
  for (const folder of sharedFolders) {
    if (
      !(await makePassable(folder).then(
        () => true,
        () => false,
      ))
    )
      continue;
    if (await isRootsAlone(folder)) return folder;
  }
  throw databaseError("EJS4003", `None of ${sharedFolders.join(", ")} is a folder that root alone may write.`);
}

/** Makes a folder that others may pass through, also under a strict umask; leaves one that is there as it is. */
async function makePassable(folder: string): Promise<void> {
  try {
    await mkdir(folder);
    await chmod(folder, 0o755);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
