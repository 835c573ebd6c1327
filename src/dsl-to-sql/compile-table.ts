/** An entity's table: columns, keys, uniques, CHECKs, and its foreign keys and indexes as statements of their own. */
import type { Entity, Field } from "../model/index.ts";
import type { ColumnDefinition, ForeignKeyConstraint, TableConstraint } from "../sql-ast/statements.ts";
import { compileDefault } from "./compile-default.ts";
import { sameRowEnvironment } from "./environments.ts";
import type { ExpressionCompiler } from "./expression-compiler.ts";
import { isStored, type ModelIndex, sortedBy, tenantColumn } from "./model-index.ts";
import { dotted, tableIdentity } from "./object-identity.ts";
import type { StatementList } from "./statement-list.ts";
import { typeChecks } from "./type-checks.ts";

export function compileTable(entity: Entity, list: StatementList, expressions: ExpressionCompiler): void {
  const { model } = list;
  const table = model.table(entity);
  const name = dotted(table);
  const id = `table ${name}`;
  list.add(
    {
      kind: "create table",
      table,
      columns: entity.fields.flatMap((field) => compileColumn(entity, field, expressions)),
      constraints: compileConstraints(entity, expressions),
    },
    {
      kind: "table",
      object: id,
      phase: "tables",
      entity: entity.name,
      source: entity.name,
      dependsOn: [`schema ${model.system.schema}`],
    },
  );
  for (const key of sortedBy(entity.foreignKeys, (candidate) => candidate.name)) {
    list.add(
      { kind: "add constraint", table, constraint: compileForeignKey(entity, key, model) },
      {
        kind: "foreign key",
        object: `constraint ${name}.${key.name}`,
        phase: "foreign keys",
        entity: entity.name,
        source: `${entity.name}.fields.${key.field}`,
        lock: "share row exclusive",
        hazards: ["blocks writes"],
        dependsOn: [id, tableIdentity(model.name(key.references.table))],
      },
    );
  }
  for (const index of sortedBy(entity.indexes, (candidate) => candidate.name)) {
    const source = `${entity.name}.indexes.${index.name}`;
    const where =
      index.where === undefined ? undefined : expressions.truth(index.where, sameRowEnvironment(model, entity), source);
    list.add(
      {
        kind: "create index",
        name: index.name,
        table,
        columns: index.columns,
        ...(where === undefined ? {} : { where }),
      },
      {
        kind: "index",
        object: `index ${dotted(model.name(index.name))}`,
        phase: "indexes",
        entity: entity.name,
        source: index.inferred === undefined ? source : entity.name,
        lock: "share",
        hazards: ["blocks writes"],
        dependsOn: [id],
        ...(index.inferred === undefined ? {} : { why: index.inferred }),
      },
    );
  }
}

function compileColumn(entity: Entity, field: Field, expressions: ExpressionCompiler): ColumnDefinition[] {
  if (!isStored(field)) return [];
  const { storage } = field;
  const source = `${entity.name}.fields.${field.name}`;
  const definition = { name: storage.column, type: storage.sqlType, notNull: field.required };
  if (storage.kind === "generated") {
    const generated = expressions.value(
      storage.expression,
      sameRowEnvironment(expressions.model, entity),
      source,
      field,
    );
    return generated === undefined ? [] : [{ ...definition, generated }];
  }
  const value = compileDefault(field, source, expressions);
  return [value === undefined ? definition : { ...definition, default: value }];
}

function compileConstraints(entity: Entity, expressions: ExpressionCompiler): TableConstraint[] {
  const { primaryKey } = entity;
  const checks = sortedBy([...typeChecks(entity, expressions.model.system), ...entity.checks], (check) => check.name);
  return [
    { kind: "primary key", name: primaryKey.name, columns: primaryKey.columns },
    ...sortedBy(entity.uniques, (unique) => unique.name).map(
      (unique): TableConstraint => ({ kind: "unique", name: unique.name, columns: unique.columns }),
    ),
    ...checks.flatMap((check): TableConstraint[] => {
      if ("sql" in check) return [{ kind: "check", name: check.name, expression: check.sql }];
      const source = expressions.model.ruleSource(entity, check.name);
      const environment = sameRowEnvironment(expressions.model, entity);
      const expression = expressions.rule(check.expression, environment, source);
      return expression === undefined ? [] : [{ kind: "check", name: check.name, expression }];
    }),
  ];
}

function compileForeignKey(
  entity: Entity,
  key: Entity["foreignKeys"][number],
  model: ModelIndex,
): ForeignKeyConstraint {
  const tenant = tenantColumn(entity);
  // The tenant's column is part of the row's own key and stays.
  const nullable = key.columns.filter((name) => name !== tenant || key.columns.length === 1);
  return {
    kind: "foreign key",
    name: key.name,
    columns: key.columns,
    references: { table: model.name(key.references.table), columns: key.references.columns },
    onDelete: key.onDelete === "set null" ? { setNull: nullable } : key.onDelete,
  };
}
