import type { Logger } from "pino";
import type { Log } from "../dsl/task.ts";

/** The log as the project's own code gets it: message first, fields after it. */
export function messageLog(logger: Logger): Log {
  const line =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      logger[level](fields, message);
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}
