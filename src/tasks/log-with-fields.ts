import type { Log } from "../dsl/task.ts";

/** A log whose every line carries these fields, such as the run and its workflow: a task that says otherwise does not change them. */
export function logWithFields(log: Log, fields: Readonly<Record<string, unknown>>): Log {
  const line =
    (level: keyof Log): Log["info"] =>
    (message, more) =>
      log[level](message, { ...more, ...fields });
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}
