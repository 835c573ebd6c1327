/** Says in words why a file of the project could not be imported, with the place in the file. Runs in the loader's thread. */
import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parse } from "acorn";
import type { Diagnostic, SourceLocation } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { nearest } from "../errors/nearest.ts";
import { projectFinding } from "./project-error.ts";
import { projectPath } from "./project-path.ts";

/**
 * @param file the file that was imported, relative to the project; the failure may lie in one that it imports
 * @param loaded absolute paths of all files that were read so far
 */
export async function loadFailure(
  error: unknown,
  file: string,
  folder: string,
  loaded: Iterable<string>,
): Promise<readonly Diagnostic[]> {
  if (error instanceof EngineError) return error.diagnostics;
  const whole: SourceLocation = { file, line: 1, column: 1 };
  if (!(error instanceof Error)) {
    return [projectFinding("EJS1023", `${file} threw ${String(error)}.`, { where: whole })];
  }
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ERR_MODULE_NOT_FOUND" || code === "ERR_UNSUPPORTED_DIR_IMPORT") return [missingModule(error, folder)];
  if (error instanceof SyntaxError) {
    const where = arrowLocation(error, folder);
    if (/does not provide an export named/.test(error.message))
      return [await missingExport(error, where ?? whole, folder)];
    return [syntaxError(error, where ?? parsedLocation(loaded, folder) ?? whole)];
  }
  const thrown = `${error.name}: ${error.message}`;
  const where = stackLocation(error, folder);
  if (where !== undefined) return [projectFinding("EJS1023", thrown, { where })];
  // Thrown while a package was imported: no file of the project is on the stack.
  const thrower = packageOnStack(error);
  if (thrower === undefined) return [projectFinding("EJS1023", thrown, { where: whole })];
  const found = find(join(folder, file), thrower);
  return [
    projectFinding("EJS1023", `The package ${thrower} threw ${thrown}`, {
      where: found === undefined ? whole : { file, ...found, length: thrower.length },
      hint: "It failed while it was imported. The message is its own.",
    }),
  ];
}

function syntaxError(error: Error, where: SourceLocation): Diagnostic {
  const unsupported = (error as NodeJS.ErrnoException).code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX";
  const hint = unsupported
    ? "Node removes types and nothing more: write a union of strings for an enum, fields for parameter properties."
    : undefined;
  return projectFinding("EJS1020", `${error.message.replace(/\.$/, "")}.`, { where, hint });
}

/** `/path/file.ts:3`, the source up to the line, carets: what Node writes above the stack of a syntax error. */
function arrowLocation(error: Error, folder: string): SourceLocation | undefined {
  const [first = "", ...lines] = error.stack?.split("\n") ?? [];
  const match = /^(.+):(\d+)$/.exec(first);
  const carets = lines.find((line) => /^\s*\^+$/.test(line)) ?? "^";
  if (match?.[1] === undefined) return undefined;
  const file = projectPath(match[1], folder);
  if (file === undefined) return undefined;
  return { file, line: Number(match[2]), column: carets.indexOf("^") + 1, length: carets.trim().length };
}

/** V8 reports some syntax errors (a name declared twice) without a place: a second parser finds it. */
function parsedLocation(loaded: Iterable<string>, folder: string): SourceLocation | undefined {
  for (const path of loaded) {
    const file = projectPath(path, folder);
    if (file === undefined) continue;
    try {
      parse(stripTypeScriptTypes(readFileSync(path, "utf8")), { ecmaVersion: "latest", sourceType: "module" });
    } catch (error) {
      const { loc } = error as { loc?: { line: number; column: number } };
      if (loc !== undefined) return { file, line: loc.line, column: loc.column + 1 };
    }
  }
  return undefined;
}

function missingModule(error: Error, folder: string): Diagnostic {
  const { url } = error as { url?: string };
  const [, wanted = "", importer = ""] =
    /(?:package|module|import) '(.+?)'.* imported from (.+)$/s.exec(error.message) ?? [];
  const file = projectPath(importer, folder) ?? importer;
  const path = url?.startsWith("file:") ? fileURLToPath(url) : undefined;
  const specifier = path === undefined ? wanted : specifierOf(importer, path);
  const found = find(importer, specifier);
  const where = found === undefined ? { file, line: 1, column: 1 } : { file, ...found, length: specifier.length };
  const message = `There is no ${path === undefined ? "package" : "file"} "${specifier}".`;
  const near = path === undefined ? undefined : nearestFile(importer, path);
  const install = path === undefined ? `Install it: npm install ${packageOf(wanted)}` : undefined;
  return projectFinding("EJS1021", message, { where, hint: near === undefined ? install : `Did you mean "${near}"?` });
}

/** `@acme/slack` of `@acme/slack/steps.js`. */
const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

function specifierOf(importer: string, path: string): string {
  const text = relative(dirname(importer), path).split(sep).join("/");
  return text.startsWith(".") ? text : `./${text}`;
}

function nearestFile(importer: string, path: string): string | undefined {
  let names: string[];
  try {
    names = readdirSync(dirname(path));
  } catch {
    return undefined;
  }
  const name = basename(path);
  // Without the extension, or with that of the compiled file: the commonest slips.
  const stem = name.replace(/\.js$/, "");
  const near = names.find((candidate) => candidate === `${stem}.ts`) ?? nearest(name, names);
  return near === undefined ? undefined : specifierOf(importer, join(dirname(path), near));
}

async function missingExport(error: Error, where: SourceLocation, folder: string): Promise<Diagnostic> {
  const [, specifier = "", name = ""] =
    /module '(.+)' does not provide an export named '(.+)'/.exec(error.message) ?? [];
  const importer = resolve(folder, where.file);
  let exported: string[] = [];
  try {
    const target = specifier.startsWith(".") ? pathToFileURL(resolve(dirname(importer), specifier)).href : specifier;
    exported = Object.keys(await import(target)).filter((key) => key !== "default");
  } catch {
    // The other module fails for a reason of its own, which is reported for itself.
  }
  const near = nearest(name, exported);
  const type = new RegExp(`export\\s+(?:declare\\s+)?(?:type|interface)\\s+${name}\\b`).test(
    specifier.startsWith(".") ? readOrEmpty(resolve(dirname(importer), specifier)) : "",
  );
  const hint = type
    ? `${name} is a type: import { type ${name} }`
    : near !== undefined
      ? `Did you mean "${near}"?`
      : /^[A-Z]/.test(name)
        ? `If it is a type: import { type ${name} }`
        : exported.length > 0 && exported.length <= 12
          ? `It exports: ${exported.join(", ")}.`
          : undefined;
  return projectFinding("EJS1022", `"${specifier}" exports no "${name}".`, { where, hint });
}

/** The innermost frame of the stack that lies in a file of the project. */
function stackLocation(error: Error, folder: string): SourceLocation | undefined {
  for (const line of error.stack?.split("\n") ?? []) {
    const match = /(file:\/\/.+):(\d+):(\d+)\)?$/.exec(line);
    if (match?.[1] === undefined) continue;
    const file = projectPath(match[1], folder);
    if (file !== undefined) return { file, line: Number(match[2]), column: Number(match[3]) };
  }
  return undefined;
}

/** The package that holds the innermost frame. */
function packageOnStack(error: Error): string | undefined {
  for (const line of error.stack?.split("\n") ?? []) {
    const [, name] = /^\s+at .*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/[^)]*:\d+:\d+\)?$/.exec(line) ?? [];
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Where a module is imported: its name in quotes, or a path below a package of that name. */
function find(path: string, specifier: string): { line: number; column: number } | undefined {
  const pattern = new RegExp(`["']${specifier.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}["'/]`);
  for (const [i, line] of readOrEmpty(path).split("\n").entries()) {
    const column = line.search(pattern);
    if (column >= 0) return { line: i + 1, column: column + 2 };
  }
  return undefined;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
