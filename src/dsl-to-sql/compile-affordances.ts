/**
 * What an actor may do with a row that he has read: `app.invoice_can(app.invoice)`, made of the same conditions as
 * policies and action functions.
 *
 * It returns a table of one row and is parsed when it is made, without a SET clause, so that behind `from` PostgreSQL puts
 * its body in the place of the call: what it asks of the actor is asked once per statement, and a column that nobody reads
 * is never computed. A function that returns one value could not be: PostgreSQL inlines none that holds a sub-select.
 *
 *     select i.number, can."update", can.transitions from app.invoice as i, app.invoice_can(i) as can
 */
import { type Action, type Entity, objectName } from "../model/index.ts";
import {
  array,
  binary,
  call,
  column,
  derived,
  inList,
  is,
  literal,
  type SqlExpression,
  select,
} from "../sql-ast/expressions.ts";
import type { FieldRules, RowRules } from "./compile-row-rules.ts";
import type { CompiledPart } from "./compile-rules.ts";
import { addExecuteGrants } from "./helper-functions.ts";
import { fieldOf, type ModelIndex, sortedBy, storedColumn } from "./model-index.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { type Demand, demandsOfRules, firstRefusal } from "./refusals.ts";
import { ACTORS, tenancyText, withinOwnTenant } from "./standing-policies.ts";
import type { StatementList } from "./statement-list.ts";

/** `invoice_can` */
export const affordancesFunctionName = ({ table }: Entity): string => objectName(table, "can");

const COLUMNS = [
  { name: "update", type: "boolean" },
  { name: "delete", type: "boolean" },
  { name: "fields", type: "jsonb" },
  { name: "transitions", type: "jsonb" },
  { name: "update_reason", type: "text" },
  { name: "delete_reason", type: "text" },
  { name: "leave_reason", type: "text" },
] as const;

/** The alias of the row of reasons. Within it, the table's name is the function's parameter. */
const REASONS = "can";

export function compileAffordances(entity: Entity, rules: RowRules, list: StatementList): void {
  const { model } = list;
  const table = model.table(entity);
  const name = model.name(affordancesFunctionName(entity));
  const reference = { type: "function", name, parameters: [table] } as const;
  const reasons = new Reasons(entity, rules, model);
  const body = reasons.select();
  const common = { entity: entity.name, source: entity.name, role: "enginejs_reader" } as const;
  const why = `what the actor may do with a row of ${entity.name}, and why not`;
  list.add(
    {
      kind: "create function",
      function: name,
      parameters: [{ name: entity.table, type: table }],
      returns: { columns: COLUMNS },
      language: "sql",
      volatility: "stable",
      securityDefiner: false,
      parallelSafe: true,
      settings: [],
      body: { kind: "atomic", select: body },
    },
    {
      ...common,
      kind: "function",
      object: objectIdentity(reference),
      phase: "functions",
      dependsOn: [tableIdentity(table), ...reasons.dependsOn()],
      why,
    },
  );
  addExecuteGrants(list, reference, ACTORS, common);
  list.comment({ on: reference, text: [why], ...common });
}

class Reasons {
  private readonly entity: Entity;
  private readonly rules: RowRules;
  private readonly model: ModelIndex;
  private readonly columns: { value: SqlExpression; alias: string }[] = [];
  private readonly used = new Set<string>();

  constructor(entity: Entity, rules: RowRules, model: ModelIndex) {
    this.entity = entity;
    this.rules = rules;
    this.model = model;
  }

  dependsOn(): string[] {
    return [...this.used].sort();
  }

  /** The reasons are computed once, in a row that `limit 1` keeps from being copied to each place that reads them. */
  select() {
    const update = this.reason("update_reason", this.update());
    const remove = this.reason("delete_reason", this.demandsOf("delete"));
    const leave = this.reason("leave_reason", this.left());
    const transitions = sortedBy(this.entity.actions, ({ name }) => name).map((action, i) =>
      this.transition(action, `action_${i + 1}`),
    );
    const fields = this.rules.fields.map((field, i) => this.field(field, update, i + 1));
    const values: Readonly<Record<(typeof COLUMNS)[number]["name"], SqlExpression>> = {
      update: is(update, "null"),
      delete: is(remove, "null"),
      fields: jsonList(fields),
      transitions: jsonList(transitions),
      update_reason: update,
      delete_reason: remove,
      leave_reason: leave,
    };
    return select({
      columns: COLUMNS.map(({ name }) => ({ value: values[name], alias: name })),
      from: derived(select({ columns: this.columns, limit: 1 }), REASONS),
    });
  }

  private reason(alias: string, demands: readonly Demand[]): SqlExpression {
    this.columns.push({ value: firstRefusal(demands), alias });
    return column(REASONS, alias);
  }

  private use(condition: CompiledPart): SqlExpression {
    for (const id of condition.dependsOn) this.used.add(id);
    return condition.sql;
  }

  private demandsOf(command: "update" | "delete"): Demand[] {
    const rules = this.rules.commands.get(command) ?? { allows: [], denies: [] };
    for (const rule of [...rules.allows, ...rules.denies]) this.use(rule.using);
    return [...this.tenancy(command), ...demandsOfRules(`${this.entity.name}.${command}`, rules)];
  }

  private update(): Demand[] {
    const { entity } = this;
    if (hasUpdatableFields(entity)) return this.demandsOf("update");
    return [{ condition: literal(false), reason: literal(`${entity.name} has no field that can be changed`) }];
  }

  /** Only memberships are read beyond the tenant of the request. */
  private tenancy(what: string): Demand[] {
    const { entity, model } = this;
    const own = entity === model.membership?.entity ? withinOwnTenant(entity, model) : undefined;
    if (own === undefined) return [];
    return [{ condition: own, reason: literal(`${entity.name}.${what} is for: ${tenancyText(entity, model)}`) }];
  }

  /** Of a row as an update would leave it: it must pass the checks, and its writer must still see it. */
  private left(): Demand[] {
    const what = `what ${this.entity.name}.update would leave behind`;
    const none = { allows: [], denies: [] };
    const update = this.rules.commands.get("update") ?? none;
    const read = this.rules.commands.get("read") ?? none;
    for (const rule of [...update.allows, ...update.denies]) this.use(rule.check);
    for (const rule of [...read.allows, ...read.denies]) this.use(rule.using);
    return [...demandsOfRules(what, update, ({ check }) => check), ...demandsOfRules(`to read ${what}`, read)];
  }

  private transition(action: Action, alias: string): SqlExpression {
    const { entity } = this;
    const rules = this.rules.actions.get(action.name) ?? { allows: [], denies: [] };
    for (const rule of [...rules.allows, ...rules.denies]) this.use(rule.using);
    const reason = this.reason(alias, [
      ...this.tenancy(action.name),
      ...demandsOfRules(`${entity.name}.${action.name}`, rules),
      ...stateDemand(entity, action),
      ...(this.rules.guards.get(action.name) ?? []).flatMap(({ message, condition, needsInput }): Demand[] =>
        needsInput ? [] : [{ condition: this.use(condition), reason: literal(message) }],
      ),
    ]);
    return jsonObject({ name: literal(action.name), allowed: is(reason, "null"), reason });
  }

  private field({ field, read, write, empty, fixed }: FieldRules, update: SqlExpression, n: number): SqlExpression {
    const what = `${this.entity.name}.${field.name}`;
    const name = literal(field.name);
    const mayRead =
      read &&
      this.reason(`read_${n}`, [
        { condition: this.use(read.condition), reason: literal(`to read ${what} is for: ${read.sentence}`) },
      ]);
    const demands: Demand[] = [
      ...(write
        ? [{ condition: this.use(write.condition), reason: literal(`${what} is for: ${write.sentence}`) }]
        : []),
      ...(empty ? [{ condition: this.use(empty), reason: literal(`${what} keeps the value that it has`) }] : []),
    ];
    const mayWrite = demands.length === 0 ? undefined : this.reason(`write_${n}`, demands);
    // Of a field in a table of its own, who may not read it may not write it either.
    const refusals = [mayRead, fixed === undefined ? update : literal(`${what} ${fixed}`, "text"), mayWrite];
    const refusal = firstOf(refusals.filter((refusal) => refusal !== undefined));
    return jsonObject({
      name,
      read: mayRead === undefined ? literal(true) : is(mayRead, "null"),
      update: fixed === undefined ? is(refusal, "null") : literal(false),
      reason: refusal,
    });
  }
}

/** Whether there is a field at all that an update could change. */
export const hasUpdatableFields = ({ fields }: Entity): boolean =>
  fields.some(({ storage, writable }) => (storage.kind === "column" || storage.kind === "side") && writable.update);

/** "is paid; pay starts from: sent" */
function stateDemand(entity: Entity, { name, transition }: Action): Demand[] {
  if (transition === undefined) return [];
  const state = column(entity.table, storedColumn(fieldOf(entity, transition.field)));
  const from = transition.from.map((state) => literal(state));
  const rest = literal(`; ${name} starts from: ${transition.from.join(", ")}`);
  return [{ condition: inList(state, from), reason: binary("||", binary("||", literal("is "), state), rest) }];
}

const firstOf = (values: readonly SqlExpression[]): SqlExpression =>
  values.length === 1 && values[0] !== undefined ? values[0] : call("coalesce", ...values);

const jsonObject = (members: Readonly<Record<string, SqlExpression>>): SqlExpression =>
  call("jsonb_build_object", ...Object.entries(members).flatMap(([name, value]) => [literal(name, "text"), value]));

/** As an array: a function takes a hundred arguments and no more. */
const jsonList = (items: readonly SqlExpression[]): SqlExpression => call("to_jsonb", array(items, "jsonb[]"));
