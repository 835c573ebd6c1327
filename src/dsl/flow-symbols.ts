/** The types of what the callbacks of steps get and give. */
import type { FlagSymbols, RequestContext } from "./condition-scope.ts";
import type { Flow } from "./flow.ts";
import type { JsonList, JsonSymbols } from "./json-symbols.ts";
import type { Entities, EntityName, Generated, Tasks, Workflows } from "./registry.ts";
import type { Actor, FieldsOf, RecordOf, Row, StoredRow } from "./row-symbols.ts";
import type { ManyOf, Shape } from "./shape.ts";
import type { GivenInput } from "./trigger.ts";
import type { UnknownSymbol } from "./unknown-symbol.ts";
import type { Expression, Family, FamilyOf, Numeric, Operand } from "./value-symbols.ts";

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
  /** What a run is given that no record starts: `on: manual(z.object({ … }))`. */
  readonly input: I extends GivenInput<infer T> ? JsonSymbols<T> : never;
  readonly actor: Actor;
  /** No request has caused a step: there is the time of its transaction only. */
  readonly request: Pick<RequestContext, "time">;
  readonly flags: FlagSymbols;
} & S;

// biome-ignore lint/suspicious/noExplicitAny: before the declaration file exists nothing is known of a field
type Unknown = any;

declare const element: unique symbol;
/** The rows that a list step has read. */
export interface ListedRows<E> extends Expression<"json"> {
  readonly [element]?: Row<E>;
}

/** What an item of a list is in a loop's body. */
export type ItemOf<L> =
  L extends ListedRows<infer E>
    ? unknown extends E
      ? UnknownSymbol
      : Row<E>
    : L extends JsonList<infer T>
      ? JsonSymbols<T>
      : UnknownSymbol;

/** The values of a new row, or new values of one. */
export type Values<E> = Generated extends false
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

export type InputOf<T> = Generated extends false
  ? Unknown
  : T extends keyof Tasks
    ? Tasks[T] extends { input: infer X }
      ? { readonly [P in keyof X]: JsonOperand<NonNullable<X[P]>> }
      : Unknown
    : never;

/** What a step gives as a message, by what the queue's messages are. */
export type MessageValues<T> = unknown extends T
  ? AnyValues
  : { readonly [P in keyof T]: MessageValue<NonNullable<T[P]>> | (null extends T[P] ? null : never) };

type MessageValue<V> = V extends string
  ? Operand<"string"> | Expression<"uuid" | "enum" | "date" | "timestamp" | "decimal">
  : V extends number
    ? Operand<"int"> | Expression<"decimal">
    : V extends boolean
      ? Operand<"bool">
      : V extends Date
        ? Expression<"timestamp" | "date"> | string
        : Expression;

export type OutputOf<T> = Generated extends false
  ? Unknown
  : T extends keyof Tasks
    ? Tasks[T] extends { output: infer O extends { [P in keyof O]: Shape } }
      ? RecordOf<O>
      : Unknown
    : never;

/** What a workflow is started with. */
export type StartedInput<W> = W extends keyof Workflows
  ? Workflows[W] extends { input: infer X }
    ? { readonly [P in keyof X]: JsonOperand<NonNullable<X[P]>> }
    : AnyValues
  : AnyValues;

/** What a workflow gives whoever waits for its end. */
export type StartedOutput<W> = W extends keyof Workflows
  ? Workflows[W] extends { output: infer O extends { [P in keyof O]: Shape } }
    ? RecordOf<O>
    : UnknownSymbol
  : UnknownSymbol;

/** Whatever becomes JSON: symbols and constants by name. */
export type AnyValues = Readonly<Record<string, Expression | Row<never> | string | number | boolean | null>>;
/** The symbols that stand for computed values. */
export type Computed<V> = {
  readonly [P in keyof V]: V[P] extends Expression<Family> ? V[P] : JsonSymbols<V[P]>;
};
/** What an id may be written as. */
export type Id = Expression<"uuid"> | string;

export type KnownEntity = EntityName & (Generated extends true ? keyof Entities : string);
export type As<K extends string, R> = { readonly [P in K]: R };
export type Counted = { readonly count: Numeric<"int"> };
/** The results of all arms. */
export type ResultsOf<A> = {
  [P in keyof A]: A[P] extends (flow: never) => Flow<infer _N, infer _I, infer S> ? (results: S) => void : never;
}[keyof A] extends (results: infer R) => void
  ? R
  : unknown;
