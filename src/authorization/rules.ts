/** The rules of a system, checked once: every condition that a decision asks, as a typed tree. */
import { EngineError } from "../errors/engine-error.ts";
import { type Catalog, type Core, check, type Environment, type ExpressionType } from "../expression/index.ts";
import { type Action, type Command, catalogOf, type Entity, type Field } from "../model/index.ts";
import { claimEnvironment, conditionEnvironment, sameRowEnvironment } from "./environment.ts";
import type { ModelFacts } from "./model-facts.ts";

const BOOL: ExpressionType = { kind: "bool" };

/** A policy, ready to be asked. */
export interface PolicyRule {
  /** Its key in the source map: `Invoice.policies.members read`. */
  readonly source: string;
  readonly name: string;
  readonly effect: "allow" | "deny";
  readonly commands: readonly Command[];
  readonly actions: readonly string[];
  /** What may be touched. */
  readonly touch: Core;
  /** What may be left behind. */
  readonly leave: Core;
}

export interface NamedCondition {
  readonly source: string;
  readonly name: string;
  readonly core: Core;
}

export interface ActionRules {
  readonly action: Action;
  readonly allow: NamedCondition | undefined;
  readonly guards: readonly NamedCondition[];
}

export interface FieldRules {
  readonly field: Field;
  readonly read: NamedCondition | undefined;
  readonly write: NamedCondition | undefined;
}

export interface EntityRules {
  readonly entity: Entity;
  readonly policies: readonly PolicyRule[];
  readonly actions: ReadonlyMap<string, ActionRules>;
  /** Of the fields that have rules. */
  readonly fields: ReadonlyMap<string, FieldRules>;
  /** CHECKs: unknown passes. */
  readonly checks: readonly NamedCondition[];
  /** Generated columns and defaults that are expressions, by field. */
  readonly generated: ReadonlyMap<string, Core>;
  readonly defaults: ReadonlyMap<string, Core>;
}

export interface SystemRules {
  readonly entities: ReadonlyMap<string, EntityRules>;
  readonly claims: ReadonlyMap<string, Core>;
}

/** @throws EngineError with everything that is wrong with the expressions */
export function checkRules(model: ModelFacts): SystemRules {
  const checker = new RuleChecker(model);
  const entities = new Map(model.system.entities.map((entity) => [entity.name, checker.entity(entity)]));
  const claims = checker.claims();
  if (checker.errors.length > 0) throw new EngineError(checker.errors);
  return { entities, claims };
}

class RuleChecker {
  readonly errors: EngineError["diagnostics"][number][] = [];
  private readonly model: ModelFacts;
  private readonly catalog: Catalog;

  constructor(model: ModelFacts) {
    this.model = model;
    this.catalog = catalogOf(model.system);
  }

  entity(entity: Entity): EntityRules {
    const { name } = entity;
    const environment = conditionEnvironment(this.model.system, this.catalog, name);
    const sameRow = sameRowEnvironment(this.catalog, name);
    const withoutRow = conditionEnvironment(this.model.system, this.catalog, undefined);
    return {
      entity,
      policies: entity.policies.map((policy): PolicyRule => {
        const source = `${name}.policies.${policy.name}`;
        const touch = this.check(policy.expression, environment, source, BOOL);
        const leave = policy.check === undefined ? touch : this.check(policy.check, environment, source, BOOL);
        const { effect, commands, actions } = policy;
        return { source, name: policy.name, effect, commands, actions, touch, leave };
      }),
      actions: new Map(entity.actions.map((action) => [action.name, this.action(entity, action, environment)])),
      fields: new Map(
        entity.fields
          .filter(({ access }) => access?.read !== undefined || access?.write !== undefined)
          .map((field) => [field.name, this.field(entity, field, environment)]),
      ),
      checks: entity.checks.map((rule) => ({
        source: `${name}.rules.${rule.name}`,
        name: rule.message,
        core: this.check(rule.expression, sameRow, name, BOOL),
      })),
      generated: new Map(
        entity.fields.flatMap(({ name: field, storage }): [string, Core][] =>
          storage.kind === "generated" ? [[field, this.check(storage.expression, sameRow, `${name}.${field}`)]] : [],
        ),
      ),
      defaults: new Map(
        entity.fields.flatMap(({ name: field, default: value }): [string, Core][] =>
          value?.kind === "expression" ? [[field, this.check(value.expression, withoutRow, `${name}.${field}`)]] : [],
        ),
      ),
    };
  }

  claims(): ReadonlyMap<string, Core> {
    const { actor } = this.model.system;
    if (actor === undefined) return new Map();
    const environment = claimEnvironment(this.catalog, actor.entity);
    return new Map(
      actor.claims.map(({ name, expression }) => [name, this.check(expression, environment, `claims.${name}`)]),
    );
  }

  private action(entity: Entity, action: Action, environment: Environment): ActionRules {
    const source = `${entity.name}.actions.${action.name}`;
    const withInput = conditionEnvironment(this.model.system, this.catalog, entity.name, action.input);
    const { allow } = action;
    return {
      action,
      allow: allow && { source, name: allow.name, core: this.check(allow.expression, environment, source, BOOL) },
      guards: action.guards.map(({ expression, message }) => ({
        source,
        name: message,
        core: this.check(expression, withInput, source, BOOL),
      })),
    };
  }

  private field(entity: Entity, field: Field, environment: Environment): FieldRules {
    const source = `${entity.name}.fields.${field.name}`;
    const named = (rule: { readonly name: string; readonly expression: string } | undefined) =>
      rule && { source, name: rule.name, core: this.check(rule.expression, environment, source, BOOL) };
    return { field, read: named(field.access?.read), write: named(field.access?.write) };
  }

  private check(text: string, environment: Environment, source: string, expected?: ExpressionType): Core {
    const result = check(text, environment, expected);
    if (result.ok) return result.core;
    for (const { code, message } of result.errors) {
      this.errors.push({ code, severity: "error", message: `${source}: ${message}` });
    }
    // Never asked: with errors no rules are given.
    return { kind: "literal", value: false, type: BOOL, nullable: false, range: { start: 0, end: 0 } };
  }
}
