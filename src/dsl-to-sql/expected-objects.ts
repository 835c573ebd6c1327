/** What a database holds after a build, by name: to be compared with what it does hold. */

import { printStatement } from "../sql-ast/print-statement.ts";
import type { StatementNode, TableConstraint } from "../sql-ast/statements.ts";
import { dotted } from "./object-identity.ts";
import type { CompiledSystem, StatementRole } from "./statement.ts";

export interface ExpectedObject {
  /** `policy app.invoice.tenancy`; a function without its parameters. */
  readonly object: string;
  readonly entity?: string;
  /** Of a column: `text not null`. */
  readonly detail?: string;
  /**
   * How a build puts it back where it is missing: `refresh` by itself (see `PlanOptions.refresh`), by a statement that may
   * fail over the rows that are there, or not at all: what a table or column held is lost.
   */
  readonly repair: "refresh" | "impossible" | { readonly sql: string; readonly role: StatementRole };
}

export function expectedObjects({ statements }: CompiledSystem): ExpectedObject[] {
  return statements.flatMap(({ node, entity, role }) =>
    objectsOf(node, role).map((expected) => (entity === undefined ? expected : { ...expected, entity })),
  );
}

function objectsOf(node: StatementNode, role: StatementRole): ExpectedObject[] {
  switch (node.kind) {
    case "create table": {
      const table = dotted(node.table);
      const columns = node.columns.map(
        ({ name, type, notNull }): ExpectedObject => ({
          object: `column ${table}.${name}`,
          detail: `${longName(type)}${notNull ? " not null" : ""}`,
          repair: "impossible",
        }),
      );
      const constraints = node.constraints.map((constraint) => constraintOf(node, constraint, role));
      return [{ object: `table ${table}`, repair: "impossible" }, ...columns, ...constraints];
    }
    case "add constraint":
      return [constraintOf(node, node.constraint, role)];
    case "create index":
      return [{ object: `index ${dotted({ ...node.table, name: node.name })}`, repair: "refresh" }];
    case "create policy":
      return [{ object: `policy ${dotted(node.table)}.${node.name}`, repair: "refresh" }];
    case "create trigger":
      return [{ object: `trigger ${dotted(node.table)}.${node.name}`, repair: "refresh" }];
    case "create function":
      return [{ object: `function ${dotted(node.function)}`, repair: "refresh" }];
    default:
      return [];
  }
}

function constraintOf(
  { table }: Pick<Extract<StatementNode, { kind: "create table" }>, "table">,
  constraint: TableConstraint,
  role: StatementRole,
): ExpectedObject {
  const sql = printStatement({ kind: "add constraint", table, constraint });
  return { object: `constraint ${dotted(table)}.${constraint.name}`, repair: { sql, role } };
}

/** As PostgreSQL itself calls the type. */
const longName = (type: string): string => type.replace(/^timestamptz\b/, "timestamp with time zone");
