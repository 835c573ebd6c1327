/** Builds the model of a project's folder, as the loader does, in any order of its files. */
import { readdirSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Diagnostic } from "../../src/errors/diagnostic.ts";
import type { SourceMap, System } from "../../src/model/index.ts";

export type BuiltProject =
  | {
      readonly system: System;
      readonly sourceMap: SourceMap;
      readonly declarations: string;
      readonly diagnostics?: never;
    }
  | { readonly diagnostics: readonly Diagnostic[]; readonly system?: never; readonly sourceMap?: never };

interface Waiting {
  readonly resolve: (built: BuiltProject) => void;
  readonly reject: (error: unknown) => void;
}

let thread: Worker | undefined;
let requests = 0;
const waiting = new Map<number, Waiting>();

/**
 * Builds the model in `root`.
 *
 * @param arrange puts the files into another order; the result must not depend on it
 */
export function buildProject(
  root: string,
  arrange: (files: readonly string[]) => readonly string[] = (files) => files,
): Promise<BuiltProject> {
  thread ??= startThread();
  const id = ++requests;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    thread?.postMessage({ id, root, files: arrange(projectFiles(root)) });
  });
}

function startThread(): Worker {
  const worker = new Worker(new URL("./project-thread.ts", import.meta.url), { execArgv: [] });
  worker.on("message", ({ id, built, error }: { id: number; built?: BuiltProject; error?: unknown }) => {
    const request = waiting.get(id);
    waiting.delete(id);
    if (built === undefined) request?.reject(error);
    else request?.resolve(built);
  });
  worker.on("error", (error) => {
    for (const request of waiting.values()) request.reject(error);
    waiting.clear();
  });
  // It waits for the next request without keeping the test process alive.
  worker.unref();
  return worker;
}

function projectFiles(root: string): string[] {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) =>
      /^((enginejs\.config|policies\/.*\.policy|domain\/.*\.(model|workflow)|tasks\/[^/]*|handlers\/[^/]*)\.ts|queries\/.*\.sql|processes\/.*\.json)$/.test(
        file,
      ),
    );
  return files.sort();
}
