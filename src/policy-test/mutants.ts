/** The mutants of a model's rules: what a rule must not be able to lose without a test that notices. */
import type { Entity, Policy, System } from "../model/index.ts";
import { conditionMutants } from "./condition-mutants.ts";

export interface Mutant {
  readonly entity: string;
  /** The rule, as a key of the source map. */
  readonly source: string;
  /** The rule's sentence. */
  readonly rule: string;
  readonly kind: "without" | "negated" | "without the rule" | "without the check";
  /** What was left out or turned around. */
  readonly clause: string;
  /** The whole condition that it stands in. */
  readonly condition: string;
  readonly system: System;
}

/** Every mutant of the rules of a model, or of one entity. */
export function mutantsOf(system: System, only?: string): readonly Mutant[] {
  return system.entities
    .filter(({ name }) => only === undefined || name === only)
    .flatMap((entity) => new EntityMutants(system, entity).all());
}

/** A place that holds a condition: its text, and the entity with another one there. */
interface Slot {
  readonly source: string;
  readonly rule: string;
  readonly text: string;
  readonly with: (text: string) => Entity;
}

class EntityMutants {
  private readonly system: System;
  private readonly entity: Entity;

  constructor(system: System, entity: Entity) {
    this.system = system;
    this.entity = entity;
  }

  all(): readonly Mutant[] {
    const conditions = this.slots().flatMap((slot) =>
      conditionMutants(slot.text).map(({ kind, clause, text }) => this.mutant(slot, kind, clause, slot.with(text))),
    );
    return [...this.withoutRules(), ...conditions];
  }

  private slots(): Slot[] {
    const { entity } = this;
    return [
      ...entity.policies.flatMap((policy): Slot[] => {
        const base = { source: `${entity.name}.policies.${policy.name}`, rule: policy.name };
        const { check } = policy;
        return [
          { ...base, text: policy.expression, with: (text) => this.withPolicy(policy, { expression: text }) },
          ...(check === undefined
            ? []
            : [{ ...base, text: check, with: (text: string) => this.withPolicy(policy, { check: text }) }]),
        ];
      }),
      ...entity.actions.flatMap((action): Slot[] => {
        const source = `${entity.name}.actions.${action.name}`;
        const change = (changed: Partial<typeof action>): Entity => ({
          ...entity,
          actions: entity.actions.map((each) => (each === action ? { ...action, ...changed } : each)),
        });
        const { allow, guards } = action;
        return [
          ...(allow === undefined
            ? []
            : [
                {
                  source,
                  rule: allow.name,
                  text: allow.expression,
                  with: (text: string) => change({ allow: { ...allow, expression: text } }),
                },
              ]),
          ...guards.map((guard) => ({
            source,
            rule: guard.message,
            text: guard.expression,
            with: (text: string) =>
              change({ guards: guards.map((each) => (each === guard ? { ...guard, expression: text } : each)) }),
          })),
        ];
      }),
      ...entity.fields.flatMap((field): Slot[] =>
        (["read", "write"] as const).flatMap((access): Slot[] => {
          const rule = field.access?.[access];
          if (rule === undefined) return [];
          const changed = (text: string): Entity => ({
            ...entity,
            fields: entity.fields.map((each) =>
              each === field
                ? { ...field, access: { ...field.access, [access]: { ...rule, expression: text } } }
                : each,
            ),
          });
          return [
            { source: `${entity.name}.fields.${field.name}`, rule: rule.name, text: rule.expression, with: changed },
          ];
        }),
      ),
    ];
  }

  private withoutRules(): Mutant[] {
    const { entity } = this;
    const policies = entity.policies.flatMap((policy) => {
      const source = `${entity.name}.policies.${policy.name}`;
      const slot = { source, rule: policy.name, text: policy.expression };
      const { check, ...unchecked } = policy;
      const without = entity.policies.filter((each) => each !== policy);
      return [
        this.mutant(slot, "without the rule", policy.expression, { ...entity, policies: without }),
        ...(check === undefined
          ? []
          : [
              this.mutant({ ...slot, text: check }, "without the check", check, {
                ...entity,
                policies: entity.policies.map((each) => (each === policy ? unchecked : each)),
              }),
            ]),
      ];
    });
    const actions = entity.actions.flatMap((action) => {
      const source = `${entity.name}.actions.${action.name}`;
      const change = (changed: typeof action): Entity => ({
        ...entity,
        actions: entity.actions.map((each) => (each === action ? changed : each)),
      });
      const { allow, ...unruled } = action;
      return [
        ...(allow === undefined
          ? []
          : [
              this.mutant(
                { source, rule: allow.name, text: allow.expression },
                "without the rule",
                allow.expression,
                change(unruled),
              ),
            ]),
        ...action.guards.map((guard) =>
          this.mutant(
            { source, rule: guard.message, text: guard.expression },
            "without the rule",
            guard.expression,
            change({ ...action, guards: action.guards.filter((each) => each !== guard) }),
          ),
        ),
      ];
    });
    return [...policies, ...actions];
  }

  private withPolicy(policy: Policy, changed: Partial<Policy>): Entity {
    return {
      ...this.entity,
      policies: this.entity.policies.map((each) => (each === policy ? { ...policy, ...changed } : each)),
    };
  }

  private mutant(
    { source, rule, text }: Pick<Slot, "source" | "rule" | "text">,
    kind: Mutant["kind"],
    clause: string,
    entity: Entity,
  ): Mutant {
    const entities = this.system.entities.map((each) => (each.name === entity.name ? entity : each));
    return { entity: entity.name, source, rule, kind, clause, condition: text, system: { ...this.system, entities } };
  }
}
