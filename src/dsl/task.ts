/**
 * Task files: the steps of workflows that touch the outside world.
 */
import type { z } from "zod";
import { declared } from "./declared.ts";
import type { Outcome } from "./outcome.ts";
import type { TaskName } from "./registry.ts";
import { captureSite, type Site } from "./site.ts";

export interface TaskDeclaration {
  readonly kind: "task";
  readonly site: Site | undefined;
  readonly input: z.ZodType | undefined;
  readonly output: z.ZodType | undefined;
  readonly run: (context: TaskContext<never>) => unknown;
  /** As the user gave it. */
  readonly definition: Readonly<Record<string, unknown>>;
}

/** Who caused the event that a run follows. */
export interface TaskActor {
  readonly kind: "anonymous" | "user" | "service" | "key" | "system" | "on-behalf";
  readonly id: string | null;
  readonly tenant: string | null;
}

/** The event that a run follows, as its outbox row says it; the keys of `before` and `after` are column names. */
export interface TaskEvent {
  readonly id: string;
  /** The entity: `Invoice`. */
  readonly model: string;
  /** `create`, `update`, `delete`, or the action's name. */
  readonly action: string;
  readonly recordId: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly input: Readonly<Record<string, unknown>> | null;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Runs one SQL statement with the rights of the run's actor, under row level security. Parameters are `$1`, `$2`, … */
export type Query = <R extends object = Record<string, unknown>>(
  sql: string,
  parameters?: readonly unknown[],
) => Promise<{ readonly rows: R[]; readonly rowCount: number | null }>;

type LogLine = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Structured logs; each line carries the run, the step and the tenant. */
export interface Log {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

/** What a task gets. */
export interface TaskContext<I> {
  /** Parsed by the task's schema. */
  readonly input: I;
  readonly event: TaskEvent;
  readonly actor: TaskActor;
  /** The same for every attempt of this step of this run: hand it on to whatever should happen once. */
  readonly idempotencyKey: string;
  readonly query: Query;
  /** Aborted when the run is cancelled, its lease is lost, or the worker stops. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** A task, as its file exports it. */
export interface Task<I = unknown, O = unknown> {
  readonly input?: z.ZodType<I>;
  readonly output?: z.ZodType<O>;
  readonly run: (context: TaskContext<I>) => O | Outcome | Promise<O | Outcome>;
}

/**
 * Defines a task; exported as default from `tasks/<name>.ts`, whose file name is the task's name.
 * A task of a folder has it in its name: `tasks/payments/create-charge.ts` is `payments/create-charge`.
 * An error that it throws has the step tried again; an input that does not fit its schema does not.
 *
 * @example
 * export default defineTask({
 *   input: z.object({ to: z.email() }),
 *   output: z.object({ messageId: z.string() }),
 *   async run({ input, idempotencyKey }) {
 *     return { messageId: await send(input.to, idempotencyKey) };
 *   },
 * });
 */
export function defineTask<I extends z.ZodType = z.ZodUnknown, O extends z.ZodType = z.ZodUnknown>(definition: {
  readonly input?: I;
  readonly output?: O;
  readonly run: (context: TaskContext<z.output<I>>) => z.input<O> | Outcome | Promise<z.input<O> | Outcome>;
}): Task<z.output<I>, z.output<O>> {
  const declaration: TaskDeclaration = {
    kind: "task",
    site: captureSite(),
    input: definition.input,
    output: definition.output,
    run: definition.run as TaskDeclaration["run"],
    definition: { ...definition },
  };
  return declared(declaration, { ...definition }) as unknown as Task<z.output<I>, z.output<O>>;
}

export interface TaskReferenceDeclaration {
  readonly kind: "task-reference";
  readonly site: Site | undefined;
  readonly name: string;
}

declare const effect: unique symbol;

/** What an action's `.effect()` takes: a task or a workflow, by reference. */
export interface Effect {
  readonly [effect]?: true;
  readonly name: string;
}

/** Refers to a task file by its name: `.effect(task("send-invoice"))` for `tasks/send-invoice.ts`. */
export function task(name: TaskName): Effect {
  return declared<TaskReferenceDeclaration, Effect>({ kind: "task-reference", site: captureSite(), name }, { name });
}
