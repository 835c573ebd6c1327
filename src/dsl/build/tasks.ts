/** Stage 9: the tasks, each with what its zod schemas say as JSON Schema. */
import { z } from "zod";
import type { Task } from "../../model/index.ts";
import { schemaProperties } from "../../model/schema-types.ts";
import type { NamedTask } from "../collection.ts";
import { declarationOf } from "../declared.ts";
import type { Site } from "../site.ts";
import type { TaskDeclaration } from "../task.ts";
import type { BuildContext } from "./build-context.ts";
import { checkSlug } from "./names.ts";
import { checkOptions } from "./options.ts";
import { order, shown } from "./report.ts";

export function addTasks(tasks: readonly NamedTask[], context: BuildContext): void {
  const { report, system } = context;
  for (const { name, file, task } of [...tasks].sort((a, b) => order(a.name, b.name))) {
    const declaration = declarationOf<TaskDeclaration>(task, "task") ?? task;
    const site = declaration?.site ?? { file, line: 1, column: 1 };
    if (!checkSlug(name, "task", site, report)) continue;
    if (system.tasks.some((other) => other.name === name)) {
      report.error("EJS2104", `There are two task files called ${name}.`, { site });
      continue;
    }
    addTask({ name, declaration, site }, context);
  }
}

/** The names of the tasks that steps and effects may call: those of handlers are nobody's to call. */
export const callable = (tasks: readonly Task[]): string[] =>
  tasks.map(({ name }) => name).filter((name) => !name.startsWith("handlers/"));

/** A task whose name is checked. */
interface CheckedTask {
  readonly name: string;
  /** Whose step it is. */
  readonly plugin?: string;
  readonly declaration: TaskDeclaration | undefined;
  readonly site: Site;
}

export function addTask({ name, plugin, declaration, site }: CheckedTask, context: BuildContext): void {
  context.locate(`tasks.${name}`, site);
  if (declaration?.kind === "task") checkDefinition(declaration, `Task ${name}`, site, context);
  context.system.tasks.push({
    name,
    ...(plugin === undefined ? {} : { plugin }),
    ...part("input", declaration?.input, name, site, context),
    ...part("output", declaration?.output, name, site, context),
  });
}

/** A misspelt `output` would be a task whose result nobody knows. */
function checkDefinition({ definition }: TaskDeclaration, of: string, site: Site, { report }: BuildContext): void {
  checkOptions(definition, ["input", "output", "run"], of, site, report);
  if (typeof definition.run === "function") return;
  const message = `${of}: run is a function, not ${shown(definition.run)}.`;
  report.error("EJS2106", message, { site, word: "run", hint: "async run({ input, idempotencyKey }) { … }" });
}

function part(
  side: "input" | "output",
  schema: z.ZodType | undefined,
  name: string,
  site: Site,
  { report }: BuildContext,
): Partial<Task> {
  if (schema === undefined) return {};
  const fail = (reason: string) => {
    report.error("EJS2160", `The ${side} of the task ${name} ${reason}.`, { site, word: side });
    return {};
  };
  const found = jsonSchemaOf(schema, side);
  if ("problem" in found) return fail(found.problem);
  if (side === "input" && schemaProperties(found.json) === undefined) return fail("is no z.object()");
  return { [side]: found.json };
}

/**
 * A zod schema as JSON Schema, or why that cannot be.
 *
 * @param side what a workflow gives is the input's input; what the next step sees is the output's output
 */
export function jsonSchemaOf(
  schema: z.ZodType,
  side: "input" | "output",
): { readonly json: unknown } | { readonly problem: string } {
  // A package may bring a copy of its own, and an older one.
  if (!("_zod" in schema)) return { problem: "is no schema of zod 4" };
  try {
    const text = JSON.stringify(z.toJSONSchema(schema, { io: side }));
    const clean = text.isWellFormed() && !text.includes("\\u0000");
    return clean ? { json: JSON.parse(text) } : { problem: "holds a character that PostgreSQL cannot keep" };
  } catch (error) {
    return { problem: `cannot be said in JSON Schema: ${error instanceof Error ? error.message : String(error)}` };
  }
}
