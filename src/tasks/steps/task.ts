import type { z } from "zod";
import { isOutcome } from "../../dsl/outcome.ts";
import type { Log, Query, Task, TaskContext } from "../../dsl/task.ts";
import { nearest } from "../../errors/nearest.ts";
import { workflowError } from "../../errors/workflow-error.ts";
import type { NodeOf } from "../../model/index.ts";
import { actInRun } from "../act-in-run.ts";
import { evaluate } from "../database-step.ts";
import { exactNumbersAsText } from "../exact-json.ts";
import { failpoint } from "../failpoint.ts";
import { errorWithoutSecrets, logWithoutSecrets } from "../hide-secrets.ts";
import { idempotencyKey } from "../idempotency-key.ts";
import { logWithFields } from "../log-with-fields.ts";
import { pluginDifference } from "../plugin-versions.ts";
import type { Run, Step, StepContext } from "../run.ts";
import { signalOfTask, withStrayErrors } from "../stray-errors.ts";
import { taskOutcome } from "../task-outcome.ts";

/** A plain graphile-worker task file: `export default async (payload, helpers) => …`. */
type PlainTask = (payload: unknown, helpers: unknown) => unknown;

/**
 * Calls a task file, or a plugin's step. What it does outside happens at least once; its idempotency key is the same for every attempt.
 *
 * @throws EJS6002 where there is no such file here, EJS6003 and EJS6004 where a schema is not satisfied, EJS6021 where that may lie in the plugin's version, EJS6019 for a way out that the step has not
 */
export async function taskStep(context: StepContext, step: Step, node: NodeOf<"task">): Promise<unknown> {
  const { run, path } = step;
  const what = `Workflow ${run.definition.workflow.name}, step ${path}`;
  const task = findTask(context, run, node.task, what);
  failpoint("task:before-input");
  const values = isEmpty(node.input)
    ? {}
    : ((await evaluate(context, step, { id: node.id, kind: "values", values: node.input })) ?? {});
  failpoint("task:after-input");
  let stepLog: Log | undefined;
  // Made where it is asked for: most steps say nothing.
  const log = () => {
    stepLog ??= logWithoutSecrets(logWithFields(run.log, { step: path }));
    return stepLog;
  };
  if (typeof task === "function") {
    const output = await withCleanErrors(log, () => task(exactNumbersAsText(values), plainHelpers(run, log())));
    failpoint("task:after-call");
    return given(node, output, what) ?? null;
  }
  const misfit = (side: "input" | "output") => {
    const of = `${what}: the ${side} does not fit the task "${node.task}"`;
    const skew = pluginDifference(run.build.system, context.tasks, node.task);
    // Schemas of two versions are no mistake of the step's: a worker of the build's version may take it.
    return skew === undefined
      ? ({ message: of, code: side === "input" ? "EJS6003" : "EJS6004" } as const)
      : ({ message: `${of}: ${skew.words}`, code: "EJS6021" } as const);
  };
  const input = await parsed(task.input, exactNumbersAsText(values), () => misfit("input"), values);
  let stepSignal: AbortSignal | undefined;
  const call: TaskContext<unknown> = {
    input,
    event: exactNumbersAsText(run.event),
    actor: run.actor ?? { kind: "system", id: null, tenant: run.as.tenant ?? null },
    idempotencyKey: await keyOf(context, step, node),
    query: queryOf(context, run),
    // As the log: most steps do not ask for it.
    get signal() {
      stepSignal ??= signalOfTask(run.signal);
      return stepSignal;
    },
    get log() {
      return log();
    },
  };
  const output = await withCleanErrors(log, () => task.run(call));
  failpoint("task:after-call");
  if (isOutcome(output)) return given(node, output, what);
  const result = await parsed(task.output, output, () => misfit("output"));
  return given(node, result, what) ?? null;
}

/** What a task throws goes into the database, the log and the traces. */
async function withCleanErrors<T>(log: () => Log, call: () => T | Promise<T>): Promise<T> {
  try {
    return await withStrayErrors(log, call);
  } catch (error) {
    throw errorWithoutSecrets(error);
  }
}

/** What later steps see of what the task has returned. */
function given({ ports, task }: NodeOf<"task">, returned: unknown, what: string): unknown {
  if (ports !== undefined) return taskOutcome(ports, returned, what);
  if (!isOutcome(returned)) return returned;
  throw workflowError(
    "EJS6019",
    `${what}: the task "${task}" returned the outcome "${returned.port}", and the step has one way on.`,
  );
}

/** The step's own, or what the definition says in its place. */
async function keyOf(context: StepContext, step: Step, node: NodeOf<"task">): Promise<string> {
  if (node.idempotencyKey === undefined) return idempotencyKey(step);
  const value = { id: `${node.id}#key`, kind: "value", value: node.idempotencyKey } as const;
  const key = exactNumbersAsText(await evaluate(context, step, value));
  if (typeof key === "string" || typeof key === "number") return String(key);
  const { workflow } = step.run.definition;
  throw workflowError("EJS6013", `Workflow ${workflow.name}, step ${step.path}: its idempotency key is null.`);
}

/** Nothing to ask the database for. */
const isEmpty = (input: NodeOf<"task">["input"]): boolean => Object.keys(input).length === 0;

function findTask(context: StepContext, run: Run, name: string, what: string): Task | PlainTask {
  const found = context.tasks.get(name);
  const task = typeof found === "object" && found !== null && "default" in found ? found.default : found;
  if (typeof task === "function") return task as PlainTask;
  if (typeof task === "object" && task !== null && typeof (task as Task).run === "function") return task as Task;
  const skew = pluginDifference(run.build.system, context.tasks, name);
  if (skew !== undefined) {
    throw workflowError("EJS6021", `${what}: this worker has no task "${name}": ${skew.words}.`);
  }
  const near = nearest(name, context.tasks.keys());
  const meant = near === undefined ? "" : ` Did you mean "${near}"?`;
  const removed = run.build.system.tasks.some((known) => known.name === name)
    ? ""
    : " The newest build has none either: it was removed, or is not built yet.";
  throw workflowError("EJS6002", `${what}: this worker has no task "${name}".${meant}${removed}`);
}

async function parsed(
  schema: z.ZodType | undefined,
  value: unknown,
  misfit: () => { readonly message: string; readonly code: "EJS6003" | "EJS6004" | "EJS6021" },
  exact = value,
): Promise<unknown> {
  if (schema === undefined) return value;
  // A refinement may ask somebody, and then it is a promise.
  let result = await schema.safeParseAsync(value);
  // Where it asks for a number it gets what JavaScript has of it; z.int() refuses what that cannot hold.
  if (!result.success && exact !== value) {
    const paths = result.error.issues.map(({ path }) => path);
    result = await schema.safeParseAsync(exactNumbersAsText(exact, paths));
  }
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join(".") || "value"}: ${message}`);
  const { message, code } = misfit();
  throw workflowError(code, `${message}: ${issues.join("; ")}.`, { cause: result.error });
}

/** Each query is a transaction of its own: a task may take long, and must not hold a connection meanwhile. */
function queryOf(context: StepContext, run: Run): Query {
  return async <R extends object>(sql: string, parameters: readonly unknown[] = []) => {
    const { rows, rowCount } = await actInRun(context.pool, run, (client) => client.query<R>(sql, [...parameters]));
    return { rows: exactNumbersAsText(rows), rowCount };
  };
}

/** What such files commonly use of graphile-worker's helpers. */
function plainHelpers(run: Run, log: Run["log"]): object {
  return {
    logger: log,
    abortSignal: signalOfTask(run.signal),
    job: { id: run.id, attempts: 1, task_identifier: "enginejs:run" },
  };
}
