import type {} from "postgraphile";
import { type PgClient, sideEffectWithPgClient } from "postgraphile/@dataplan/pg";
import type { FieldArgs, Step } from "postgraphile/grafast";
import { parse } from "postgraphile/graphql";
import { extendSchema } from "postgraphile/utils";
import { callName, isCallable, isProcessFunction, processFunctionName } from "../../../dsl-to-sql/index.ts";
import type { System, Workflow } from "../../../model/index.ts";
import { printName } from "../../../sql-ast/print-expression.ts";
import { type Called, callFunction, callRun, startRun } from "../../workflows/call-run.ts";
import type { RunEnds } from "../../workflows/run-ends.ts";
import { coreOne, executorOf } from "../core-call.ts";
import { SchemaTypes } from "../schema-types.ts";

export interface CallOptions {
  /** Where the ends of runs are heard; without it nobody waits for any, as in a dry run, whose starts are rolled back. */
  readonly ends: RunEnds | undefined;
  /** How long a synchronous run is waited for at most, in milliseconds. */
  readonly patience: number;
}

const result = `select (r - 'run' || jsonb_build_object('runId', r -> 'run'))::text as answer
  from enginejs.workflow_result($1) r`;

/**
 * A mutation for every workflow and process that somebody may start over the API, typed by its schemas, and `workflowResult`.
 * Who may, and with which input, is asked in the database (enginejs.require_call).
 */
export const CallWorkflowsPlugin = (system: System, options: CallOptions): GraphileConfig.Plugin => {
  const workflows = system.workflows.filter(isCallable);
  const text = [common, ...workflows.flatMap(declarations)].join("\n");
  return extendSchema((build) => {
    const executor = executorOf(build);
    const plans = workflows.map((workflow) => {
      const call = caller(system, workflow, options);
      const plan = (_$root: Step, args: FieldArgs) =>
        sideEffectWithPgClient(executor, [args.getRaw("input")] as [Step], (client, [input]) => call(client, input));
      return [callName(workflow), plan] as const;
    });
    return {
      typeDefs: parse(text),
      objects: {
        Query: { plans: { workflowResult: (_$root, args) => coreOne(executor, result, [args.getRaw("run")]) } },
        // A type that nothing is declared of cannot be detailed.
        ...(plans.length === 0 ? {} : { Mutation: { plans: Object.fromEntries(plans) } }),
      },
    };
  }, "CallWorkflowsPlugin");
};

const common = `
  extend type Query {
    "What became of a run that you have started."
    workflowResult(run: UUID!): WorkflowResult
  }
  "What became of a run."
  type WorkflowResult {
    runId: UUID!
    workflow: String!
    status: WorkflowResultStatus!
    "The name of the output that it came to; null before its end."
    output: String
    value: JSON
    "{code, message, values}: why it failed."
    error: JSON
  }
  enum WorkflowResultStatus {
    ${["pending", "processing", "waiting", "paused", "compensating", "done", "failed", "cancelled"].join("\n    ")}
  }
`;

/** The members of a payload that every synchronous call has. */
const MEMBERS = ["runId", "output"];

function declarations(workflow: Workflow): string[] {
  const field = callName(workflow);
  const Name = field.charAt(0).toUpperCase() + field.slice(1);
  const inputs = new SchemaTypes("input");
  const input = workflow.input === undefined ? "JSON" : inputs.typeOf(workflow.input, `${Name}Input`);
  const description = JSON.stringify(workflow.description ?? `Starts ${workflow.name}.`);
  const mutation = `extend type Mutation {\n  ${description} ${field}(input: ${input}): ${Name}Payload\n}`;
  if (workflow.execution !== "sync") {
    const payload = `type ${Name}Payload {\n  "Ask for it by workflowResult."\n  runId: UUID!\n}`;
    return [mutation, payload, ...inputs.declarations];
  }
  const outputs = new SchemaTypes("type");
  const given = Object.entries(workflow.outputs ?? {}).map(([name, schema]) => {
    const type = outputs.typeOf(schema, `${Name}_${name}`).replace(/!$/, "");
    return `  ${fieldOf(name)}: ${type}`;
  });
  const payload = [
    `type ${Name}Payload {`,
    '  "The run that was started; null where PostgreSQL has done it by itself."\n  runId: UUID',
    '  "The name of the output; null where the run was not done in time and goes on."\n  output: String',
    ...given,
    "}",
  ].join("\n");
  return [mutation, payload, ...inputs.declarations, ...outputs.declarations];
}

/** An output that is called like one of the payload's own members. */
const fieldOf = (output: string): string => (MEMBERS.includes(output) ? `${output}_value` : output);

function caller(
  system: System,
  workflow: Workflow,
  { ends, patience }: CallOptions,
): (client: PgClient, input: unknown) => Promise<unknown> {
  const { name, execution, options } = workflow;
  if (isProcessFunction(workflow)) {
    const call = printName({ schema: system.schema, name: processFunctionName(workflow) });
    return async (client, input) => payload(await callFunction(client, call, input));
  }
  if (execution !== "sync" || ends === undefined) {
    return async (client, input) => ({ runId: await startRun(client, name, input) });
  }
  const milliseconds = Math.min(options?.timeoutMs ?? patience, patience);
  return async (client, input) => payload(await callRun(client, ends, { workflow: name, input, milliseconds }));
}

const payload = ({ runId, output, value }: Called) => ({
  runId,
  output,
  ...(output === null ? {} : { [fieldOf(output)]: value }),
});
