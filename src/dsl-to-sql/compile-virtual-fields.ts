/** Virtual fields as functions over the row type, which PostGraphile shows as fields: `app.invoice_subtotal(app.invoice)`. */
import { sqlType } from "../expression/sql-type.ts";
import { toSql } from "../expression/to-sql.ts";
import { type Entity, type Field, objectName, snakeCase } from "../model/index.ts";
import { binary, caseWhen, cast, column, type SqlExpression } from "../sql-ast/expressions.ts";
import { claimsOf } from "./claims-of.ts";
import { once, rowEnvironment, tenantIdCall } from "./environments.ts";
import { type ExpressionCompiler, fieldType } from "./expression-compiler.ts";
import { addExecuteGrants, selectValue } from "./helper-functions.ts";
import { tenantColumn } from "./model-index.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { PINNED_SEARCH_PATH } from "./pinned-search-path.ts";
import { tablesOf } from "./sql-usage.ts";
import type { StatementList } from "./statement-list.ts";

/** The name of a virtual field's function. */
export const virtualFunctionName = (entity: Entity, field: Field): string =>
  objectName(entity.table, snakeCase(field.name));

export function compileVirtualFields(entity: Entity, list: StatementList, expressions: ExpressionCompiler): void {
  const { model } = list;
  for (const field of entity.fields) {
    const { storage } = field;
    if (storage.kind !== "virtual") continue;
    const source = `${entity.name}.fields.${field.name}`;
    // The parameter has the table's name, so that `invoice.id` reads the same as in a query.
    const core = expressions.check(
      storage.expression,
      rowEnvironment(model, entity, entity.table),
      source,
      fieldType(field),
    );
    if (core === undefined) continue;
    // Expressions count in 64 bits; what is declared an integer is shown as one.
    const isInteger = field.type.kind === "scalar" && field.type.scalar === "integer";
    const value = isInteger ? cast(toSql(core), "integer") : toSql(core);
    const all = storage.rows === "all";
    const name = model.name(virtualFunctionName(entity, field));
    const table = model.table(entity);
    const reference = { type: "function", name, parameters: [table] } as const;
    const id = objectIdentity(reference);
    const common = { entity: entity.name, source, role: "enginejs_reader" } as const;
    list.add(
      {
        kind: "create function",
        function: name,
        parameters: [{ name: entity.table, type: table }],
        returns: isInteger ? "integer" : sqlType(fieldType(field)),
        language: "sql",
        volatility: "stable",
        securityDefiner: all,
        parallelSafe: true,
        settings: all ? PINNED_SEARCH_PATH : [],
        // The reader's own rows: parsed at once, without a search_path of its own, so that the planner can inline it.
        body: all ? { kind: "select", select: selectValue(withinTenant(value, entity)) } : { kind: "return", value },
      },
      {
        ...common,
        kind: "function",
        object: id,
        phase: "functions",
        dependsOn: [
          tableIdentity(table),
          ...tablesOf(value).map((read) => tableIdentity(model.name(read))),
          ...claimsOf(value, model),
        ],
        why: field.description ?? `the field ${entity.name}.${field.name}`,
      },
    );
    addExecuteGrants(list, reference, ["enginejs_anonymous", "enginejs_user", "enginejs_system"], common);
    list.comment({ on: reference, text: [field.description ?? storage.expression], ...common });
  }
}

/** `rows: "all"` shows the true rows of the tenant, never those of another. */
function withinTenant(then: SqlExpression, entity: Entity): SqlExpression {
  const tenant = tenantColumn(entity);
  if (tenant === undefined) return then;
  return caseWhen([{ when: binary("=", column(entity.table, tenant), once(tenantIdCall)), then }]);
}
