/**
 * The command line's entry: parses, loads the one command that was asked for, and turns its end into an exit code.
 * Nothing is imported here that the command does not need: `enginejs new` also runs on a Node that is too old for the rest.
 */
import { CommanderError } from "commander";
import { exitCode, exitCodeOf } from "./exit-code.ts";
import { findingsOf } from "./findings-of.ts";
import { createProgram } from "./program.ts";
import { Terminal } from "./terminal.ts";
import { usageFinding } from "./usage-finding.ts";

/** Runs one command; sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
  });
  // Nobody hears what it says besides any more: no reason to end what it does.
  process.stderr.on("error", () => undefined);
  process.exitCode = await run(argv);
  // Something of the project's own (a socket that a task left open) must not keep a command that is done.
  setTimeout(() => process.exit(), 1_000).unref();
}

async function run(argv: readonly string[]): Promise<number> {
  const terminal = new Terminal({ json: argv.includes("--json") });
  let code: number = exitCode.ok;
  const program = createProgram((ended) => {
    code = ended;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCode.ok;
    // Help instead of a missing command: it was printed already.
    if (error instanceof CommanderError && error.code === "commander.help") return exitCode.usage;
    const findings = error instanceof CommanderError ? [usageFinding(error, program, argv)] : findingsOf(error);
    terminal.findings(findings);
    if (process.env.ENGINEJS_DEBUG && error instanceof Error) {
      console.error(error.stack);
      if (error.cause !== undefined) console.error(error.cause);
    }
    return exitCodeOf(findings);
  }
}
