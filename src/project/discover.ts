/** Which files make up a project, by their place and ending. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { nearest } from "../errors/nearest.ts";
import { taskName } from "../model/names.ts";
import { projectFinding } from "./project-error.ts";
import { configFileName } from "./project-folder.ts";

/** Paths relative to the project, with `/` on every system, each list sorted. */
export interface ProjectFiles {
  readonly config: string;
  readonly policies: readonly string[];
  readonly models: readonly string[];
  readonly workflows: readonly string[];
  /** Task name → file. */
  readonly tasks: ReadonlyMap<string, string>;
  /** Code that follows events. */
  readonly handlers: readonly string[];
  /** Workflows as JSON. */
  readonly processes: readonly string[];
  /** Statements that workflows name: name → file. */
  readonly queries: ReadonlyMap<string, string>;
  readonly seed: string | undefined;
  readonly findings: readonly Diagnostic[];
}

/** Looks through a project's folders; subfolders count. */
export function discover(folder: string): ProjectFiles {
  const domain = filesBelow(folder, "domain");
  const models = domain.filter((file) => file.endsWith(".model.ts"));
  const findings: Diagnostic[] = [];
  if (models.length === 0) findings.push(noModel(domain));
  const tasks = taskFiles(folder, findings);
  return {
    config: configFileName,
    policies: filesBelow(folder, "policies").filter((file) => file.endsWith(".policy.ts")),
    models,
    workflows: domain.filter((file) => file.endsWith(".workflow.ts")),
    tasks,
    handlers: filesBelow(folder, "handlers").filter(isCode),
    processes: filesBelow(folder, "processes").filter((file) => file.endsWith(".json")),
    queries: new Map(
      filesBelow(folder, "queries")
        .filter((file) => file.endsWith(".sql"))
        .map((file) => [file.slice("queries/".length, -".sql".length).replaceAll("/", "."), file]),
    ),
    seed: entriesOf(folder).some((entry) => entry.name === "seed.ts") ? "seed.ts" : undefined,
    findings,
  };
}

/** In the order in which they are loaded. */
export function loadOrder(files: ProjectFiles): readonly string[] {
  return [
    files.config,
    ...files.policies,
    ...files.models,
    ...files.workflows,
    ...files.tasks.values(),
    ...files.handlers,
  ];
}

function noModel(domain: readonly string[]): Diagnostic {
  const odd = domain.find((file) => nearest(file.slice(file.indexOf(".")), [".model.ts"]) !== undefined);
  const hint = odd === undefined ? undefined : `Did you mean to call ${odd} "${odd.replace(/\..*$/, ".model.ts")}"?`;
  return projectFinding("EJS1027", "Nothing in domain/ ends in .model.ts.", { hint });
}

const isCode = (file: string): boolean => file.endsWith(".ts") && !/\.(test|spec|d)\.ts$/.test(file);

function taskFiles(folder: string, findings: Diagnostic[]): Map<string, string> {
  const tasks = new Map<string, string>();
  for (const file of filesBelow(folder, "tasks")) {
    if (!isCode(file)) continue;
    const name = file.slice("tasks/".length, -".ts".length);
    const where = { file, line: 1, column: 1 };
    // Those of handlers/ have these names.
    if (!taskName.safeParse(name).success || name.startsWith("handlers/")) {
      findings.push(projectFinding("EJS1026", `${JSON.stringify(name)} cannot be the name of a task.`, { where }));
    } else tasks.set(name, file);
  }
  return tasks;
}

function filesBelow(folder: string, relative: string): string[] {
  const files: string[] = [];
  for (const entry of entriesOf(join(folder, relative))) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = `${relative}/${entry.name}`;
    if (entry.isDirectory()) files.push(...filesBelow(folder, path));
    else files.push(path);
  }
  // By code unit, not by locale: the same order on every machine.
  return files.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}
