/** Who may do what with an entity's table, before any policy is asked. Never TRUNCATE, REFERENCES or TRIGGER. */
import type { Entity } from "../model/index.ts";
import type { GrantNode } from "../sql-ast/statements.ts";
import { isStored, sortedBy, storedColumn } from "./model-index.ts";
import { objectIdentity } from "./object-identity.ts";
import { isWritable, sideFields } from "./side-fields.ts";
import { stateMachines } from "./state-machines.ts";
import type { StatementList } from "./statement-list.ts";

export function compileGrants(entity: Entity, list: StatementList): void {
  const table = { type: "table", name: list.model.table(entity) } as const;
  const object = objectIdentity(table);
  const grant = (name: string, to: readonly string[], privileges: GrantNode["privileges"]): void => {
    list.add(
      { kind: "grant", privileges, on: table, to },
      {
        kind: "grant",
        id: `grant on ${object} to ${name}`,
        object,
        phase: "grants",
        entity: entity.name,
        source: entity.name,
        hazards: ["changes authorization"],
        dependsOn: [object],
      },
    );
  };
  const created = writableColumns(entity, "create");
  const updated = updatableColumns(entity);
  const privileges: GrantNode["privileges"] = [
    { privilege: "select" },
    ...(created.length === 0 ? [] : [{ privilege: "insert", columns: created } as const]),
    ...(updated.length === 0 ? [] : [{ privilege: "update", columns: updated } as const]),
    { privilege: "delete" },
  ];
  // One right for all who act; which rows it reaches, the policies say.
  grant("actors", ["enginejs_anonymous", "enginejs_user"], privileges);
  grant("system", ["enginejs_system"], privileges);
  grant("reader", ["enginejs_reader"], [{ privilege: "select" }]);
  const byActions = actionColumns(entity);
  if (byActions.length > 0) grant("actions", ["enginejs_action"], [{ privilege: "update", columns: byActions }]);
}

export function writableColumns(entity: Entity, when: "create" | "update"): string[] {
  return sortedBy(
    entity.fields.filter((field) => field.storage.kind === "column" && isWritable(field, when)).map(storedColumn),
    (name) => name,
  );
}

/**
 * The columns that actors may write later. A right on one of them at least is what asking for the right to update takes: an
 * entity that has nothing but side fields to change lends its time of change, which a trigger keeps true.
 */
export function updatableColumns(entity: Entity): string[] {
  const columns = writableColumns(entity, "update");
  if (columns.length > 0 || !sideFields(entity).some((field) => isWritable(field, "update"))) return columns;
  return touchedColumns(entity);
}

const touchedColumns = (entity: Entity): string[] =>
  entity.fields.filter((field) => isStored(field) && field.storage.column === "updated_at").map(storedColumn);

/** What action functions write: the states, and when that was. */
export function actionColumns(entity: Entity): string[] {
  if (entity.actions.length === 0) return [];
  return [...stateMachines(entity).map((machine) => machine.column), ...touchedColumns(entity)].sort();
}
