/** Imports files of a project into this process: those that run (tasks, seed), not those that only describe. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { EngineError } from "../errors/engine-error.ts";
import { resolveEngineImports, withGeneration } from "./engine-imports.ts";
import { loadFailure } from "./load-failure.ts";
import { withSourceLines } from "./source-lines.ts";

let generation = 0;

/** The files that are imported until the next call, and what they import, are read anew. */
export function nextGeneration(): void {
  generation += 1;
}

/**
 * @param file relative to the project
 * @throws EngineError with the place in the file
 */
export async function importModule(folder: string, file: string): Promise<Record<string, unknown>> {
  resolveEngineImports();
  const path = join(folder, file);
  const url = pathToFileURL(path).href;
  try {
    return await import(generation === 0 ? url : withGeneration(url, generation));
  } catch (error) {
    throw new EngineError(withSourceLines(await loadFailure(error, file, folder, [path]), folder), { cause: error });
  }
}
