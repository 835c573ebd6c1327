/** Side fields as functions over the row type: `app.employee_salary(app.employee)`, null for whom the field's rule hides it. */
import type { Entity } from "../model/index.ts";
import { and, column, table as fromTable, scalarSelect, select } from "../sql-ast/expressions.ts";
import { addExecuteGrants } from "./helper-functions.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { sameKey, sideFields } from "./side-fields.ts";
import type { StatementList } from "./statement-list.ts";

export function compileSideReaders(entity: Entity, list: StatementList): void {
  const { model } = list;
  const table = model.table(entity);
  for (const { name: fieldName, storage, access, description } of sideFields(entity)) {
    const side = model.name(storage.table);
    const reference = { type: "function", name: side, parameters: [table] } as const;
    const object = objectIdentity(reference);
    const common = {
      entity: entity.name,
      source: `${entity.name}.fields.${fieldName}`,
      role: "enginejs_reader",
    } as const;
    const value = scalarSelect(
      select({
        columns: [{ value: column(storage.table, storage.column) }],
        from: fromTable(side, storage.table),
        where: and(...sameKey(entity, storage.table, entity.table)),
      }),
    );
    list.add(
      {
        kind: "create function",
        function: side,
        parameters: [{ name: entity.table, type: table }],
        returns: storage.sqlType,
        language: "sql",
        volatility: "stable",
        securityDefiner: false,
        parallelSafe: true,
        settings: [],
        // For people and for computed values; a statement that lists rows writes the sub-select out, which PostgreSQL
        // does not inline from a function, which costs each row a call.
        body: { kind: "return", value },
      },
      {
        ...common,
        kind: "function",
        object,
        phase: "functions",
        dependsOn: [tableIdentity(table), tableIdentity(side)],
        why: description ?? `the field ${entity.name}.${fieldName}`,
      },
    );
    addExecuteGrants(list, reference, ["enginejs_anonymous", "enginejs_user", "enginejs_system"], common);
    const readers = `for: ${access?.read?.name ?? "who may read the row"}; null for others`;
    list.comment({ on: reference, text: [...(description === undefined ? [] : [description]), readers], ...common });
  }
}
