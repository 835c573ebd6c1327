/** The process's log: pino's JSON lines, or for a person at a terminal one readable line each. */
import { styleText } from "node:util";
import { type DestinationStream, type Logger, pino } from "pino";
import { printable, printableLines } from "./render-diagnostics.ts";

const levels: Readonly<Record<number, { name: string; style: Parameters<typeof styleText>[0] }>> = {
  10: { name: "trace", style: "gray" },
  20: { name: "debug", style: "gray" },
  30: { name: "info", style: "green" },
  40: { name: "warn", style: "yellow" },
  50: { name: "error", style: "red" },
  60: { name: "fatal", style: "red" },
};

/** Written to stderr: stdout belongs to a command's result. LOG_LEVEL says how much; `info` unless set. */
export function createLogger(options: { readonly level?: string } = {}): Logger {
  const level = process.env.LOG_LEVEL || options.level || "info";
  const settings = { level: level in pino.levels.values || level === "silent" ? level : "info", base: null };
  return process.stderr.isTTY ? pino(settings, readable()) : pino(settings, pino.destination({ dest: 2, sync: true }));
}

function readable(): DestinationStream {
  const color = !process.env.NO_COLOR && process.env.TERM !== "dumb";
  return {
    write(line: string) {
      process.stderr.write(`${readableLine(line, color)}\n`);
    },
  };
}

/**
 * What a row or a server has said moves no cursor and changes no colour.
 *
 * @example `12:04:31 info  request  POST /graphql 200 in 12 ms`
 */
export function readableLine(line: string, color: boolean): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as {
    level: number;
    time: number;
    msg?: string;
    err?: { stack?: string; message?: string };
  } & Record<string, unknown>;
  const { name, style } = levels[level] ?? { name: String(level), style: "gray" as const };
  const paint = (what: typeof style, text: string) => (color ? styleText(what, text, { validateStream: false }) : text);
  const fields = Object.entries(rest).map(([key, value]) =>
    printable(`${key}=${typeof value === "string" ? value : JSON.stringify(value)}`),
  );
  const parts = [
    paint("gray", new Date(time).toTimeString().slice(0, 8)),
    paint(style, name.padEnd(5)),
    printableLines(msg ?? ""),
    paint("gray", fields.join(" ")),
  ];
  const text = parts.filter((part) => part !== "").join(" ");
  return err === undefined ? text : `${text}\n${printableLines(err.stack ?? err.message ?? "")}`;
}
