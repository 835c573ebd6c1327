/**
 * What the names of an expression stand for, in each place that a model has for
 * one. The DSL only checks; what the compiler and the worker put in their place
 * is theirs, so that the SQL here is a placeholder that nobody prints.
 */
import type { Catalog, Environment, ExpressionType, Variable } from "../../expression/index.ts";
import { type Entity, expressionType, type Field, type System } from "../../model/index.ts";
import { literal } from "../../sql-ast/expressions.ts";
import { propertyType, schemaProperties } from "./json-schema.ts";

const value = (type: ExpressionType, nullable: boolean): Variable => ({
  kind: "value",
  type,
  nullable,
  sql: literal(null),
});

const record = (fields: Readonly<Record<string, Variable>>): Variable => ({ kind: "record", fields });

const row = (entity: string, nullable = false): Variable => ({ kind: "row", entity, nullable, alias: entity });

/** A field's value outside its row: a reference is the id of the other row. */
const fieldValue = ({ type, required }: Field): Variable =>
  type.kind === "one" ? record({ id: value({ kind: "uuid" }, !required) }) : value(expressionType(type), !required);

export class Environments {
  private readonly system: System;
  private readonly catalog: Catalog;

  constructor(system: System, catalog: Catalog) {
    this.system = system;
    this.catalog = catalog;
  }

  private actor(): Variable {
    const names = this.system.roles.map(({ name }) => name);
    // As an enum, so that a misspelt role is found here and not in production.
    const role: ExpressionType = names.length === 0 ? { kind: "string" } : { kind: "enum", values: names };
    return record({
      id: value({ kind: "uuid" }, true),
      tenantId: value({ kind: "uuid" }, true),
      roles: value({ kind: "list", of: role }, false),
    });
  }

  /** Policies, rules and guards: `row` and `actor`; a guard also has `input`. */
  rowAndActor(entity: string, input?: readonly Field[]): Environment {
    const variables = { row: row(entity), actor: this.actor() };
    return {
      catalog: this.catalog,
      variables: input === undefined ? variables : { ...variables, input: this.input(input) },
    };
  }

  /** Virtual fields: `row`. */
  row(entity: string): Environment {
    return { catalog: this.catalog, variables: { row: row(entity) } };
  }

  /** CHECKs, generated columns, partial indexes: the scalars of `row`. */
  sameRow(entity: string): Environment {
    return { catalog: this.catalog, variables: { row: row(entity) }, sameRowOnly: true };
  }

  /** Defaults: `actor`. */
  default(): Environment {
    return { catalog: this.catalog, variables: { actor: this.actor() } };
  }

  /** A trigger's condition: `before`, `after` and `actor`. */
  trigger(entity: Entity): Environment {
    const stored = this.stored(entity);
    return { catalog: this.catalog, variables: { before: stored, after: stored, actor: this.actor() } };
  }

  /** A step: `event`, `record`, `actor` and the results of earlier steps. */
  step(entity: Entity, input: readonly Field[] | undefined, results: Readonly<Record<string, Variable>>): Environment {
    const stored = this.stored(entity);
    const event = record({
      before: stored,
      after: stored,
      ...(input === undefined ? {} : { input: this.input(input) }),
    });
    return {
      catalog: this.catalog,
      // The record may be gone, or hidden from the run's actor.
      variables: { ...results, event, record: row(entity.name, true), actor: this.actor() },
    };
  }

  /** The row that a create step has made. */
  readonly result = (entity: string): Variable => row(entity);

  /** What a task has returned. */
  output(schema: unknown): Variable {
    const properties = schemaProperties(schema);
    if (properties === undefined) return value({ kind: "json" }, true);
    return record(
      Object.fromEntries(
        properties.map(({ name, schema: part }) => [
          name,
          schemaProperties(part) === undefined ? value(propertyType(part), true) : this.output(part),
        ]),
      ),
    );
  }

  private input(fields: readonly Field[]): Variable {
    return record(
      Object.fromEntries(
        fields.map((field) => [
          field.name,
          field.type.kind === "one"
            ? value({ kind: "uuid" }, !field.required)
            : value(expressionType(field.type), !field.required),
        ]),
      ),
    );
  }

  /** The stored columns of a row, as values. */
  private stored(entity: Entity): Variable {
    const stored = entity.fields.filter(({ storage }) => storage.kind === "column" || storage.kind === "generated");
    return record(Object.fromEntries(stored.map((field) => [field.name, fieldValue(field)])));
  }
}
