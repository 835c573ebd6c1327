/**
 * Writing an entity that has side fields: `app.create_employee(given)` and
 * `app.update_employee(id, given)`, whose values are JSON by the names of
 * columns, those of side tables among them; what is not named keeps its value,
 * or gets its default. One call, one transaction: a value that is refused
 * refuses the whole.
 *
 * They run as whoever calls them, with nothing but his rights: every policy,
 * grant and trigger speaks as it does for a plain statement.
 */
import { type Entity, type Field, objectName } from "../model/index.ts";
import {
  and,
  binary,
  branch,
  call,
  caseWhen,
  column,
  table as fromTable,
  is,
  literal,
  not,
  type QualifiedName,
  type SqlExpression,
  select,
  star,
} from "../sql-ast/expressions.ts";
import type { PlpgsqlStatement } from "../sql-ast/plpgsql.ts";
import type { FunctionParameter } from "../sql-ast/statements.ts";
import { refuseWhen } from "./action-statements.ts";
import { compileDefault } from "./compile-default.ts";
import { updatableColumns, writableColumns } from "./compile-grants.ts";
import type { EntityRules, PolicyParts } from "./compile-rules.ts";
import { once, tenantIdCall } from "./environments.ts";
import { addExecuteGrants } from "./helper-functions.ts";
import { type LeftBehind, updateLeftBehind } from "./left-behind.ts";
import { idColumn, isStored, tenantColumn } from "./model-index.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { PINNED_SEARCH_PATH } from "./pinned-search-path.ts";
import { refuseUnknownKeys } from "./refuse-unknown-keys.ts";
import {
  isWritable,
  keyColumns,
  ownerRow,
  type SideField,
  sameKey,
  sideFields,
  writeFunctionName,
  writersOf,
} from "./side-fields.ts";
import { tablesOf } from "./sql-usage.ts";

export function compileWriteFunctions(entity: Entity, rules: EntityRules, parts: PolicyParts): void {
  if (sideFields(entity).length === 0) return;
  new WriteFunction(entity, "create", rules, parts).add();
  new WriteFunction(entity, "update", rules, parts).add();
}

/** Whether the row may be left as it is. No table begins with an underscore. */
const LEAVES = "_leaves";

class WriteFunction {
  private readonly entity: Entity;
  private readonly command: "create" | "update";
  private readonly parts: PolicyParts;
  private readonly name: string;
  private readonly table: QualifiedName;
  private readonly fields: readonly SideField[];
  /** Where the row itself may have to change before its fields of other tables. */
  private readonly left: LeftBehind | undefined;
  /** The variable that holds the row. */
  private readonly target: string;

  constructor(entity: Entity, command: "create" | "update", rules: EntityRules, parts: PolicyParts) {
    this.entity = entity;
    this.command = command;
    this.parts = parts;
    this.name = writeFunctionName(entity, command);
    this.table = parts.list.model.table(entity);
    this.fields = sideFields(entity).filter((field) => isWritable(field, command));
    const changes = command === "update" && this.fields.length > 0 && updatableColumns(entity).length > 0;
    this.left = changes ? updateLeftBehind(rules) : undefined;
    this.target = this.variable("target_row");
  }

  /** The variable that holds what was given, in the shape of a table. */
  private given(table: string): string {
    return this.variable(objectName("given", table));
  }

  /** A name that no table has which the function names: a variable would hide its columns. */
  private variable(name: string): string {
    const asked = (this.left?.conditions ?? []).flatMap(tablesOf);
    const taken = [this.table.name, ...this.fields.map(({ storage }) => storage.table), ...asked];
    return taken.includes(name) ? this.variable(objectName(name, "value")) : name;
  }

  add(): void {
    const { entity, command, table, fields } = this;
    const { list } = this.parts;
    const name = list.model.name(this.name);
    const parameters = this.parameters();
    const reference = { type: "function", name, parameters: parameters.map((p) => p.type) } as const;
    const object = objectIdentity(reference);
    const common = { entity: entity.name, source: entity.name, role: "enginejs_reader" } as const;
    const tables = [table, ...fields.map(({ storage }) => list.model.name(storage.table))];
    const why = `${command === "create" ? "makes" : "changes"} a row of ${entity.name} together with its fields of other tables`;
    list.add(
      {
        kind: "create function",
        function: name,
        parameters,
        returns: table,
        language: "plpgsql",
        volatility: "volatile",
        securityDefiner: false,
        settings: PINNED_SEARCH_PATH,
        body: {
          kind: "block",
          block: {
            kind: "block",
            declarations: [
              { name: this.target, type: table },
              ...tables.map((type) => ({ name: this.given(type.name), type })),
              ...(this.left === undefined ? [] : [{ name: LEAVES, type: "boolean" }]),
            ],
            statements: this.statements(tables),
          },
        },
      },
      {
        ...common,
        kind: "function",
        object,
        phase: "functions",
        dependsOn: [...tables.map(tableIdentity), ...(this.left?.dependsOn ?? [])],
        why,
      },
    );
    addExecuteGrants(list, reference, ["enginejs_anonymous", "enginejs_user", "enginejs_system"], common);
    list.comment({ on: reference, text: [why], ...common });
  }

  private parameters(): FunctionParameter[] {
    const { entity, command } = this;
    const values: FunctionParameter = { name: "given", type: "jsonb" };
    const id = keyColumns(entity).at(-1);
    return command === "create" ? [values] : [{ name: "id", type: id?.type ?? "uuid" }, values];
  }

  private statements(tables: readonly QualifiedName[]): PlpgsqlStatement[] {
    // The types of the columns turn JSON into values; what does not fit is refused as the types refuse it.
    const read = tables.map(({ name }): PlpgsqlStatement => {
      const variable = this.given(name);
      const value = call("jsonb_populate_record", column(undefined, variable), this.parameter("given"));
      return { kind: "assign", variable, value };
    });
    const parts = this.command === "create" ? [this.insert(), ...this.sides()] : [...this.find(), ...this.changes()];
    const { entity, fields } = this;
    const columns = this.command === "create" ? writableColumns(entity, "create") : updatableColumns(entity);
    const known = [...columns, ...fields.map(({ storage }) => storage.column)];
    const refused = refuseUnknownKeys(entity.name, this.parameter("given"), known);
    return [refused, ...read, ...parts, { kind: "return", value: column(undefined, this.target) }];
  }

  /** Qualified by the function: tables and columns may have the same name. */
  private parameter(name: string): SqlExpression {
    return column(this.name, name);
  }

  private isGiven(name: string): SqlExpression {
    return is(binary("->", this.parameter("given"), literal(name)), "not null");
  }

  private defaultOf(field: Field): SqlExpression {
    const { expressions } = this.parts;
    return compileDefault(field, `${this.entity.name}.fields.${field.name}`, expressions) ?? literal(null);
  }

  private insert(): PlpgsqlStatement {
    const { entity, table } = this;
    const columns = writableColumns(entity, "create");
    return {
      kind: "insert",
      table,
      alias: table.name,
      columns,
      select: select({
        columns: columns.map((name) => ({
          value: this.either(name, this.defaultOf(this.fieldOf(name))),
        })),
      }),
      returningInto: this.target,
    };
  }

  private either(name: string, otherwise: SqlExpression): SqlExpression {
    return caseWhen([branch(this.isGiven(name), column(this.given(this.table.name), name))], otherwise);
  }

  private fieldOf(name: string): Field {
    const field = this.entity.fields.find((candidate) => isStored(candidate) && candidate.storage.column === name);
    if (field === undefined) throw new TypeError(`${this.entity.name} has no column ${name}`);
    return field;
  }

  /** The row, if the actor may change it: what cannot be found and what is not to be changed are one answer. */
  private find(): PlpgsqlStatement[] {
    const { entity, table } = this;
    const tenant = tenantColumn(entity);
    const where = and(
      ...(tenant === undefined ? [] : [binary("=", column(table.name, tenant), once(tenantIdCall))]),
      binary("=", column(table.name, idColumn(entity)), this.parameter("id")),
    );
    return [
      {
        kind: "select into",
        select: select({
          columns: [{ value: star(table.name) }],
          from: fromTable(table, table.name),
          where,
          forKeyShare: true,
        }),
        into: this.target,
      },
      this.refuseMissing(),
    ];
  }

  private refuseMissing(): PlpgsqlStatement {
    const message = literal(`there is no ${this.entity.name} with this id`);
    return refuseWhen(not(column(undefined, "found")), "EJ404", message, { column: "id" });
  }

  /**
   * What the fields of other tables ask of the row they ask of it as it is before it changes. Only a row that may not stay
   * as it is changes first: no value can be given to it before.
   */
  private changes(): PlpgsqlStatement[] {
    const { entity, left } = this;
    if (left === undefined) return [...this.sides(), ...this.update()];
    const leaves = column(undefined, LEAVES);
    const value = ownerRow(entity, this.target, this.parts.list.model, left.conditions);
    return [
      { kind: "assign", variable: LEAVES, value },
      ...this.sides(leaves),
      ...this.update(),
      ...this.sides(not(leaves)),
    ];
  }

  /** Each value that is given; the policies of its table say whether it may be. */
  private sides(...when: readonly SqlExpression[]): PlpgsqlStatement[] {
    const { entity, command } = this;
    const { model } = this.parts.list;
    return this.fields.map((field): PlpgsqlStatement => {
      const { table, column: name } = field.storage;
      const value = column(this.given(table), name);
      const refused = refuseWhen(
        not(column(undefined, "found")),
        "42501",
        literal(`${entity.name}.${field.name} is for: ${writersOf(field)}`),
        { column: name, detail: { field: field.name, rule: writersOf(field) } },
      );
      // What a new row has anyway needs no right.
      const differs = command === "create" ? [binary("is distinct from", value, this.defaultOf(field))] : [];
      return {
        kind: "if",
        branches: [
          {
            when: and(...when, this.isGiven(name), ...differs),
            body: [
              {
                kind: "update",
                table: model.name(table),
                alias: table,
                set: [{ column: name, value }],
                where: and(...sameKey(entity, table, this.target)),
              },
              refused,
            ],
          },
        ],
      };
    });
  }

  /** Also where only a side field was given: the row's time of change is that of all its fields. */
  private update(): PlpgsqlStatement[] {
    const { entity, table } = this;
    const columns = updatableColumns(entity);
    if (columns.length === 0) return [];
    return [
      {
        kind: "update",
        table,
        alias: table.name,
        set: columns.map((name) => ({ column: name, value: this.either(name, column(table.name, name)) })),
        where: and(...sameKey(entity, table.name, this.target)),
        returningInto: this.target,
      },
      this.refuseMissing(),
    ];
  }
}
