/** What a task says, in errors and in logs, is kept and read by many: the secrets of its settings are not part of it. */
import { hasSecrets, withoutSecrets } from "../dsl/setting.ts";
import type { Log } from "../dsl/task.ts";

/** How deep the fields of a line of the log are looked through, and the causes of an error. */
const DEPTH = 6;

/** The same error, with other words where it held a secret; another one of the same name where its words cannot be changed. */
export function errorWithoutSecrets(error: unknown, depth = DEPTH): unknown {
  if (typeof error === "string") return withoutSecrets(error);
  if (!(error instanceof Error) || depth === 0 || !hasSecrets()) return error;
  const { message, stack } = error;
  if (error.cause !== undefined) trySet(error, "cause", errorWithoutSecrets(error.cause, depth - 1));
  if (error instanceof AggregateError) error.errors = error.errors.map((each) => errorWithoutSecrets(each, depth - 1));
  if (stack !== undefined) trySet(error, "stack", withoutSecrets(stack));
  const clean = withoutSecrets(message);
  if (clean === message || trySet(error, "message", clean)) return error;
  const other = new Error(clean);
  other.name = error.name;
  return other;
}

function trySet<K extends "message" | "stack" | "cause">(error: Error, key: K, value: Error[K]): boolean {
  return error[key] === value || Reflect.set(error, key, value);
}

/** A log to which no secret comes. */
export function logWithoutSecrets(log: Log): Log {
  const line =
    (level: keyof Log): Log["info"] =>
    (message, fields) => {
      if (!hasSecrets()) log[level](message, fields);
      else log[level](hidden(message, DEPTH) as string, hidden(fields, DEPTH) as typeof fields);
    };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

function hidden(value: unknown, depth: number): unknown {
  if (typeof value === "string") return withoutSecrets(value);
  if (value instanceof Error) return errorWithoutSecrets(value);
  if (typeof value !== "object" || value === null || depth === 0) return value;
  if (Array.isArray(value)) return value.map((item) => hidden(item, depth - 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  // What is no plain object is left to the log: a date, a buffer.
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [withoutSecrets(key), hidden(item, depth - 1)]));
}
