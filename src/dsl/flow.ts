/**
 * The steps of a workflow: a chain, so that a later step sees the results of earlier ones, typed.
 */
import type { Callback } from "./declared.ts";
import type { CallbackAt } from "./field.ts";
import type { Entities, EntityName, Generated, TaskName, Tasks } from "./registry.ts";
import type { ManyOf, Shape } from "./shape.ts";
import { captureSite, type Site } from "./site.ts";
import type { Actor, Expression, FamilyOf, FieldsOf, Operand, RecordOf, Row, StoredRow } from "./symbols.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export type StepDeclaration = { readonly id: string; readonly site: Site | undefined } & (
  | { readonly kind: "create"; readonly entity: string; readonly values: CallbackAt | undefined }
  | { readonly kind: "task"; readonly task: string; readonly values: CallbackAt | undefined }
  | {
      readonly kind: "log";
      readonly level: LogLevel;
      readonly message: string;
      readonly values: CallbackAt | undefined;
    }
);

/** What a step's callback gets: the event, the row as it is now, and the results of earlier steps by their id. */
export type StepScope<N, I, S> = {
  readonly event: {
    /** The stored columns as they were; null when the event made the row. */
    readonly before: StoredRow<N>;
    /** The stored columns as the event left them; null when it deleted the row. */
    readonly after: StoredRow<N>;
    /** What the action was called with. */
    readonly input: RecordOf<I>;
  };
  /** The row as it is when the step runs, as the run's actor sees it. */
  readonly record: Row<N>;
  readonly actor: Actor;
} & S;

// biome-ignore lint/suspicious/noExplicitAny: before the declaration file exists nothing is known of a field
type Unknown = any;

/** The values of a new row. */
type Values<E> = Generated extends false
  ? Unknown
  : FieldsOf<E> extends infer F
    ? { readonly [P in keyof F as F[P] extends ManyOf<string> ? never : P]?: Operand<FamilyOf<F[P]>> | null }
    : never;

/** As JSON, many families become a string. */
type JsonOperand<F> =
  FamilyOf<F> extends "string"
    ? Operand<"string"> | Expression<"uuid" | "enum" | "date" | "timestamp" | "decimal">
    : FamilyOf<F> extends "json"
      ? Expression | string | number | boolean | null
      : Operand<FamilyOf<F>>;

type InputOf<T> = Generated extends false
  ? Unknown
  : T extends keyof Tasks
    ? Tasks[T] extends { input: infer X }
      ? { readonly [P in keyof X]: JsonOperand<NonNullable<X[P]>> }
      : Unknown
    : never;

type OutputOf<T> = Generated extends false
  ? Unknown
  : T extends keyof Tasks
    ? Tasks[T] extends { output: infer O extends { [P in keyof O]: Shape } }
      ? RecordOf<O>
      : Unknown
    : never;

/** Steps that follow an event of entity `N` with input `I`; `S` are the results so far. */
export interface Flow<N, I, S> {
  /**
   * Makes a row with the rights of the run's actor. The step and the record of it are one transaction: exactly once.
   *
   * @example flow.create("receipt", "Receipt", ({ record }) => ({ invoice: record.id, amount: record.subtotal }))
   */
  create<const K extends string, const E extends EntityName & (Generated extends true ? keyof Entities : string)>(
    id: K,
    entity: E,
    values: (symbols: StepScope<N, I, S>) => Values<E>,
  ): Flow<N, I, S & { readonly [P in K]: Row<E> }>;
  /**
   * Calls a task file; its result is what the task returns. At least once, with a stable idempotency key.
   *
   * @example flow.task("mail", "send-receipt", ({ record }) => ({ to: record.customer.email }))
   */
  task<const K extends string, const T extends TaskName>(
    id: K,
    task: T,
    input?: (symbols: StepScope<N, I, S>) => InputOf<T>,
  ): Flow<N, I, S & { readonly [P in K]: OutputOf<T> }>;
  /** Writes a line to the worker's log. */
  log(
    id: string,
    message: string,
    values?: (
      symbols: StepScope<N, I, S>,
    ) => Readonly<Record<string, Expression | Row<never> | string | number | boolean>>,
    options?: { readonly level?: LogLevel },
  ): Flow<N, I, S>;
}

/** The chain that runs a workflow's `steps` and keeps what they declare. */
export class FlowRecorder {
  readonly steps: readonly StepDeclaration[];

  constructor(steps: readonly StepDeclaration[] = []) {
    this.steps = steps;
  }

  create(id: string, entity: string, values?: Callback): FlowRecorder {
    const site = captureSite();
    return this.#with({ id, site, kind: "create", entity, values: callbackAt(values, site) });
  }

  task(id: string, task: string, values?: Callback): FlowRecorder {
    const site = captureSite();
    return this.#with({ id, site, kind: "task", task, values: callbackAt(values, site) });
  }

  log(id: string, message: string, values?: Callback, options?: { readonly level?: LogLevel }): FlowRecorder {
    const site = captureSite();
    const level = options?.level ?? "info";
    return this.#with({ id, site, kind: "log", level, message, values: callbackAt(values, site) });
  }

  #with(step: StepDeclaration): FlowRecorder {
    return new FlowRecorder([...this.steps, step]);
  }
}

function callbackAt(callback: Callback | undefined, site: Site | undefined): CallbackAt | undefined {
  return callback === undefined ? undefined : { callback, site };
}
