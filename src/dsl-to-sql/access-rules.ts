/** The rules of one build as they decide access: per entity what can be done, each with the rules that speak about it. */
import type { Environment } from "../expression/catalog.ts";
import type { Entity } from "../model/index.ts";
import { and, literal, type SqlExpression } from "../sql-ast/expressions.ts";
import { compileClaims } from "./compile-claims.ts";
import { compileMembership } from "./compile-membership.ts";
import { compileRowRules, type FieldRules, type RowRules } from "./compile-row-rules.ts";
import { type CompiledPart, type CompiledRule, compileRules } from "./compile-rules.ts";
import { ConditionCompiler } from "./condition-compiler.ts";
import { rowEnvironment } from "./environments.ts";
import { ExpressionCompiler } from "./expression-compiler.ts";
import { HelperFunctions } from "./helper-functions.ts";
import { ModelIndex } from "./model-index.ts";
import { meaningOf, type SpokenRule } from "./spoken-rule.ts";
import type { CompiledSystem, Statement } from "./statement.ts";
import { StatementList } from "./statement-list.ts";

/** One rule, as it speaks about one operation. */
export interface AccessRule extends SpokenRule {
  readonly sql: SqlExpression;
  readonly dependsOn: readonly string[];
  /** What an update may leave behind is what it may touch. */
  readonly leavesWhatItTouches: boolean;
}

export interface Operation {
  /** `read`, `update`, `update, left behind`, `pay`, `salary: read`, `salary: change`. */
  readonly name: string;
  /** What consents call it: `Invoice.update`, `Employee.salary`. */
  readonly subject: string;
  readonly allows: readonly AccessRule[];
  readonly denies: readonly AccessRule[];
}

export class AccessRules {
  readonly model: ModelIndex;
  readonly expressions: ExpressionCompiler;
  private readonly list: StatementList;
  private readonly conditions: ConditionCompiler;

  constructor({ system, places }: CompiledSystem) {
    this.model = new ModelIndex(system, places);
    this.list = new StatementList(this.model);
    this.expressions = new ExpressionCompiler(this.model);
    this.conditions = new ConditionCompiler(this.model, new HelperFunctions(this.list));
    compileClaims(this.list, this.expressions);
    compileMembership(this.list);
  }

  /** By name. */
  operationsOf(entity: Entity): ReadonlyMap<string, Operation> {
    const parts = { list: this.list, expressions: this.expressions, conditions: this.conditions };
    const rules = compileRowRules(entity, compileRules(entity, parts), parts);
    return new Map([...this.operations(entity, rules)].map((operation) => [operation.name, operation]));
  }

  /** The functions and views of these statements and of those that they call, each behind what it calls; who counts as what is last. */
  functions(ids: Iterable<string>): readonly Statement[] {
    const known = new Map(this.list.statements.map((statement) => [statement.id, statement]));
    const found = new Map<string, Statement>();
    const visit = (id: string): void => {
      const statement = known.get(id);
      if (statement === undefined || !isCalled(statement) || found.has(id)) return;
      for (const next of statement.dependsOn) visit(next);
      found.set(id, statement);
    };
    for (const id of [...new Set(ids)].sort()) visit(id);
    for (const { id, object } of this.list.statements) if (object.includes("membership_roles")) visit(id);
    return [...found.values()];
  }

  private *operations(entity: Entity, rules: RowRules): Iterable<Operation> {
    for (const [command, { allows, denies }] of rules.commands) {
      const subject = `${entity.name}.${command}`;
      const of = (name: string, part: "using" | "check"): Operation => ({
        name,
        subject,
        allows: allows.map((rule) => this.ofPolicy(entity, rule, part)),
        denies: denies.map((rule) => this.ofPolicy(entity, rule, part)),
      });
      yield of(command, command === "create" ? "check" : "using");
      if (command === "update") yield of("update, left behind", "check");
    }
    for (const [name, { allows, denies }] of rules.actions) {
      yield {
        name,
        subject: `${entity.name}.${name}`,
        allows: allows.map((rule) => this.ofPolicy(entity, rule, "using")),
        denies: denies.map((rule) => this.ofPolicy(entity, rule, "using")),
      };
    }
    for (const field of rules.fields) yield* this.ofField(entity, field);
  }

  private *ofField(entity: Entity, { field, read, write, empty, fixed }: FieldRules): Iterable<Operation> {
    const subject = `${entity.name}.${field.name}`;
    const source = `${entity.name}.fields.${field.name}`;
    const rule = (sentence: string, parts: readonly (CompiledPart | undefined)[]): AccessRule => {
      const given = parts.filter((part) => part !== undefined);
      return {
        effect: "allow",
        sentence,
        source,
        text: given.map(({ text }) => text).join(" && "),
        sql: given.length === 0 ? literal(true) : and(...given.map(({ sql }) => sql)),
        dependsOn: given.flatMap(({ dependsOn }) => dependsOn),
        leavesWhatItTouches: true,
        ...this.meaning(
          entity,
          given.map(({ text }) => text),
        ),
      };
    };
    yield {
      name: `${field.name}: read`,
      subject,
      allows: [rule(read?.sentence ?? "whoever may read the row", [read?.condition])],
      denies: [],
    };
    const writers = write?.sentence ?? "whoever may change the row";
    const allows = fixed === undefined ? [rule(writers, [write?.condition, empty])] : [];
    yield { name: `${field.name}: change`, subject, allows, denies: [] };
  }

  private ofPolicy(
    entity: Entity,
    { effect, sentence, source, ...parts }: CompiledRule,
    part: "using" | "check",
  ): AccessRule {
    const { text, sql, dependsOn } = parts[part];
    const leavesWhatItTouches = parts.using === parts.check;
    return { effect, sentence, source, text, sql, dependsOn, leavesWhatItTouches, ...this.meaning(entity, [text]) };
  }

  private meaning(entity: Entity, texts: readonly string[]): Pick<AccessRule, "mentions" | "formula"> {
    return this.meaningIn(rowEnvironment(this.model, entity, entity.table), texts);
  }

  /** Of rules about no row: who may start a workflow. */
  meaningIn(environment: Environment, texts: readonly string[]): Pick<SpokenRule, "mentions" | "formula"> {
    const claim = (id: string): string => this.list.statements.find((statement) => statement.id === id)?.sql ?? id;
    return meaningOf(texts, environment, { model: this.model, claim });
  }
}

const isCalled = ({ kind }: Statement): boolean => kind === "function" || kind === "view";
