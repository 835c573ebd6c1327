/** `enginejs new DIR`: copies the template. Runs on old versions of Node too; it imports nothing that needs a newer one. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineError } from "../../errors/engine-error.ts";
import { projectErrors } from "../../errors/project-errors.ts";
import { exitCode } from "../exit-code.ts";
import { shellWord } from "../shell-word.ts";
import type { Terminal } from "../terminal.ts";

export interface NewOptions {
  readonly dir: string;
  readonly json?: boolean;
}

const packageFolder = fileURLToPath(new URL("../../../", import.meta.url));

/** Makes the project and says how to go on. */
export async function newProject(options: NewOptions, terminal: Terminal): Promise<number> {
  const target = resolve(options.dir);
  if (existsSync(target) && readdirSync(target).length > 0) {
    const message = `${target} is not empty.`;
    throw new EngineError([{ code: "EJS1030", severity: "error", message, hint: projectErrors.EJS1030.hint }]);
  }
  const values = { name: packageName(basename(target)), ...versions() };
  const template = join(packageFolder, "templates", "new");
  const files: string[] = [];
  for (const entry of await readdir(template, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    // npm leaves files called .gitignore out of packages.
    const path = source.slice(template.length + 1).replace(/(^|[/\\])gitignore$/, "$1.gitignore");
    await mkdir(dirname(join(target, path)), { recursive: true });
    await writeFile(join(target, path), filled(readFileSync(source, "utf8"), values));
    files.push(path);
  }
  terminal.printJson({ ok: true, folder: target, files: files.sort() });
  terminal.print(`Made ${target} (${files.length} files). Go on with:`);
  terminal.print();
  terminal.print(`    cd ${shellWord(options.dir)} && npm install && npx enginejs dev`);
  return exitCode.ok;
}

/** `{{name}}` stands for a text that JSON's rules for strings fit. */
function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{([^}]+)\}\}/g, (all, name: string) => {
    const value = values[name];
    return value === undefined ? all : JSON.stringify(value).slice(1, -1);
  });
}

/** npm's names are small letters, digits and some signs. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|[._-]+$/g, "");
  return name === "" ? "project" : name.slice(0, 200);
}

/** The versions that this very package was made and tested with. */
function versions(): Record<string, string> {
  const { version, dependencies, devDependencies } = readJson(join(packageFolder, "package.json")) as {
    version: string;
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  return { ...devDependencies, ...dependencies, enginejs: ownSource() ?? version };
}

/** Where this package was installed from a file (a tarball of `npm pack`), that file: the registry need not have it. */
function ownSource(): string | undefined {
  const modules = dirname(packageFolder.replace(/[/\\]$/, ""));
  const lock = join(modules, ".package-lock.json");
  if (basename(modules) !== "node_modules" || !existsSync(lock)) return undefined;
  const { packages } = readJson(lock) as { packages: Record<string, { resolved?: string }> };
  const resolved = packages["node_modules/enginejs"]?.resolved;
  if (!resolved?.startsWith("file:"))
    return resolved?.startsWith("http") && !isRegistry(resolved) ? resolved : undefined;
  // npm writes it relative to the folder that holds node_modules, with the signs of a URL escaped.
  return `file:${resolve(dirname(modules), decodeURI(resolved.slice("file:".length)))}`;
}

/** A registry keeps tarballs below `/-/`: a plain version number means the same one. */
const isRegistry = (url: string): boolean => url.includes("/-/");

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
