/** Where a command writes: results to stdout, everything else to stderr; colours on a terminal only. */
import { styleText } from "node:util";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { renderDiagnostics } from "./render-diagnostics.ts";

type Style = Parameters<typeof styleText>[0];

export class Terminal {
  /** The caller is a program: stdout carries JSON and nothing else. */
  readonly json: boolean;

  constructor(options: { readonly json?: boolean | undefined } = {}) {
    this.json = options.json ?? false;
  }

  /** A line of the result. Silent with `--json`. */
  print(line = ""): void {
    if (!this.json) process.stdout.write(`${line}\n`);
  }

  /** The result for a program. Silent without `--json`. */
  printJson(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** A line about the result. */
  note(line = ""): void {
    process.stderr.write(`${line}\n`);
  }

  /** Findings: for people on stderr, for programs as JSON on stdout. */
  findings(diagnostics: readonly Diagnostic[]): void {
    if (this.json) this.printJson({ ok: false, diagnostics });
    else this.report(diagnostics);
  }

  /** Findings about something that goes on: for people, whoever reads stdout. */
  report(diagnostics: readonly Diagnostic[]): void {
    process.stderr.write(renderDiagnostics(diagnostics, { color: this.#colorful(process.stderr) }));
  }

  /** Text in a style where stdout shows styles. */
  style(style: Style, text: string): string {
    return this.#colorful(process.stdout) ? styleText(style, text, { validateStream: false }) : text;
  }

  #colorful(stream: NodeJS.WriteStream): boolean {
    if (process.env.NO_COLOR) return false;
    if (process.env.FORCE_COLOR) return process.env.FORCE_COLOR !== "0";
    return stream.isTTY === true && process.env.TERM !== "dumb";
  }
}
