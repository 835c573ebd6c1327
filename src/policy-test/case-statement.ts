/** A case as the statement that asks it of PostgreSQL. */
import { type Authorization, isHeld } from "../authorization/index.ts";
import type { Value } from "../expression/index.ts";
import type { Entity, Field } from "../model/index.ts";
import { quoteIdentifier, quoteLiteral } from "../sql-ast/quote.ts";
import { actionStates, type Case } from "./case.ts";
import { sqlValue } from "./sql-value.ts";

/** Whether the answer is the keys of the rows, not their number. */
export const answersKeys = ({ command }: Case): boolean =>
  command === "select" || command === "select field" || command === "action";

export function caseStatement(authorization: Authorization, question: Case): string {
  const entity = authorization.entity(question.entity);
  const writer = new StatementWriter(authorization, entity);
  switch (question.command) {
    case "select":
      return `select ${writer.key()} as key from ${writer.table()}`;
    case "select field":
      return `select ${writer.key()} as key from ${writer.sideTable(question.field)}`;
    case "update field": {
      const set = writer.assignments({ [question.field]: question.value });
      return `update ${writer.sideTable(question.field)} set ${set} where id = ${quoteLiteral(question.id)}`;
    }
    case "insert":
      return `${writer.insert(question.values)}${writer.returning(question.returning)}`;
    case "upsert": {
      const conflict = question.columns.map(quoteIdentifier).join(", ");
      return `${writer.insert(question.values)} on conflict (${conflict}) do update set ${writer.assignments(question.set)}`;
    }
    case "update": {
      const where = question.id === undefined ? "" : ` where id = ${quoteLiteral(question.id)}`;
      return `update ${writer.table()} set ${writer.assignments(question.set)}${where}${writer.returning(question.returning)}`;
    }
    case "delete":
      return `delete from ${writer.table()} where id = ${quoteLiteral(question.id)}`;
    case "action":
      return writer.action(question.action, question.id, question.input);
    default:
      return question satisfies never;
  }
}

class StatementWriter {
  private readonly authorization: Authorization;
  private readonly entity: Entity;

  constructor(authorization: Authorization, entity: Entity) {
    this.authorization = authorization;
    this.entity = entity;
  }

  table(name = this.entity.table): string {
    return `${quoteIdentifier(this.authorization.model.system.schema)}.${quoteIdentifier(name)}`;
  }

  sideTable(name: string): string {
    const { storage } = this.authorization.model.field(this.entity, name);
    if (storage.kind !== "side") throw new TypeError(`${this.entity.name}.${name} lies in no side table`);
    return this.table(storage.table);
  }

  key(): string {
    return `concat_ws('/', ${this.entity.primaryKey.columns.map(quoteIdentifier).join(", ")})`;
  }

  returning(wanted: boolean): string {
    return wanted ? ` returning ${this.key()} as key` : "";
  }

  insert(values: Readonly<Record<string, Value>>): string {
    const given = this.given(values);
    const columns = given.map(([field]) => columnName(field)).join(", ");
    return `insert into ${this.table()} (${columns}) values (${given.map(([field, value]) => sqlValue(field, value)).join(", ")})`;
  }

  assignments(values: Readonly<Record<string, Value>>): string {
    return this.given(values)
      .map(([field, value]) => `${columnName(field)} = ${sqlValue(field, value)}`)
      .join(", ");
  }

  action(name: string, id: string, input: Readonly<Record<string, Value>>): string {
    const action = this.entity.actions.find((candidate) => candidate.name === name);
    if (action === undefined) throw new TypeError(`${this.entity.name} has no action ${name}`);
    const values = action.input.map((field) => sqlValue(field, input[field.name] ?? null));
    const state = actionStates(this.entity, name).map(columnName);
    const key = [...this.entity.primaryKey.columns.map(quoteIdentifier), ...state].join(", ");
    return `select concat_ws('/', ${key}) as key from ${this.table(action.function)}(${[`${quoteLiteral(id)}::uuid`, ...values].join(", ")})`;
  }

  private given(values: Readonly<Record<string, Value>>): (readonly [Field, Value])[] {
    return Object.entries(values).map(([name, value]) => [this.authorization.model.field(this.entity, name), value]);
  }
}

export function columnName(field: Field): string {
  if (!isHeld(field) || !("column" in field.storage)) throw new TypeError(`the field ${field.name} is not stored`);
  return quoteIdentifier(field.storage.column);
}
