/** Writes the build's own files into a project. */
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { projectError } from "./project-error.ts";

export interface FileChanges {
  /** Relative paths with `/`, sorted. */
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Makes the files below `root` that `owned` names be exactly the given ones. A file whose content is right already keeps its date.
 *
 * @param files path relative to `root` → content
 * @param owned folders below `root` whose other `.sql` files are removed where they begin with the build's mark: left over from earlier builds
 * @param dryRun only says what would change
 */
export async function writeFiles(
  root: string,
  files: ReadonlyMap<string, string>,
  {
    owned,
    dryRun = false,
  }: {
    readonly owned?: { readonly folders: readonly string[]; readonly mark: string };
    readonly dryRun?: boolean;
  } = {},
): Promise<FileChanges> {
  try {
    const written: string[] = [];
    for (const [path, content] of files) {
      const target = resolve(root, path);
      if ((await contentOf(target)) === content) continue;
      written.push(path);
      if (dryRun) continue;
      await mkdir(dirname(target), { recursive: true });
      // Beside it and renamed: who reads meanwhile never sees half a file.
      await writeFile(`${target}.part`, content);
      await rename(`${target}.part`, target);
    }
    const removed: string[] = [];
    for (const folder of owned?.folders ?? []) {
      for (const path of await sqlFilesBelow(root, folder)) {
        if (files.has(path) || !(await contentOf(join(root, path)))?.startsWith(owned?.mark ?? "")) continue;
        removed.push(path);
        if (dryRun) continue;
        await rm(join(root, path));
        await rmdir(dirname(join(root, path))).catch(() => undefined);
      }
    }
    return { written: written.sort(), removed: removed.sort() };
  } catch (error) {
    const { code, path, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw projectError("EJS1028", `${path ?? root}: ${code} (${syscall}).`, { cause: error });
  }
}

async function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

async function sqlFilesBelow(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".sql"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
}
