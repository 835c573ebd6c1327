/**
 * What a field holds, as a type: the vocabulary of the generated declaration file
 * and of `Has<…>` in reusable rules.
 */
import type { z } from "zod";
import type { scalarType } from "../model/index.ts";

/** The scalar types by the name that declares them: `text`, `money`, … */
export type ScalarName = z.infer<typeof scalarType>["scalar"];

/** A value: `Scalar<"money">`. */
export interface Scalar<T extends ScalarName> {
  readonly kind: "scalar";
  readonly type: T;
}
/** One of the states by name: `State<"draft" | "sent">`. */
export interface State<S extends string> {
  readonly kind: "state";
  readonly states: S;
}
/** A reference to one row: `One<"User">`. */
export interface One<N extends string> {
  readonly kind: "one";
  readonly to: N;
}
/** The rows of another entity that refer to this one: `ManyOf<"InvoiceLine">`. */
export interface ManyOf<N extends string> {
  readonly kind: "many";
  readonly to: N;
}
/** Several values: `ListOf<"uuid">`, a claim of the actor's. */
export interface ListOf<T extends ScalarName> {
  readonly kind: "list";
  readonly of: T;
}
/** A list or an object in JSON, as TypeScript has it: `JsonOf<{ city: string }>`. */
export interface JsonOf<T> {
  readonly kind: "json";
  readonly of: T;
}
export type Shape =
  | Scalar<ScalarName>
  | State<string>
  | One<string>
  | ManyOf<string>
  | ListOf<ScalarName>
  | JsonOf<unknown>;
/** Fields by name. */
export type Shapes = Readonly<Record<string, Shape>>;
