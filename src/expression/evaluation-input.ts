/** What an expression is evaluated over, and how it is read. */
import { EngineError } from "../errors/engine-error.ts";
import type { EvaluatedRow } from "./values.ts";

export interface EvaluationInput {
  /** The environment's variables by name; records nest. Rows are objects by field name. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** What `now()` gives: µs since 1970, or a Date. */
  readonly now?: bigint | Date;
}

/** The own property of an object; undefined where there is none. */
export const property = (object: unknown, name: string): unknown =>
  typeof object === "object" && object !== null && Object.hasOwn(object, name)
    ? (object as Readonly<Record<string, unknown>>)[name]
    : undefined;

/** A variable of the environment, or a member of one. */
export function lookUp(variables: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  let at: unknown = variables;
  path.forEach((name, index) => {
    if (at === null) return;
    if (typeof at !== "object" || !Object.hasOwn(at as object, name)) {
      missing(`"${path.slice(0, index + 1).join(".")}" is not given.`);
    }
    at = property(at, name);
  });
  return at;
}

export function asRow(given: unknown, label: string): EvaluatedRow | null {
  if (given === null || given === undefined) return null;
  return typeof given === "object" ? (given as EvaluatedRow) : missing(`"${label}" is not a row.`);
}

export function missing(message: string): never {
  throw new EngineError([{ code: "EJS2031", severity: "error", message: `Cannot evaluate: ${message}` }]);
}
