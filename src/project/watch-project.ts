/** Tells when the files of a project change. */
import { type FSWatcher, readdirSync, watch } from "node:fs";
import { join } from "node:path";

/** Folders that hold no sources: the build's own output, data, packages. Watching packages would cost thousands of handles. */
const ignoredFolders = new Set(["node_modules", "sql", "dist", "migrations"]);
const watchedFile = /\.(ts|json|sql)$/;
const ignoredFile = /(^|\/)(generated\.d\.ts$|\.|package-lock\.json$)/;

/**
 * Calls back once per burst of changes, `delay` milliseconds after the last of them; never twice at the same time:
 * what changes meanwhile leads to one more call.
 *
 * @param onChange is given paths relative to the project
 * @returns a function that ends the watch, after the call that is under way
 */
export function watchProject(
  folder: string,
  onChange: (files: readonly string[]) => Promise<void>,
  { delay = 60 }: { readonly delay?: number } = {},
): () => Promise<void> {
  let changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let closed = false;

  const run = () => {
    if (closed || changed.size === 0 || running !== undefined) return;
    const files = [...changed].sort();
    changed = new Set();
    running = onChange(files).finally(() => {
      running = undefined;
      run();
    });
  };
  const tree = new FolderTree(folder, (file) => {
    if (!watchedFile.test(file) || ignoredFile.test(file)) return;
    changed.add(file);
    clearTimeout(timer);
    timer = setTimeout(run, delay);
  });
  return async () => {
    closed = true;
    clearTimeout(timer);
    tree.close();
    await running;
  };
}

/** One handle per folder; a folder that appears is watched from then on, and what it holds already is told. */
class FolderTree {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #root: string;
  readonly #onEvent: (file: string) => void;

  constructor(root: string, onEvent: (file: string) => void) {
    this.#root = root;
    this.#onEvent = onEvent;
    this.#add("", false);
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #add(folder: string, tell: boolean): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(join(this.#root, folder), (_event, name) => {
        if (name === null) return;
        const path = folder === "" ? name : `${folder}/${name}`;
        this.#onEvent(path);
        this.#addIfFolder(path);
      });
      // The folder is gone: its handle is of no use any more.
      watcher.on("error", () => this.#drop(folder));
      this.#watchers.set(folder, watcher);
      for (const entry of readdirSync(join(this.#root, folder), { withFileTypes: true })) {
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory()) this.#addIfFolder(path, tell);
        else if (tell) this.#onEvent(path);
      }
    } catch {
      this.#drop(folder);
    }
  }

  #addIfFolder(path: string, tell = true): void {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (name.startsWith(".") || ignoredFolders.has(name) || /\.[a-z]+$/.test(name)) return;
    // One that was removed and made again has a new handle to be watched by.
    if (tell) this.#drop(path);
    this.#add(path, tell);
  }

  #drop(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}
