/**
 * Side tables: a field with a read rule is a 1:1 table of its own, with the key
 * of the entity's table and the one value. Row level security hides rows, never
 * columns, so what not everybody may read has a row of its own: `select *`,
 * filters and aggregates of the entity's table neither fail nor leak.
 *
 * The row is made by a trigger of the entity's table and lives as long as its
 * row; actors change its value and nothing else. Who may, `compile-side-policies.ts`
 * says.
 */
import { type Entity, objectName } from "../model/index.ts";
import { column, is, type SqlExpression } from "../sql-ast/expressions.ts";
import type { GrantNode, TableConstraint } from "../sql-ast/statements.ts";
import { compileDefault } from "./compile-default.ts";
import type { EntityRules, PolicyParts } from "./compile-rules.ts";
import { compileSidePolicies } from "./compile-side-policies.ts";
import { sideValueEnvironment } from "./environments.ts";
import { idColumn } from "./model-index.ts";
import { dotted, tableIdentity } from "./object-identity.ts";
import { isWritable, keyColumns, type SideField, sideCheckName, sideFields } from "./side-fields.ts";
import { ACTORS } from "./standing-policies.ts";
import { rolesCheck, valueCheck } from "./type-checks.ts";

export function compileSideTables(entity: Entity, rules: EntityRules, parts: PolicyParts): void {
  for (const field of sideFields(entity)) new SideTable(entity, field, rules, parts).add();
}

class SideTable {
  private readonly entity: Entity;
  private readonly field: SideField;
  private readonly rules: EntityRules;
  private readonly parts: PolicyParts;
  private readonly source: string;
  private readonly table: { readonly schema?: string; readonly name: string };
  private readonly id: string;
  private readonly common: { readonly entity: string; readonly source: string };

  constructor(entity: Entity, field: SideField, rules: EntityRules, parts: PolicyParts) {
    this.entity = entity;
    this.field = field;
    this.rules = rules;
    this.parts = parts;
    this.source = `${entity.name}.fields.${field.name}`;
    this.table = parts.list.model.name(field.storage.table);
    this.id = tableIdentity(this.table);
    this.common = { entity: entity.name, source: this.source };
  }

  add(): void {
    this.addTable();
    this.addForeignKey();
    compileSidePolicies(this.entity, this.field, this.rules, this.parts);
    this.addGrants();
    this.addComments();
  }

  private addTable(): void {
    const { entity, field, table, common, parts } = this;
    const { storage } = field;
    const value = compileDefault(field, this.source, parts.expressions);
    parts.list.add(
      {
        kind: "create table",
        table,
        columns: [
          ...keyColumns(entity).map((key) => ({ ...key, notNull: true })),
          {
            name: storage.column,
            type: storage.sqlType,
            // Its row is made before a value is given; what has a default has one from the beginning.
            notNull: field.required && value !== undefined,
            ...(value === undefined ? {} : { default: value }),
          },
        ],
        constraints: [
          { kind: "primary key", name: objectName(storage.table, "pkey"), columns: entity.primaryKey.columns },
          ...this.checks(),
        ],
      },
      {
        ...common,
        kind: "table",
        object: this.id,
        phase: "tables",
        dependsOn: [`schema ${parts.list.model.system.schema}`],
        why: "not everybody may read this field who may read the row",
      },
    );
  }

  private checks(): TableConstraint[] {
    const { field, source, parts } = this;
    const { storage } = field;
    const name = sideCheckName(field);
    const roles = rolesCheck(field, storage.column, parts.list.model.system);
    if (roles !== undefined) return [{ kind: "check", name, expression: roles }];
    const check = valueCheck(field, `row.${field.name}`);
    if (check === undefined) return [];
    const expression = parts.expressions.rule(check.expression, sideValueEnvironment(parts.list.model, field), source);
    return expression === undefined ? [] : [{ kind: "check", name, expression }];
  }

  private addForeignKey(): void {
    const { entity, table, common, parts } = this;
    const { columns } = entity.primaryKey;
    const owner = parts.list.model.table(entity);
    const name = objectName(table.name, idColumn(entity), "fkey");
    parts.list.add(
      {
        kind: "add constraint",
        table,
        constraint: { kind: "foreign key", name, columns, references: { table: owner, columns }, onDelete: "cascade" },
      },
      {
        ...common,
        kind: "foreign key",
        object: `constraint ${dotted(table)}.${name}`,
        phase: "foreign keys",
        lock: "share row exclusive",
        hazards: ["blocks writes"],
        dependsOn: [this.id, tableIdentity(owner)],
      },
    );
  }

  private addGrants(): void {
    const { field, table, common, parts } = this;
    const grant = (name: string, to: readonly string[], privileges: GrantNode["privileges"]): void => {
      parts.list.add(
        { kind: "grant", privileges, on: { type: "table", name: table }, to },
        {
          ...common,
          kind: "grant",
          id: `grant on ${this.id} to ${name}`,
          object: this.id,
          phase: "grants",
          hazards: ["changes authorization"],
          dependsOn: [this.id],
        },
      );
    };
    const writable = isWritable(field, "create") || isWritable(field, "update");
    const privileges: GrantNode["privileges"] = [
      { privilege: "select" },
      ...(writable ? [{ privilege: "update", columns: [field.storage.column] } as const] : []),
    ];
    grant("actors", ACTORS, privileges);
    grant("system", ["enginejs_system"], privileges);
    grant("reader", ["enginejs_reader"], [{ privilege: "select" }]);
  }

  private addComments(): void {
    const { entity, field, table, common, parts } = this;
    const text = [`${entity.name}.${field.name}, for: ${field.access?.read?.name ?? "who may read the row"}`];
    parts.list.comment({ on: { type: "table", name: table }, text, ...common });
    if (field.description === undefined) return;
    const on = { type: "column", table, name: field.storage.column } as const;
    parts.list.comment({ on, text: [field.description], ...common });
  }
}

/** The value of a side table's row that was not given. */
export const isMissing = (field: SideField, alias: string): SqlExpression =>
  is(column(alias, field.storage.column), "null");
