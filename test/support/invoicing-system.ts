/** The model of examples/invoicing as the IR, for tests of everything that reads one. */
import { fileURLToPath } from "node:url";
import { EngineError } from "../../src/errors/engine-error.ts";
import type { SourceMap, System } from "../../src/model/index.ts";
import { buildProject } from "./build-project.ts";

const root = fileURLToPath(new URL("../../examples/invoicing", import.meta.url));

export interface InvoicingBuild {
  readonly system: System;
  readonly sourceMap: SourceMap;
  /** The text of its `generated.d.ts`. */
  readonly declarations: string;
}

let built: Promise<InvoicingBuild> | undefined;

/** The IR; each caller gets a copy of its own, to change as it likes. */
export async function invoicingSystem(): Promise<System> {
  return (await invoicingBuild()).system;
}

/** The IR and where each of its nodes was written; a copy as well. */
export async function invoicingBuild(): Promise<InvoicingBuild> {
  built ??= build();
  return structuredClone(await built);
}

async function build(): Promise<InvoicingBuild> {
  const result = await buildProject(root);
  if (result.diagnostics !== undefined) throw new EngineError(result.diagnostics);
  return result;
}
