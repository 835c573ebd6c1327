/**
 * Actions as functions: `app.pay_invoice(id, …input) returns app.invoice`. Each
 * locks the row, asks rule, guards and transition, updates, and gives the row
 * back. It runs as enginejs_action, to which the policies of enginejs_user
 * apply, and which alone may write a state.
 */
import type { Action, Entity } from "../model/index.ts";
import {
  and,
  binary,
  call,
  cast,
  column,
  table as fromTable,
  is,
  literal,
  not,
  or,
  type SqlExpression,
  select,
  star,
} from "../sql-ast/expressions.ts";
import type { PlpgsqlStatement } from "../sql-ast/plpgsql.ts";
import type { FunctionParameter } from "../sql-ast/statements.ts";
import { checkTransition, inputParameter, refuseWhen, setting } from "./action-statements.ts";
import { compileDefault } from "./compile-default.ts";
import type { EntityPolicies, PolicyParts } from "./compile-policies.ts";
import { actionEnvironment, once, tenantIdCall } from "./environments.ts";
import { addExecuteGrants } from "./helper-functions.ts";
import { fieldOf, idColumn, isStored, sortedBy, storedColumn, tenantColumn } from "./model-index.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { PINNED_SEARCH_PATH } from "./pinned-search-path.ts";
import { replaceColumns } from "./sql-usage.ts";
import { valueCheck } from "./type-checks.ts";

/** The variable that holds the row: no table or alias of the generated SQL has this name. */
const TARGET = "target_row";

export function compileActions(entity: Entity, policies: EntityPolicies, parts: PolicyParts): void {
  for (const action of sortedBy(entity.actions, (candidate) => candidate.name)) {
    new ActionFunction(entity, action, policies, parts).add();
  }
}

class ActionFunction {
  private readonly entity: Entity;
  private readonly action: Action;
  private readonly policies: EntityPolicies;
  private readonly parts: PolicyParts;
  private readonly source: string;
  private readonly dependsOn = new Set<string>();

  constructor(entity: Entity, action: Action, policies: EntityPolicies, parts: PolicyParts) {
    this.entity = entity;
    this.action = action;
    this.policies = policies;
    this.parts = parts;
    this.source = `${entity.name}.actions.${action.name}`;
  }

  add(): void {
    const { entity, action, source } = this;
    const { list } = this.parts;
    const { model } = list;
    const table = model.table(entity);
    const name = model.name(action.function);
    const parameters = this.parameters();
    const reference = { type: "function", name, parameters: parameters.map((p) => p.type) } as const;
    const id = objectIdentity(reference);
    const statements = this.statements();
    const common = { entity: entity.name, source, role: "enginejs_action" } as const;
    list.add(
      {
        kind: "create function",
        function: name,
        parameters,
        returns: table,
        language: "plpgsql",
        volatility: "volatile",
        securityDefiner: true,
        // Not `set enginejs.action = …`: a SET clause with a setting of ours takes a superuser.
        settings: PINNED_SEARCH_PATH,
        body: {
          kind: "block",
          block: { kind: "block", declarations: [{ name: TARGET, type: table }], statements },
        },
      },
      {
        ...common,
        kind: "function",
        object: id,
        phase: "functions",
        hazards: ["changes authorization"],
        dependsOn: [tableIdentity(table), ...[...this.dependsOn].sort()],
        why: action.description ?? `the action ${entity.name}.${action.name}`,
      },
    );
    addExecuteGrants(list, reference, ["enginejs_anonymous", "enginejs_user", "enginejs_system"], common);
    list.comment({ on: reference, text: [action.description ?? `${entity.name}.${action.name}`], ...common });
  }

  /** `id` first; input with a default, or that may be left out, comes last, as SQL wants it. */
  private parameters(): FunctionParameter[] {
    const id: FunctionParameter = { name: "id", type: "uuid" };
    return [
      id,
      ...this.input().map(({ parameter, field, sqlType }): FunctionParameter => {
        const value = compileDefault(field, this.source, this.parts.expressions);
        return { name: parameter, type: sqlType, default: value ?? literal(null) };
      }),
    ];
  }

  private input() {
    return this.action.input.map((field) => ({
      field,
      parameter: inputParameter(field.name),
      sqlType: isStored(field) ? field.storage.sqlType : "text",
    }));
  }

  private statements(): PlpgsqlStatement[] {
    return [
      ...this.checkInput(),
      ...this.findRow(),
      ...this.checkRule(),
      ...this.checkGuards(),
      ...checkTransition(this.entity, this.action, TARGET),
      ...this.update(),
      { kind: "return", value: column(undefined, TARGET) },
    ];
  }

  private parameter(name: string): SqlExpression {
    return column(this.action.function, name);
  }

  private checkInput(): PlpgsqlStatement[] {
    const { entity, action, source } = this;
    const { expressions, list } = this.parts;
    const required = this.input().filter(({ field }) => field.required);
    const statements = required.map(({ field, parameter }) =>
      refuseWhen(is(this.parameter(parameter), "null"), "EJ422", literal(`${field.name} is required`), {
        column: parameter,
      }),
    );
    const environment = actionEnvironment(list.model, entity, entity.table, this.input(), action.function);
    for (const { field, parameter } of this.input()) {
      const check = valueCheck(field, `input.${field.name}`);
      const sql = check && expressions.rule(check.expression, environment, source);
      if (check === undefined || sql === undefined) continue;
      statements.push(
        refuseWhen(is(sql, "false"), "EJ422", literal(`${field.name} ${check.message}`), { column: parameter }),
      );
    }
    return statements;
  }

  private findRow(): PlpgsqlStatement[] {
    const { entity } = this;
    const { model } = this.parts.list;
    const alias = entity.table;
    const tenant = tenantColumn(entity);
    const where = and(
      ...(tenant === undefined ? [] : [binary("=", column(alias, tenant), once(tenantIdCall))]),
      binary("=", column(alias, idColumn(entity)), this.parameter("id")),
    );
    return [
      // Whoever writes SQL could have set it, and so find a row that he may not read.
      { kind: "perform", values: [setting("enginejs.action_row", literal(""))] },
      {
        kind: "select into",
        select: select({
          columns: [{ value: star(alias) }],
          from: fromTable(model.table(entity), alias),
          where,
          forUpdate: true,
        }),
        into: TARGET,
      },
      refuseWhen(not(column(undefined, "found")), "EJ404", literal(`there is no ${entity.name} with this id`), {
        column: "id",
      }),
    ];
  }

  /** The system passes; everybody else needs a rule that allows it, and none that denies it. Each refusal names its rules. */
  private checkRule(): PlpgsqlStatement[] {
    const { entity, action } = this;
    const { allows, denies } = this.policies.actions.get(action.name) ?? { allows: [], denies: [] };
    const isActor = binary("is distinct from", call("current_setting", literal("role")), literal("enginejs_system"));
    for (const { using } of [...allows, ...denies]) for (const id of using.dependsOn) this.dependsOn.add(id);
    const refuse = (when: SqlExpression, message: string, rule: readonly string[]): PlpgsqlStatement =>
      refuseWhen(and(isActor, when), "42501", literal(message), { detail: { action: action.name, rule } });
    const allowed = or(...allows.map(({ using }) => this.ofTarget(using.sql)));
    const names = allows.map(({ sentence }) => sentence);
    return [
      refuse(is(allowed, "not true"), `${entity.name}.${action.name} is for: ${names.join(", ") || "nobody"}`, names),
      ...denies.map(({ sentence, using }) =>
        refuse(is(this.ofTarget(using.sql), "true"), `${entity.name}.${action.name} is denied: ${sentence}`, [
          sentence,
        ]),
      ),
    ];
  }

  private checkGuards(): PlpgsqlStatement[] {
    const { entity, action, source } = this;
    const { expressions, conditions, list } = this.parts;
    const input = this.input();
    const environment = actionEnvironment(list.model, entity, entity.table, input, action.function);
    const types = Object.fromEntries(input.map(({ parameter, sqlType }) => [parameter, sqlType]));
    return action.guards.flatMap(({ expression, message }) => {
      const core = expressions.condition(expression, environment, source);
      if (core === undefined) return [];
      const compiled = conditions.compile({
        core,
        entity,
        purpose: "rule",
        text: expression,
        sentence: message,
        source,
        input: { alias: action.function, types },
      });
      for (const id of compiled.dependsOn) this.dependsOn.add(id);
      return [
        refuseWhen(is(this.ofTarget(compiled.sql), "not true"), "EJ422", literal(message), {
          detail: { action: action.name },
        }),
      ];
    });
  }

  /** The row's columns are fields of the variable. */
  private ofTarget(sql: SqlExpression): SqlExpression {
    return replaceColumns(sql, this.entity.table, (name) => column(TARGET, name));
  }

  private update(): PlpgsqlStatement[] {
    const { entity, action } = this;
    const { model } = this.parts.list;
    const alias = entity.table;
    const input = this.input();
    const values = input.flatMap(({ field, parameter }) => [literal(field.name), this.parameter(parameter)]);
    const settings: (readonly [string, SqlExpression])[] = [
      ["enginejs.action", literal(action.name)],
      ["enginejs.action_row", cast(column(TARGET, idColumn(entity)), "text")],
    ];
    if (values.length > 0) {
      settings.push(["enginejs.action_input", cast(call("jsonb_build_object", ...values), "text")]);
    }
    const set: { column: string; value: SqlExpression }[] = [];
    if (action.transition !== undefined) {
      const state = storedColumn(fieldOf(entity, action.transition.field));
      set.push({ column: state, value: literal(action.transition.to) });
    }
    if (entity.fields.some((field) => isStored(field) && field.storage.column === "updated_at")) {
      set.push({ column: "updated_at", value: call("now") });
    }
    if (set.length === 0) return [];
    const key = entity.primaryKey.columns.map((name) => binary("=", column(alias, name), column(TARGET, name)));
    return [
      { kind: "perform", values: settings.map(([name, value]) => setting(name, value)) },
      { kind: "update", table: model.table(entity), alias, set, where: and(...key), returningInto: TARGET },
      // The update's events are written by now. Where it fails, the rollback takes the settings back.
      { kind: "perform", values: settings.map(([name]) => setting(name, literal(""))) },
    ];
  }
}
