/** Puts the processes of a project into its model. */
import type { Diagnostic } from "../errors/diagnostic.ts";
import { catalogOf, type SourceMap, type System, takesInput, type Workflow } from "../model/index.ts";
import { type JsonSchema, schemaProperties } from "../model/schema-types.ts";
import { compileProcess } from "./compile-process.ts";
import { placedNodes } from "./graph-scope.ts";
import type { Outputs } from "./process-context.ts";
import { processContract } from "./process-contract.ts";
import type { ReadProcess } from "./read-process.ts";

export interface AddedProcesses {
  /** The model with the workflows that the processes are, and the queues that only they name. */
  readonly system: System;
  /** Where the workflows and their nodes were written. */
  readonly sourceMap: SourceMap;
  /** Everything that is wrong, and what is only odd. */
  readonly findings: readonly Diagnostic[];
}

/** Compiles every process against the model, and reports what is wrong with all of them. */
export function addProcesses(read: readonly ReadProcess[], built: System): AddedProcesses {
  const system: System = { ...built, workflows: [...built.workflows] };
  const catalog = catalogOf(system);
  const outputs = new Map<string, Outputs>(built.workflows.map((workflow) => [workflow.name, givenBy(workflow)]));
  const inputs = new Map<string, unknown>(
    built.workflows.map((of) => [of.name, takesInput(of.trigger) ? of.input : undefined]),
  );
  const sourceMap: Record<string, SourceMap[string]> = {};
  const known = new Map(built.workflows.map(({ name }) => [name, "the model"]));
  const files = [...read].sort((a, b) => (a.source.file < b.source.file ? -1 : 1));
  for (const { source, process } of files) {
    if (process === undefined) continue;
    const other = known.get(process.name);
    if (other !== undefined)
      source.report("EJS2504", `There is a workflow "${process.name}" already, in ${other}.`, ["name"]);
    known.set(process.name, source.file);
  }
  for (const contract of files.map(processContract)) {
    if (contract === undefined) continue;
    outputs.set(contract.name, contract.outputs);
    if (takesInput(contract.trigger)) inputs.set(contract.name, contract.input);
  }
  for (const { source, process } of files) {
    if (process === undefined) continue;
    const workflow = compileProcess(source, process, { system, catalog, outputs, inputs });
    if (workflow === undefined) continue;
    system.workflows.push(workflow);
    sourceMap[`workflows.${workflow.name}`] = source.placeOf(["name"]);
    for (const { id, path } of placedNodes({ nodes: process.nodes, path: [] })) {
      sourceMap[`workflows.${workflow.name}.${id}`] = source.placeOf(path, { key: true });
    }
  }
  system.workflows.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return { system, sourceMap, findings: files.flatMap(({ source }) => source.findings.toSorted(byPlace)) };
}

const byPlace = ({ where: a }: Diagnostic, { where: b }: Diagnostic): number =>
  (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);

/** What a workflow of the DSL gives: each value that its steps name is there, if only as null. */
function givenBy({ outputs = {} }: Workflow): Outputs {
  const whole = (schema: unknown) => {
    const properties = schemaProperties(schema);
    if (properties === undefined) return schema;
    return { ...(schema as JsonSchema), required: properties.map(({ name }) => name) };
  };
  return Object.fromEntries(Object.entries(outputs).map(([name, schema]) => [name, whole(schema)]));
}
