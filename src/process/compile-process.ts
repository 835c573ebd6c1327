/** A process becomes a workflow of the IR like any other: what starts it, as whom it runs, what it gives, and its graph. */
import type { Workflow } from "../model/index.ts";
import type { JsonSchema } from "../model/schema-types.ts";
import { checkNames, checkOperations, isPureWork, refuseUnused } from "./check-process.ts";
import { compileGraph } from "./compile-graph.ts";
import { milliseconds } from "./duration.ts";
import { placedNodes } from "./graph-scope.ts";
import { retryOf } from "./node-context.ts";
import { KNOWN_NAMES, ProcessContext, type ProcessModel } from "./process-context.ts";
import type { ProcessFile } from "./process-file.ts";
import type { ProcessSource } from "./process-source.ts";
import { checkOptions, inputSchema, processActor, processTrigger } from "./process-trigger.ts";

const TYPES = {
  calculation: "calculation",
  databaseWorkflow: "database",
  backgroundJob: "background",
  queueConsumer: "queue-consumer",
  orchestratedWorkflow: "orchestrated",
} as const;
const EXECUTIONS = { sync: "sync", async: "async", scheduled: "scheduled", eventDriven: "event-driven" } as const;

/** The workflow of a process; undefined after a report. */
export function compileProcess(source: ProcessSource, file: ProcessFile, model: ProcessModel): Workflow | undefined {
  const context = new ProcessContext(source, file, model);
  checkNames(context);
  checkOperations(context);
  const trigger = processTrigger(context);
  const scope = { nodes: file.nodes, edges: file.edges, path: [] };
  const graph = compileGraph(context, scope, new Set([...idsOf(file), ...KNOWN_NAMES]));
  const isPure = Object.values(file.nodes).every(isPureWork);
  const as = processActor(context, trigger, isPure);
  checkOptions(context, trigger);
  const input = inputSchema(context) ?? messageOf(context);
  const schemas = (part: "outputs" | "errors") =>
    Object.fromEntries(
      Object.entries(file[part] ?? {}).map(([name, type]) => [name, context.types.schema(type, [part, name])]),
    ) as never;
  const outputs = schemas("outputs");
  const errors = schemas("errors");
  refuseUnused(context);
  context.effects.warn();
  if (source.failed) return undefined;
  const { timeout } = file.execution;
  const options = { ...file.options, ...(timeout === undefined ? {} : { timeoutMs: milliseconds(timeout) }) };
  return {
    name: file.name,
    version: file.version,
    ...(file.description === undefined ? {} : { description: file.description }),
    type: TYPES[file.type],
    execution: EXECUTIONS[file.execution.model],
    trigger,
    as,
    retry: queueRetry(context, trigger) ?? retryOf(file.retry ?? {}),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(input === undefined ? {} : { input: input as never }),
    ...(file.outputs === undefined ? {} : { outputs }),
    ...(file.errors === undefined ? {} : { errors }),
    nodes: graph.nodes,
    edges: graph.edges,
  };
}

/** A consumer that says nothing retries as its queue does. */
function queueRetry({ file, model }: ProcessContext, trigger: Workflow["trigger"]): Workflow["retry"] | undefined {
  if (trigger.kind !== "queue" || file.retry !== undefined) return undefined;
  return model.system.queues?.find(({ name }) => name === trigger.queue)?.retry;
}

/** What a consumer is given is a message. */
function messageOf({ file, types }: ProcessContext): JsonSchema | undefined {
  const [id, node] = Object.entries(file.nodes).find(([, { op }]) => op === "queue.consume") ?? [];
  const [[port, type] = []] = Object.entries(node?.op === "queue.consume" ? (node.out ?? {}) : {});
  if (id === undefined || port === undefined || type === undefined) return undefined;
  return types.schema(type, ["nodes", id, "out", port]);
}

const idsOf = ({ nodes }: ProcessFile): readonly string[] => [...placedNodes({ nodes, path: [] })].map(({ id }) => id);
