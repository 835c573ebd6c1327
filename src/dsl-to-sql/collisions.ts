/** Names that two objects of the model would share in PostgreSQL. */
import type { Diagnostic } from "../errors/diagnostic.ts";
import type { Statement } from "./statement.ts";
import type { StatementList } from "./statement-list.ts";

/** Two statements of one id, and tables, views and indexes of one name: PostgreSQL keeps both in one list. */
export function collisions(list: StatementList): Diagnostic[] {
  const found: Diagnostic[] = [];
  const told = new Set<string>();
  const tell = (object: string, first: Statement, second: Statement): void => {
    if (told.has(object)) return;
    told.add(object);
    const [one, other] = [origin(first), origin(second)];
    found.push({
      code: "EJS3001",
      severity: "error",
      message: `${one} and ${other} would both become the ${object}.`,
      ...(second.where === undefined ? {} : { where: second.where }),
      hint: "Rename one of them.",
    });
  };
  for (const { first, second } of list.doubled) {
    if (first.kind !== "comment" && first.kind !== "grant" && first.kind !== "revoke")
      tell(first.object, first, second);
  }
  // By name alone: PostgreSQL would keep both by their parameters, and GraphQL would show what is not meant for it.
  const functions = new Map<string, Statement>();
  for (const statement of list.statements) {
    if (statement.node.kind !== "create function") continue;
    const name = `function ${statement.node.function.schema}.${statement.node.function.name}`;
    const first = functions.get(name);
    if (first === undefined) functions.set(name, statement);
    else tell(name, first, statement);
  }
  const relations = new Map<string, Statement>();
  for (const statement of list.statements) {
    for (const name of relationNames(statement)) {
      const first = relations.get(name);
      if (first === undefined) relations.set(name, statement);
      else tell(`relation ${name}`, first, statement);
    }
  }
  return found;
}

function relationNames({ node }: Statement): string[] {
  if (node.kind === "create index") return [node.name];
  if (node.kind === "create view") return [node.view.name];
  if (node.kind !== "create table") return [];
  const indexes = node.constraints.filter(({ kind }) => kind === "primary key" || kind === "unique");
  return [node.table.name, ...indexes.map(({ name }) => name)];
}

const origin = (statement: Statement): string => statement.source ?? statement.id;
