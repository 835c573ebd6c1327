import type { Diagnostic } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { discover } from "./discover.ts";
import { handlersOf } from "./handler-file.ts";
import { importModule } from "./import-module.ts";
import { loadPlugins } from "./load-plugins.ts";
import { taskOf } from "./task-file.ts";

/**
 * Imports the task files of a project for the worker: name → what the file exports as default. Handlers are tasks called
 * `handlers/<name>`, steps of plugins `<plugin>/<step>`.
 * After `nextGeneration()` they are read anew, with everything of the project that they import.
 *
 * @param options.development whether values of `env()` that are given as `development` count; where NODE_ENV says so unless given
 * @throws EngineError with every file's finding
 */
export async function loadTasks(
  folder: string,
  { development = process.env.NODE_ENV === "development" }: { readonly development?: boolean } = {},
): Promise<ReadonlyMap<string, unknown>> {
  const files = discover(folder);
  const findings: Diagnostic[] = files.findings.filter((finding) => finding.code === "EJS1026");
  const tasks = new Map<string, unknown>();
  try {
    for (const [name, step] of await loadPlugins(folder, { development })) tasks.set(name, step);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    findings.push(...error.diagnostics);
  }
  for (const [name, file] of files.tasks) {
    try {
      const module = await importModule(folder, file);
      taskOf(module, file);
      tasks.set(name, module.default);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      findings.push(...error.diagnostics);
    }
  }
  for (const file of files.handlers) {
    try {
      for (const [name, handler] of handlersOf(await importModule(folder, file), file))
        tasks.set(`handlers/${name}`, handler);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      findings.push(...error.diagnostics);
    }
  }
  if (findings.length > 0) throw new EngineError(findings);
  return tasks;
}
