import type { Command, CommanderError } from "commander";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { nearest } from "../errors/nearest.ts";

/** A wrong command line as a finding that names the nearest match. */
export function usageFinding(error: CommanderError, program: Command, argv: readonly string[]): Diagnostic {
  const command = commandOf(program, argv);
  const unknown = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  const text = error.message.replace(/^error: /, "");
  const message = `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
  if (error.code === "commander.unknownCommand") {
    // `enginejs workflow lst` means one of `workflow`; `enginejs build` means `enginejs sql build`.
    const own = command === program ? [] : commandPaths(command, `${command.name()} `);
    const paths = commandPaths(program);
    const nearOf = (some: readonly string[]) =>
      nearestBy(unknown, some, (path) => [path, path.slice(path.lastIndexOf(" ") + 1)]);
    const near = nearOf(own) ?? nearOf(paths);
    const all = (own.length > 0 ? own : paths).join(", ");
    const hint = near === undefined ? `The commands are: ${all}.` : `Did you mean "enginejs ${near}"?`;
    return { code: "EJS1001", severity: "error", message, hint };
  }
  if (error.code === "commander.unknownOption") {
    const options = command
      .createHelp()
      .visibleOptions(command)
      .flatMap((option) => option.long ?? []);
    const near =
      nearest(unknown, options) ?? options.find((option) => unknown.length > 3 && option.startsWith(unknown));
    const allowed = `"${pathOf(command)}" takes: ${options.join(", ")}.`;
    return {
      code: "EJS1002",
      severity: "error",
      message,
      hint: near === undefined ? allowed : `Did you mean "${near}"?`,
    };
  }
  const hint = `Run "${pathOf(command)} --help".`;
  return { code: "EJS1002", severity: "error", message, hint };
}

/** The innermost command that the words name. */
function commandOf(program: Command, argv: readonly string[]): Command {
  let command = program;
  for (const word of argv) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next === undefined) break;
    command = next;
  }
  return command;
}

/** `["sql build", "dev", …]` */
function commandPaths(command: Command, prefix = ""): string[] {
  return command.commands.flatMap((child) => {
    const path = prefix + child.name();
    return child.commands.length === 0 ? [path] : commandPaths(child, `${path} `);
  });
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function nearestBy(name: string, paths: readonly string[], namesOf: (path: string) => string[]): string | undefined {
  const near = nearest(name, paths.flatMap(namesOf));
  return paths.find((path) => near !== undefined && namesOf(path).includes(near));
}
