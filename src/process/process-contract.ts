/** What others see of a process: how it is started, what it takes and what it gives. */
import type { Workflow } from "../model/index.ts";
import { ProcessTypes } from "./process-types.ts";
import type { ReadProcess } from "./read-process.ts";

interface ProcessContract {
  readonly name: string;
  readonly trigger: Workflow["trigger"];
  /** The JSON Schema of what it is started with. */
  readonly input?: unknown;
  /** The JSON Schemas of what it gives, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** What is wrong with its types is reported when it is compiled. */
export function processContract({ source, process }: ReadProcess): ProcessContract | undefined {
  if (process === undefined) return undefined;
  const quiet = Object.create(source, { report: { value: () => undefined } });
  const types = new ProcessTypes(quiet, process.$defs ?? {});
  const outputs = Object.entries(process.outputs ?? {}).map(([name, type]) => [name, types.schema(type, [])]);
  return {
    name: process.name,
    trigger: process.trigger ?? { kind: "manual" },
    ...(process.input === undefined ? {} : { input: types.schema(process.input, []) }),
    outputs: Object.fromEntries(outputs),
  };
}
