import type { Log } from "../dsl/task.ts";

/** A log whose every line carries these fields, such as the run and its workflow. */
export function logWithFields(log: Log, fields: Readonly<Record<string, unknown>>): Log {
  const line =
    (level: keyof Log): Log["info"] =>
    (message, more) =>
      log[level](message, { ...fields, ...more });
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}
