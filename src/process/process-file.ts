/**
 * A process as a file holds it: `processes/*.json`. A graph of nodes by stable id, whose typed ports edges connect. The
 * schema here is the format: what editors complete (`schema/process-1.json`), and what is wrong with a file by itself.
 */
import { z } from "zod";
import { actorMode } from "../model/workflow-execution.ts";
import { edges, nodes } from "./file-graph.ts";
import { fileOptions } from "./file-options.ts";
import { fileTrigger } from "./file-trigger.ts";
import {
  duration,
  errorName,
  expression,
  host,
  memberName,
  methods,
  portName,
  retry,
  slug,
  task,
  typeName,
} from "./format-parts.ts";

/** Which effects the process may have, and no others. */
const uses = z
  .strictObject({
    databases: z.record(z.string(), z.array(z.enum(["read", "write", "transaction"]))).optional(),
    queues: z.record(slug, z.array(z.enum(["publish", "consume"]))).optional(),
    services: z.record(memberName, z.array(memberName)).optional(),
    /** Methods by host; "*" is any other host. */
    http: z.record(host, z.array(methods)).optional(),
    tasks: z.array(task).optional(),
    workflows: z.array(slug).optional(),
    signals: z.array(slug).optional(),
  })
  .describe('an object of what the process may touch: {"databases": {"main": ["write"]}, "tasks": ["send-mail"]}');
export type ProcessUses = z.infer<typeof uses>;

export const processFile = z
  .strictObject({
    /** Of this format; by its address, or by the way to the file in the package. */
    $schema: z
      .string()
      .regex(/(^|\/)process-1\.json$/)
      .describe('the address of this format: "https://enginejs.dev/schema/process-1.json"')
      .optional(),
    kind: z.literal("process"),
    name: slug,
    version: z.int().positive(),
    type: z.enum(["calculation", "databaseWorkflow", "backgroundJob", "queueConsumer", "orchestratedWorkflow"]),
    execution: z.strictObject({
      model: z.enum(["sync", "async", "scheduled", "eventDriven"]),
      timeout: duration.optional(),
    }),
    description: z.string().max(2000).optional(),
    /** What starts it; by hand, by call and by other workflows where it is left out. */
    trigger: fileTrigger.optional(),
    /** Who may start it over the API: over `actor`, `flags` and `input`. */
    allow: expression.optional(),
    as: actorMode.optional(),
    retry: retry.optional(),
    options: fileOptions.optional(),
    /** Types by name, each a JSON Schema, draft 2020-12. */
    $defs: z.record(typeName, z.record(z.string(), z.json()).describe('a JSON Schema: {"type": "string"}')).optional(),
    input: typeName.optional(),
    outputs: z
      .record(portName, typeName)
      .describe('an object of outputs, each with the name of its type in $defs: {"placed": "Order"}')
      .optional(),
    errors: z
      .record(errorName, typeName)
      .describe('an object of errors, each with the name of its type in $defs: {"CardDeclined": "Problem"}')
      .optional(),
    uses: uses.optional(),
    nodes,
    edges,
  })
  .describe('a process: {"kind": "process", "name": "orders.place", "version": 1, …, "nodes": {…}, "edges": […]}');
export type ProcessFile = z.infer<typeof processFile>;

/** The format as JSON Schema, draft 2020-12: published as `schema/process-1.json`. */
export function processJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    $id: "https://enginejs.dev/schema/process-1.json",
    title: "A process of EngineJS",
    ...z.toJSONSchema(processFile, { target: "draft-2020-12", io: "input", reused: "ref" }),
  };
}
