/** What a task says, in errors and in logs, is kept and read by many: the secrets of its settings are not part of it. */
import { hasSecrets, withoutSecrets } from "../dsl/setting.ts";
import type { Log } from "../dsl/task.ts";
import { isExactNumber } from "./exact-json.ts";

/** How deep an error's causes are looked through. */
const DEPTH = 6;

/** So many values of a line's fields are looked through, at most so deep; what is beyond is not told. */
const MOST_VALUES = 10_000;
const MOST_DEPTH = 12;
const NOT_TOLD = "[…]";

/**
 * The same error, with other words where it held a secret; another one of the same name where its words cannot be changed. What is
 * thrown and is no error is copied.
 */
export function errorWithoutSecrets(error: unknown, depth = DEPTH): unknown {
  if (!hasSecrets()) return error;
  if (!(error instanceof Error)) return new Cleaning().value(error, MOST_DEPTH);
  if (depth === 0) return error;
  const { message, stack, name } = error;
  if (error.cause !== undefined) trySet(error, "cause", errorWithoutSecrets(error.cause, depth - 1));
  if (error instanceof AggregateError) error.errors = error.errors.map((each) => errorWithoutSecrets(each, depth - 1));
  if (stack !== undefined) trySet(error, "stack", withoutSecrets(stack));
  if (typeof name === "string") trySet(error, "name", withoutSecrets(name));
  const clean = withoutSecrets(String(message));
  if (clean === message || trySet(error, "message", clean)) return error;
  const other = new Error(clean);
  other.name = error.name;
  return other;
}

function trySet<K extends "message" | "stack" | "cause" | "name">(error: Error, key: K, value: Error[K]): boolean {
  return error[key] === value || (Reflect.set(error, key, value) && error[key] === value);
}

/** A log to which no secret comes. */
export function logWithoutSecrets(log: Log): Log {
  const line =
    (level: keyof Log): Log["info"] =>
    (message, fields) => {
      if (!hasSecrets()) log[level](message, fields);
      else {
        const cleaning = new Cleaning();
        log[level](cleaning.value(message, MOST_DEPTH) as string, cleaning.value(fields, MOST_DEPTH) as typeof fields);
      }
    };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/**
 * A copy of the fields of one line, as a log would write them: what has a `toJSON` is what that gives, of an instance of a class there are its
 * own enumerable properties. The task's own objects stay as they are: a client asks again with the headers that stand in its error.
 */
class Cleaning {
  private left = MOST_VALUES;
  /** What the value lies in. */
  private readonly around: object[] = [];

  value(value: unknown, depth: number): unknown {
    if (typeof value === "string") return withoutSecrets(value);
    if (typeof value !== "object" || value === null || isExactNumber(value)) return value;
    if (this.around.includes(value)) return "[Circular]";
    this.left -= 1;
    if (depth === 0 || this.left < 0) return NOT_TOLD;
    this.around.push(value);
    try {
      return this.object(value, depth - 1);
    } catch {
      // A property that throws where it is read; a proxy.
      return NOT_TOLD;
    } finally {
      this.around.pop();
    }
  }

  private object(value: object, depth: number): unknown {
    if (value instanceof Error) return this.error(value, depth);
    if (value instanceof Date) return value;
    if (ArrayBuffer.isView(value)) return this.bytes(value);
    if (Array.isArray(value)) return value.map((item) => this.value(item, depth));
    if (value instanceof Map) return new Map([...value].map((entry) => this.value(entry, depth) as [unknown, unknown]));
    if (value instanceof Set) return new Set([...value].map((item) => this.value(item, depth)));
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (typeof toJSON === "function") return this.value(toJSON.call(value, ""), depth);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [withoutSecrets(key), this.value(item, depth)]),
    );
  }

  /** What logs show of an error: its words, and what clients hang on it, such as the request. */
  private error(error: Error, depth: number): Error {
    const words = { name: error.name, message: error.message, stack: error.stack, constructor: error.constructor };
    const copy = Object.create(Error.prototype) as Error;
    for (const [key, value] of Object.entries({ ...words, cause: error.cause })) {
      if (value === undefined) continue;
      const clean = key === "constructor" ? value : this.value(value, depth);
      Object.defineProperty(copy, key, { value: clean, writable: true, configurable: true });
    }
    if (error instanceof AggregateError) Object.assign(copy, { errors: this.value(error.errors, depth) });
    for (const [key, value] of Object.entries(error)) {
      if (!(key in words)) Object.assign(copy, { [withoutSecrets(key)]: this.value(value, depth) });
    }
    return copy;
  }

  /** Bytes are no text, and may be one all the same. */
  private bytes(value: ArrayBufferView): unknown {
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("utf8");
    return withoutSecrets(text) === text ? value : NOT_TOLD;
  }
}
