/** Builds the models of projects under plain Node, whose type stripping keeps every position; a test runner's transforms move them. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parentPort } from "node:worker_threads";
import { resolveEngineImports, withGeneration } from "../../src/project/engine-imports.ts";
import { handlersOf } from "../../src/project/handler-file.ts";

export interface BuildRequest {
  readonly id: number;
  readonly root: string;
  /** Relative to the project, in the order in which they are imported. */
  readonly files: readonly string[];
}

resolveEngineImports();
// Imported only now: the instance that the model files import as "enginejs".
const { beginCollection, buildSystem, endCollection, generateDeclarations } = await import("../../src/dsl/index.ts");
const { addProcesses, processContract, readProcess } = await import("../../src/process/index.ts");

async function build({ id, root, files }: BuildRequest) {
  const collection = beginCollection();
  const read = [];
  for (const file of files) {
    if (file.startsWith("processes/")) {
      read.push(readProcess(file, readFileSync(join(root, file), "utf8")));
      continue;
    }
    if (file.startsWith("queries/")) {
      const text = readFileSync(join(root, file), "utf8");
      collection.queries.push({ name: basename(file, ".sql"), file: join(root, file), text });
      continue;
    }
    const module = await import(withGeneration(pathToFileURL(join(root, file)).href, id));
    if (file.startsWith("handlers/")) {
      for (const [name, handler] of handlersOf(module, file))
        collection.namedHandlers.push({ name, file: join(root, file), handler });
    }
    if (file.startsWith("tasks/")) {
      collection.tasks.push({ name: basename(file, ".ts"), file: join(root, file), task: module.default });
    }
  }
  endCollection();
  const processes = read.flatMap((file) => processContract(file) ?? []);
  const built = buildSystem(collection, { root, readSource: (file) => readFileSync(file, "utf8"), processes });
  if (built.diagnostics !== undefined) return built;
  const { system, sourceMap, findings } = addProcesses(read, built.system);
  if (findings.some(({ severity }) => severity === "error")) return { diagnostics: findings };
  return { system, sourceMap: { ...built.sourceMap, ...sourceMap }, declarations: generateDeclarations(system) };
}

// One after the other: a thread has one open collection.
let queue = Promise.resolve();
parentPort?.on("message", (request: BuildRequest) => {
  queue = queue.then(async () => {
    try {
      parentPort?.postMessage({ id: request.id, built: await build(request) });
    } catch (error) {
      parentPort?.postMessage({ id: request.id, error });
    }
  });
});
