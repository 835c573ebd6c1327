/**
 * Every rule that speaks about a command, with its verdict and what it is made of: `app.explain_invoice(command, id)`,
 * for the actor that the settings name. `enginejs.explain` sets him, asks, and says what follows.
 *
 * A definer's function of enginejs_reader, which sees the true rows: for builders, never for actors.
 */
import { type Action, type Command, type Entity, objectName } from "../model/index.ts";
import {
  and,
  array,
  binary,
  branch,
  call,
  caseWhen,
  column,
  derived,
  table as fromTable,
  inList,
  is,
  literal,
  or,
  type SelectNode,
  type SqlExpression,
  select,
} from "../sql-ast/expressions.ts";
import { hasUpdatableFields } from "./compile-affordances.ts";
import type { RowRules } from "./compile-row-rules.ts";
import type { CompiledPart, CompiledRule, CompiledRules } from "./compile-rules.ts";
import type { ConditionTerm } from "./condition-terms.ts";
import { once, tenantIdCall } from "./environments.ts";
import { addExecuteGrants } from "./helper-functions.ts";
import { saysWhatIsLeft } from "./left-behind.ts";
import { fieldOf, idColumn, type ModelIndex, sortedBy, storedColumn } from "./model-index.ts";
import { dotted, objectIdentity } from "./object-identity.ts";
import { tablesOf } from "./sql-usage.ts";
import { ownMembership, tenancyText, withinOwnTenant } from "./standing-policies.ts";
import type { StatementList } from "./statement-list.ts";

/** `explain_invoice` */
const explainFunctionName = ({ table }: Entity): string => objectName("explain", table);

/** What each line of an explanation holds; sql/functions/explain_rules.sql says the same. */
const COLUMNS = [
  { name: "ordinal", type: "integer" },
  { name: "rule", type: "text" },
  { name: "effect", type: "text" },
  { name: "aspect", type: "text" },
  { name: "verdict", type: "boolean" },
  { name: "failed", type: "text" },
  { name: "terms", type: "jsonb" },
  { name: "source", type: "text" },
] as const;

/**
 * What a line does to the verdict. One `allow` must be true and no `deny`; `tenancy`, `state`, `guard` and `column` must be
 * true; a `field` counts where the command names the field. What an update's rules say of what is left behind depends on
 * the change: it is told, and denies nothing.
 */
type Effect = "allow" | "deny" | "tenancy" | "state" | "guard" | "column" | "field";

/** What may be touched, or what may be left behind. */
type Aspect = "touch" | "leave";

interface Line {
  readonly speaks: SqlExpression;
  readonly rule: string;
  readonly effect: Effect;
  readonly aspect: Aspect;
  readonly terms: readonly ConditionTerm[];
  readonly source: string;
}

/** Aliases that no table has: those begin with a letter. */
const LINES = "_lines";
const JUDGED = "_judged";
const ASKED = "_asked";

export function compileExplain(entity: Entity, rules: RowRules, list: StatementList): void {
  const { model } = list;
  const table = model.table(entity);
  const name = model.name(explainFunctionName(entity));
  const reference = { type: "function", name, parameters: ["text", "uuid"] } as const;
  const explanation = new EntityExplanation(entity, rules, model, name.name);
  const body = explanation.select();
  const common = { entity: entity.name, source: entity.name, role: "enginejs_reader" } as const;
  const why = `every rule that speaks about a row of ${entity.name}, and its verdict`;
  list.add(
    {
      kind: "create function",
      function: name,
      parameters: [
        { name: "command", type: "text" },
        { name: "id", type: "uuid" },
      ],
      returns: { columns: COLUMNS },
      language: "sql",
      volatility: "stable",
      securityDefiner: true,
      settings: [{ name: "search_path", value: "" }],
      body: { kind: "select", select: body },
    },
    {
      ...common,
      kind: "function",
      object: objectIdentity(reference),
      phase: "functions",
      dependsOn: [
        objectIdentity({ type: "table", name: table }),
        ...tablesOf({ kind: "scalar-select", select: body }).map((read) => `table ${dotted(model.name(read))}`),
        ...explanation.dependsOn(),
      ],
      why,
    },
  );
  addExecuteGrants(list, reference, ["enginejs_owner"], common);
  list.comment({ on: reference, text: [why], ...common });
}

/** `enginejs.explain_rules(entity, command, id)`: the entity's own function, found by its name. */
export function compileExplainRules(list: StatementList): void {
  const { model } = list;
  const name = { schema: "enginejs", name: "explain_rules" };
  const reference = { type: "function", name, parameters: ["text", "text", "uuid"] } as const;
  const selects = model.entities.map((entity) => {
    const fn = model.name(explainFunctionName(entity));
    const lines = call(fn, column(name.name, "command"), column(name.name, "id"));
    return select({
      columns: COLUMNS.map((c) => ({ value: column(LINES, c.name) })),
      from: { kind: "function", call: lines, alias: LINES },
      where: binary("=", column(name.name, "entity"), literal(entity.name)),
    });
  });
  const body = unionAll(selects);
  if (body === undefined) return;
  const functions = model.entities.map((entity) =>
    objectIdentity({ type: "function", name: model.name(explainFunctionName(entity)), parameters: ["text", "uuid"] }),
  );
  list.add(
    {
      kind: "create function",
      function: name,
      parameters: [
        { name: "entity", type: "text" },
        { name: "command", type: "text" },
        { name: "id", type: "uuid" },
      ],
      returns: { columns: COLUMNS },
      language: "sql",
      volatility: "stable",
      securityDefiner: true,
      settings: [{ name: "search_path", value: "" }],
      body: { kind: "select", select: body },
    },
    {
      kind: "function",
      object: objectIdentity(reference),
      phase: "functions",
      role: "enginejs_reader",
      source: model.system.schema,
      dependsOn: functions,
      why: "the rules that speak about a row, of whichever entity it is",
    },
  );
}

class EntityExplanation {
  private readonly entity: Entity;
  private readonly rules: RowRules;
  private readonly model: ModelIndex;
  private readonly functionName: string;

  constructor(entity: Entity, rules: RowRules, model: ModelIndex, functionName: string) {
    this.entity = entity;
    this.rules = rules;
    this.model = model;
    this.functionName = functionName;
  }

  /** Terms call what conditions call: claims, and what goes up a tree. */
  dependsOn(): string[] {
    const { commands, actions, fields, guards } = this.rules;
    const rules = [...commands.values(), ...actions.values()].flatMap(({ allows, denies }) => [...allows, ...denies]);
    const parts = [
      ...rules.flatMap(({ using, check }) => [using, check]),
      ...[...guards.values()].flat().map(({ condition }) => condition),
      ...fields.flatMap(({ read, write, empty }) => [read?.condition, write?.condition, empty]),
    ];
    return [...new Set(parts.flatMap((part) => part?.dependsOn ?? []))].sort();
  }

  select(): SelectNode {
    const lines = [...this.ofCommands(), ...this.ofActions(), ...this.ofFields()];
    const all = unionAll(lines.map((line, i) => this.spoken(line, i + 1)));
    if (all === undefined) throw new TypeError(`${this.entity.name}: every entity has commands to explain`);
    return { ...all, orderBy: [{ value: column(undefined, "ordinal") }] };
  }

  private parameter(name: "command" | "id"): SqlExpression {
    return column(this.functionName, name);
  }

  /** One line, where its command is asked for and the row is there, or none is given: then what depends on one is unknown. */
  private spoken(line: Line, ordinal: number): SelectNode {
    const { entity } = this;
    const id = column(entity.table, idColumn(entity));
    const none = is(this.parameter("id"), "null");
    const value = ({ value, withoutRow }: ConditionTerm): SqlExpression =>
      value === withoutRow ? value : caseWhen([branch(none, withoutRow)], value);
    const judged = call({ schema: "enginejs", name: "explain_terms" }, termsValue(line.terms, value));
    return select({
      columns: columnsOf(line, ordinal),
      from: derived(select({ columns: [{ value: this.parameter("id"), alias: "id" }] }), ASKED),
      joins: [
        {
          type: "left join",
          item: fromTable(this.model.table(entity), entity.table),
          on: binary("=", id, column(ASKED, "id")),
        },
        { type: "join", item: { kind: "function", call: judged, alias: JUDGED }, on: literal(true) },
      ],
      where: and(line.speaks, or(none, is(id, "not null"))),
    });
  }

  /** `update dueAt` is the same, and what the field says. */
  private speaksOf(command: Command): SqlExpression {
    const named = this.parameter("command");
    if (command === "create" || command === "delete") return binary("=", named, literal(command));
    const names = this.rules.fields.map(({ field }) => `${command} ${field.name}`);
    return inList(
      named,
      [command, ...names].map((name) => literal(name)),
    );
  }

  private *ofCommands(): Iterable<Line> {
    const { entity } = this;
    for (const command of ["read", "create", "update", "delete"] as const) {
      const speaks = this.speaksOf(command);
      const rules = this.rules.commands.get(command) ?? { allows: [], denies: [] };
      const aspect = command === "create" ? "leave" : "touch";
      yield* this.tenancy(command, speaks, aspect);
      if (command === "update" && !hasUpdatableFields(entity)) {
        const terms = [known(`${entity.name} has no field that can be changed`, false)];
        yield { speaks, rule: "update", effect: "column", aspect, terms, source: entity.name };
      }
      yield* linesOfRules(entity, rules, speaks, aspect, ({ using, check }) => (command === "create" ? check : using));
      if (command === "update" && saysWhatIsLeft(rules))
        yield* linesOfRules(entity, rules, speaks, "leave", ({ check }) => check);
    }
  }

  private *ofActions(): Iterable<Line> {
    const { entity } = this;
    for (const action of sortedBy(entity.actions, ({ name }) => name)) {
      const speaks = binary("=", this.parameter("command"), literal(action.name));
      const rules = this.rules.actions.get(action.name) ?? { allows: [], denies: [] };
      const source = `${entity.name}.actions.${action.name}`;
      yield* this.tenancy(action.name, speaks, "touch");
      yield* linesOfRules(entity, rules, speaks, "touch", ({ using }) => using);
      yield* stateLine(entity, action, speaks, source);
      for (const { message, condition } of this.rules.guards.get(action.name) ?? []) {
        yield { speaks, rule: message, effect: "guard", aspect: "touch", terms: condition.terms, source };
      }
    }
  }

  private *ofFields(): Iterable<Line> {
    const { entity } = this;
    const speaksOf = (command: Command, field: string): SqlExpression =>
      inList(this.parameter("command"), [literal(command), literal(`${command} ${field}`)]);
    for (const { field, read, write, empty, fixed } of this.rules.fields) {
      const common = { effect: "field", source: `${entity.name}.fields.${field.name}` } as const;
      const line = (kind: "read" | "write", sentence: string, terms: readonly ConditionTerm[]): Line => ({
        ...common,
        rule: `field.${field.name} ${kind}: ${sentence}`,
        speaks: speaksOf(kind === "read" ? "read" : "update", field.name),
        aspect: kind === "read" ? "touch" : "leave",
        terms,
      });
      if (read) {
        const reading = line("read", read.sentence, read.condition.terms);
        // What gives a value must be able to read it.
        const writing = binary("=", this.parameter("command"), literal(`update ${field.name}`));
        yield { ...reading, speaks: or(reading.speaks, writing) };
      }
      if (write) yield line("write", write.sentence, write.condition.terms);
      if (empty) yield line("write", "keeps the value that it has", empty.terms);
      if (fixed === undefined) continue;
      const speaks = binary("=", this.parameter("command"), literal(`update ${field.name}`));
      const terms = [known(fixed, false)];
      yield { ...common, aspect: "touch", speaks, rule: `field.${field.name} write`, terms };
    }
  }

  private *tenancy(command: string, speaks: SqlExpression, aspect: Aspect): Iterable<Line> {
    const { entity, model } = this;
    const own = withinOwnTenant(entity, model);
    if (own === undefined) return;
    const text = tenancyText(entity, model);
    const hasTenant = is(once(tenantIdCall), "not null");
    const self = command === "read" && entity === model.membership?.entity;
    const value = self && model.membership ? or(own, ownMembership(entity, model.membership)) : own;
    const withoutRow = self ? or(hasTenant, literal(null, "boolean")) : hasTenant;
    const terms = [{ text, value, withoutRow, branches: [] }];
    yield { speaks, rule: "tenancy", effect: "tenancy", aspect, terms, source: entity.name };
  }
}

function* linesOfRules(
  entity: Entity,
  { allows, denies }: CompiledRules,
  speaks: SqlExpression,
  aspect: Aspect,
  part: (rule: CompiledRule) => CompiledPart,
): Iterable<Line> {
  for (const rule of sortedBy([...allows], ({ sentence }) => sentence)) {
    const { sentence, effect, source } = rule;
    yield { speaks, rule: sentence, effect, aspect, terms: part(rule).terms, source };
  }
  if (allows.length === 0) {
    const terms = [known("no rule allows it", false)];
    yield { speaks, rule: "nobody", effect: "allow", aspect, terms, source: entity.name };
  }
  for (const rule of denies) {
    const { sentence, effect, source } = rule;
    yield { speaks, rule: sentence, effect, aspect, terms: part(rule).terms, source };
  }
}

function* stateLine(
  entity: Entity,
  { name, transition }: Action,
  speaks: SqlExpression,
  source: string,
): Iterable<Line> {
  if (transition === undefined) return;
  const text = `${name} starts from: ${transition.from.join(", ")}`;
  const state = column(entity.table, storedColumn(fieldOf(entity, transition.field)));
  const from = transition.from.map((value) => literal(value));
  const terms = [{ text, value: inList(state, from), withoutRow: literal(null, "boolean"), branches: [] }];
  yield { speaks, rule: transition.field, effect: "state", aspect: "touch", terms, source };
}

/** What is so whatever the row. */
function known(text: string, verdict: boolean): ConditionTerm {
  const value = literal(verdict);
  return { text, value, withoutRow: value, branches: [] };
}

/** The first line of a union names the columns and says their types. */
function columnsOf({ rule, effect, aspect, source }: Line, ordinal: number): SelectNode["columns"] {
  const text = (value: string) => (ordinal === 1 ? literal(value, "text") : literal(value));
  const values: Readonly<Record<(typeof COLUMNS)[number]["name"], SqlExpression>> = {
    ordinal: literal(ordinal),
    rule: text(rule),
    effect: text(effect),
    aspect: text(aspect),
    verdict: column(JUDGED, "verdict"),
    failed: column(JUDGED, "failed"),
    terms: column(JUDGED, "terms"),
    source: text(source),
  };
  return COLUMNS.map(({ name }) => (ordinal === 1 ? { value: values[name], alias: name } : { value: values[name] }));
}

/** `[{"term": …, "verdict": …, "any": […]}]` */
function termsValue(terms: readonly ConditionTerm[], value: (term: ConditionTerm) => SqlExpression): SqlExpression {
  const items = terms.map((term) =>
    call(
      "jsonb_build_object",
      literal("term", "text"),
      literal(term.text, "text"),
      literal("verdict", "text"),
      value(term),
      ...(term.branches.length === 0 ? [] : [literal("any", "text"), termsValue(term.branches, value)]),
    ),
  );
  return call("to_jsonb", array(items, "jsonb[]"));
}

function unionAll(selects: readonly SelectNode[]): SelectNode | undefined {
  return selects.reduceRight<SelectNode | undefined>(
    (rest, node) => (rest === undefined ? node : { ...node, unionAll: rest }),
    undefined,
  );
}
