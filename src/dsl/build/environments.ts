/**
 * What the names of an expression stand for, in each place that a model has for
 * one. The DSL only checks; what the compiler and the worker put in their place
 * is theirs, so that the SQL here is a placeholder that nobody prints.
 */
import type { Catalog, Environment, ExpressionType, Variable } from "../../expression/index.ts";
import { type Entity, expressionType, type Field, type System } from "../../model/index.ts";
import { schemaType } from "../../model/schema-types.ts";
import { literal } from "../../sql-ast/expressions.ts";

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

/** Whether an event of an update names the field where it has changed: also one whose value no event holds, never the time of it. */
const isNamed = ({ storage }: Field): boolean => "column" in storage && storage.column !== "updated_at";

const ACTOR_KINDS = ["anonymous", "key", "service", "user"];

/** As an enum, so that a misspelt name is found here and not in production. */
const oneOf = (values: readonly string[]): ExpressionType =>
  values.length === 0 ? { kind: "string" } : { kind: "enum", values };

export class Environments {
  private readonly system: System;
  private readonly catalog: Catalog;
  private readonly permissions: readonly string[];

  /** @param permissions all that there are: `"Invoice.pay"`, `"reports.export"` */
  constructor(system: System, catalog: Catalog, permissions: readonly string[]) {
    this.system = system;
    this.catalog = catalog;
    this.permissions = permissions;
  }

  /** Who acts, as far as it is known everywhere: in a column's DEFAULT and a trigger's condition, too. */
  private actorFields(): Readonly<Record<string, Variable>> {
    const roles = oneOf(this.system.roles.map(({ name }) => name));
    return {
      id: value({ kind: "uuid" }, true),
      tenantId: value({ kind: "uuid" }, true),
      kind: value(oneOf(ACTOR_KINDS), false),
      roles: value({ kind: "list", of: roles }, false),
    };
  }

  private actor(): Variable {
    return record(this.actorFields());
  }

  /** What a request brings: the actor with his permissions and claims, the request itself, the flags. */
  private request(): Readonly<Record<string, Variable>> {
    const { actor, flags } = this.system;
    const claims = (actor?.claims ?? []).map(({ name, type: { list, scalar } }): [string, Variable] => [
      name,
      list ? value({ kind: "list", of: { kind: scalar } }, false) : value({ kind: scalar }, true),
    ]);
    return {
      actor: record({
        ...this.actorFields(),
        permissions: value({ kind: "list", of: oneOf(this.permissions) }, false),
        claims: record(Object.fromEntries(claims)),
      }),
      request: record({
        time: value({ kind: "timestamp" }, false),
        origin: value({ kind: "string" }, true),
        ip: value({ kind: "string" }, true),
      }),
      flags: record(Object.fromEntries(flags.map(({ name }) => [name, value({ kind: "bool" }, false)]))),
    };
  }

  /** Policies, rules of actions and fields, guards: `row`, `actor`, `request`, `flags`; a guard also has `input`. */
  condition(entity: string, input?: readonly Field[]): Environment {
    const variables = { row: row(entity), ...this.request() };
    return {
      catalog: this.catalog,
      variables: input === undefined ? variables : { ...variables, input: this.input(input) },
    };
  }

  /** Claims: `actor`, which here is the actor's row. */
  claim(entity: string): Environment {
    return { catalog: this.catalog, variables: { actor: row(entity) } };
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

  /** A trigger's condition: `actor`, and of `before`, `after` and `changed` what the event has. */
  trigger(entity: Entity, parts: readonly ("before" | "after" | "changed")[]): Environment {
    const stored = this.stored(entity);
    const changed = record(
      Object.fromEntries(entity.fields.filter(isNamed).map(({ name }) => [name, value({ kind: "bool" }, false)])),
    );
    const row = Object.fromEntries(parts.map((part) => [part, part === "changed" ? changed : stored]));
    return { catalog: this.catalog, variables: { ...row, actor: this.actor() } };
  }

  /** What every step sees: no request has caused it, so that of `request` there is the time only. */
  private stepRequest(): Readonly<Record<string, Variable>> {
    return { ...this.request(), request: record({ time: value({ kind: "timestamp" }, false) }) };
  }

  /** A step: `event`, `record`, `actor`, `request.time`, `flags` and the results of earlier steps. */
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
      variables: { ...results, event, record: row(entity.name, true), ...this.stepRequest() },
    };
  }

  /** A step of a workflow that no record starts: what it was given by `input`, a JSON Schema, and the same. */
  givenStep(input: unknown, results: Readonly<Record<string, Variable>>): Environment {
    return { catalog: this.catalog, variables: { ...results, input: this.output(input), ...this.stepRequest() } };
  }

  /** The row that a create step has made. */
  readonly result = (entity: string): Variable => row(entity);

  /** What a task has returned. */
  output(schema: unknown): Variable {
    return value(schemaType(schema), true);
  }

  /** What a step gives as several values: those of one type, and those that a JSON Schema describes. */
  results(types: Readonly<Record<string, ExpressionType>>, schemas: Readonly<Record<string, unknown>>): Variable {
    const typed = Object.entries(types).map(([name, type]) => [name, value(type, true)]);
    const described = Object.entries(schemas).map(([name, schema]) => [name, this.output(schema)]);
    return record(Object.fromEntries([...typed, ...described]));
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
