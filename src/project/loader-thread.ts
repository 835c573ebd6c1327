/** The thread that imports the files of a project, one after the other, and turns what they declare into the IR. */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import type { Diagnostic, SourceLocation } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { system as systemSchema } from "../model/index.ts";
import { addProcesses, processContract, readProcess } from "../process/index.ts";
import { checkConfig, type ProjectConfig } from "./config-schema.ts";
import { discover, loadOrder } from "./discover.ts";
import { resolveEngineImports } from "./engine-imports.ts";
import { handlersOf } from "./handler-file.ts";
import { loadFailure } from "./load-failure.ts";
import type { LoadedModel, LoaderInput, LoaderMessage } from "./loader-protocol.ts";
import { projectFinding } from "./project-error.ts";
import { configFileName } from "./project-folder.ts";
import { taskOf } from "./task-file.ts";

const { folder, configOnly } = workerData as LoaderInput;
const post = (message: LoaderMessage) => parentPort?.postMessage(message);

try {
  resolveEngineImports();
  if (configOnly) post({ kind: "config", config: await loadConfigOnly() });
  else post({ kind: "loaded", model: await load() });
} catch (error) {
  if (!(error instanceof EngineError)) throw error;
  post({ kind: "failed", diagnostics: withoutRepetitions(error.diagnostics) });
}

async function loadConfigOnly(): Promise<ProjectConfig> {
  const findings: Diagnostic[] = [];
  post({ kind: "progress", doing: `loading ${configFileName}`, file: configFileName });
  try {
    const config = configOf(await import(pathToFileURL(join(folder, configFileName)).href), findings);
    if (config !== undefined) return config;
  } catch (error) {
    findings.push(...(await loadFailure(error, configFileName, folder, [join(folder, configFileName)])));
  }
  throw new EngineError(findings);
}

async function load(): Promise<LoadedModel> {
  const loaded = rememberLoadedFiles();
  // Imported only now, so that it is what the files of the project get as "enginejs".
  const { beginCollection, buildSystem, endCollection, generateDeclarations } = await import("../dsl/index.ts");
  const files = discover(folder);
  const findings: Diagnostic[] = [...files.findings];
  const collection = beginCollection();
  const taskNames = new Map(Array.from(files.tasks, ([name, file]) => [file, name]));
  let config: ProjectConfig | undefined;
  for (const file of loadOrder(files)) {
    post({ kind: "progress", doing: `loading ${file}`, file });
    try {
      const module: { default?: unknown } = await import(pathToFileURL(join(folder, file)).href);
      const name = taskNames.get(file);
      if (files.handlers.includes(file)) {
        for (const [called, handler] of handlersOf(module, file))
          collection.namedHandlers.push({ name: called, file: join(folder, file), handler });
      }
      if (name !== undefined) collection.tasks.push({ name, file: join(folder, file), ...taskOf(module, file) });
      if (file === configFileName) {
        config = configOf(module, findings);
        // What is exported counts, with defineConfig() around it or not.
        const exported = collection.configs.find((declaration) => declaration.config === module.default);
        const site = { file: join(folder, file), line: 1, column: 1 };
        collection.configs.splice(0, Infinity, exported ?? { kind: "config", site, config: module.default });
      }
    } catch (error) {
      findings.push(...(await loadFailure(error, file, folder, loaded)));
    }
  }
  for (const [name, file] of files.queries) {
    const path = join(folder, file);
    collection.queries.push({ name, file: path, text: readSource(path) ?? "" });
  }
  endCollection();
  const read = files.processes.map((file) => readProcess(file, readSource(join(folder, file)) ?? ""));
  const ofProcesses = read.flatMap(({ source }) => source.findings);
  // What a file that failed would have declared is missing: the compiler would report each reference to it.
  if (findings.length > 0 || config === undefined) throw new EngineError([...findings, ...ofProcesses]);
  post({ kind: "progress", doing: "checking the model" });
  const processes = read.flatMap((file) => processContract(file) ?? []);
  const built = buildSystem(collection, { root: folder, readSource, processes });
  if (built.diagnostics !== undefined) throw new EngineError([...built.diagnostics, ...ofProcesses]);
  const added = addProcesses(read, built.system);
  if (added.findings.some(({ severity }) => severity === "error")) throw new EngineError(added.findings);
  return {
    config,
    system: systemSchema.parse(added.system),
    sourceMap: { ...built.sourceMap, ...added.sourceMap },
    declarations: generateDeclarations(added.system),
    developmentSecrets: built.developmentSecrets,
    warnings: added.findings,
  };
}

function configOf(module: { readonly default?: unknown }, findings: Diagnostic[]): ProjectConfig | undefined {
  if (typeof module.default !== "object" || module.default === null) {
    const where = { file: configFileName, line: 1, column: 1 };
    findings.push(projectFinding("EJS1011", `${configFileName} exports no config as its default.`, { where }));
    return undefined;
  }
  const checked = checkConfig(module.default, (words) => placeOfWord(configFileName, words));
  if (checked.findings !== undefined) findings.push(...checked.findings);
  return checked.config;
}

/** Where in a file the first of the words stands as a key. */
function placeOfWord(file: string, words: readonly string[]): SourceLocation {
  const lines = (readSource(join(folder, file)) ?? "").split("\n");
  for (const word of words) {
    const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const pattern = new RegExp(`(?<![\\w$])${escaped}(?=["']?\\s*:)`);
    for (const [i, line] of lines.entries()) {
      const column = line.search(pattern);
      if (column >= 0) return { file, line: i + 1, column: column + 1, length: word.length };
    }
  }
  return { file, line: 1, column: 1 };
}

function readSource(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** A file that several others import fails once for each of them, always with the same words. */
function withoutRepetitions(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...new Map(diagnostics.map((d) => [JSON.stringify([d.code, d.message, d.where]), d])).values()];
}

/** Absolute paths, the latest first. */
function rememberLoadedFiles(): Iterable<string> {
  const loaded: string[] = [];
  registerHooks({
    load(url, context, nextLoad) {
      if (url.startsWith("file:")) loaded.unshift(fileURLToPath(url));
      return nextLoad(url, context);
    },
  });
  return loaded;
}
