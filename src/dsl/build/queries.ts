/** Stage 9: the statements that workflows name, `queries/<name>.sql`. */
import type { NamedQueryFile } from "../collection.ts";
import type { BuildContext } from "./build-context.ts";
import { withPositions } from "./named-parameters.ts";
import { checkSlug } from "./names.ts";
import { order } from "./report.ts";

export function addQueries(files: readonly NamedQueryFile[], context: BuildContext): void {
  const { report, system } = context;
  for (const { name, file, text } of [...files].sort((a, b) => order(a.name, b.name))) {
    const site = { file, line: 1, column: 1 };
    if (!checkSlug(name, "query", site, report)) continue;
    const queries = system.queries ?? [];
    if (queries.some((other) => other.name === name)) {
      report.error("EJS2104", `There are two files for the query ${name}.`, { site });
      continue;
    }
    const problem = problemOf(text);
    if (problem !== undefined) {
      report.error("EJS2163", `The query ${name} ${problem}.`, { site });
      continue;
    }
    context.locate(`queries.${name}`, site);
    const description = /^\s*--\s*(.+)/.exec(text)?.[1]?.trim();
    const { sql, parameters } = withPositions(text.trim().replace(/;\s*$/, ""));
    queries.push({ name, ...(description === undefined ? {} : { description }), sql, parameters });
    system.queries = queries;
  }
}

function problemOf(text: string): string | undefined {
  if (!text.isWellFormed() || text.includes("\0")) return "holds a character that PostgreSQL cannot keep";
  const bare = text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, " ").trim();
  if (bare === "") return "holds no statement";
  const [, word] =
    /^(begin|start|commit|end|rollback|abort|savepoint|release|prepare|set|reset|call|do|copy)\b/i.exec(bare) ?? [];
  return word === undefined ? undefined : `begins with ${word.toLowerCase()}`;
}
