/** Every line that one entity can have in an explanation: of its commands, its actions and its fields. */
import { COMMANDS, type Command, type Entity } from "../model/index.ts";
import {
  and,
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
import type { ConditionTerm } from "./condition-terms.ts";
import { once, tenantIdCall } from "./environments.ts";
import {
  ASKED,
  type Aspect,
  columnsOf,
  JUDGED,
  known,
  type Line,
  linesOfRules,
  stateLine,
  termsValue,
  unionAll,
} from "./explain-lines.ts";
import { saysWhatIsLeft } from "./left-behind.ts";
import { idColumn, type ModelIndex, sortedBy } from "./model-index.ts";
import { ownMembership, tenancyText, withinOwnTenant } from "./standing-policies.ts";

export class EntityExplanation {
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
    for (const command of COMMANDS) {
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
