/** `enginejs inspect NAME`: the SQL that stands for an entity or an object, the line of the model, and why it is there. */
import { compile, type ExplainedStatement, explainObject } from "../../dsl-to-sql/index.ts";
import { loadProject } from "../../project/load-project.ts";
import { projectError } from "../../project/project-error.ts";
import { findProjectFolder } from "../../project/project-folder.ts";
import { exitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";

export interface InspectOptions {
  readonly name: string;
  readonly project?: string;
  readonly json?: boolean;
}

export async function inspect(options: InspectOptions, terminal: Terminal): Promise<number> {
  const folder = findProjectFolder(options.project);
  const { system, sourceMap } = await loadProject(folder);
  const { statements, nearest } = explainObject(compile(system, sourceMap), options.name);
  if (statements.length === 0) {
    const entities = system.entities.map(({ name }) => name).sort();
    const hint = `${nearest === undefined ? "" : `Did you mean "${nearest}"? `}Entities: ${entities.join(", ")}.`;
    throw projectError("EJS1032", `The model makes nothing called "${options.name}".`, { hint });
  }
  terminal.printJson({ ok: true, name: options.name, statements });
  for (const statement of statements) {
    for (const line of headOf(statement)) terminal.print(terminal.style("gray", `-- ${line}`));
    terminal.print(statement.sql.endsWith(";") ? statement.sql : `${statement.sql};`);
    terminal.print();
  }
  return exitCode.ok;
}

/** Where it comes from, and why: what the SQL itself does not say. */
function headOf({ where, why, source }: ExplainedStatement): string[] {
  const place = where === undefined ? undefined : `${where.file}:${where.line}:${where.column}`;
  const origin = [place, source].filter((part) => part !== undefined).join("  ");
  return [...(origin === "" ? [] : [origin]), ...(why === undefined ? [] : why.split("\n"))];
}
