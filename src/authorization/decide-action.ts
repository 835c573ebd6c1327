/**
 * An action's function, `app.pay_invoice(id, …input)`: input (EJ422), the row (EJ404), the rule (42501), the guards (EJ422),
 * the transition (EJ409), and then what the table itself refuses.
 */
import type { Value } from "../expression/index.ts";
import type { Entity } from "../model/index.ts";
import type { ActorView } from "./actor-view.ts";
import { checkRow, fits } from "./constraints.ts";
import { ALLOWED, type Decision, decide, type RuleVerdict } from "./decision.ts";
import { updatedRow } from "./new-row.ts";
import { type Outcome, refused, rowsOf } from "./outcome.ts";
import type { ActionRules } from "./rules.ts";
import type { StoredRow } from "./world.ts";

export interface ActionRequest {
  readonly action: string;
  readonly id: string;
  /** Every input of the action, by name. */
  readonly input: Readonly<Record<string, Value>>;
}

export function decideAction(view: ActorView, entity: Entity, { action: name, id, input }: ActionRequest): Outcome {
  const rules = view.rules(entity).actions.get(name);
  if (rules === undefined) throw new TypeError(`${entity.name} has no action ${name}`);
  const { action, guards } = rules;
  for (const field of action.input) {
    const value = input[field.name] ?? null;
    if (field.required && value === null) return refused("EJ422", `${field.name} is required`);
  }
  const unfit = action.input.find((field) => !fits(field, input[field.name] ?? null, view.model));
  if (unfit !== undefined) return refused("EJ422", unfit.name);
  const row = findRow(view, entity, id);
  if (row === undefined) return refused("EJ404", `there is no ${entity.name} with this id`);
  const decision = mayAct(view, entity, row, rules);
  if (!decision.allowed) return refused("42501", "the rules", decision);
  const guard = guards.find(({ core }) => view.holds(entity, row, core, input) !== true);
  if (guard !== undefined) return refused("EJ422", guard.name, decision);
  const { transition } = action;
  const state = transition && (row[transition.field] as string | null);
  if (transition !== undefined && !transition.from.includes(state ?? "")) {
    return refused("EJ409", `the state ${state}`, decision);
  }
  const after = updatedRow(view, entity, row, transition === undefined ? {} : { [transition.field]: transition.to });
  return checkRow(view, entity, after, row) ?? rowsOf([after], decision);
}

/** The row that an actor may read; the system finds every one of its tenant. */
function findRow(view: ActorView, entity: Entity, id: string): StoredRow | undefined {
  const { model, actor, world } = view;
  const ofTenant = (row: StoredRow): boolean => {
    const tenant = entity.name === model.system.tenancy?.entity ? row.id : model.tenantOf(entity, row);
    return tenant === undefined || (actor.tenantId !== null && tenant === actor.tenantId);
  };
  return world.withId(entity.name, id).find((row) => ofTenant(row) && (view.isSystem || view.canRead(entity, row)));
}

/**
 * Who may act: the action's own rules (`.allow`, and policies that name it) replace the rule of update, and then only denies
 * that name the action speak.
 */
export function mayAct(view: ActorView, entity: Entity, row: StoredRow, rules: ActionRules): Decision {
  if (view.isSystem) return ALLOWED;
  const { policies } = view.rules(entity);
  const naming = policies.filter(({ actions }) => actions.includes(rules.action.name));
  const ofUpdate = policies.filter(({ commands }) => commands.includes("update"));
  const isOwn = rules.allow !== undefined || naming.some(({ effect }) => effect === "allow");
  const speaking = isOwn ? naming : [...new Set([...naming.filter(({ effect }) => effect === "deny"), ...ofUpdate])];
  const own: RuleVerdict[] =
    rules.allow === undefined
      ? []
      : [
          {
            source: rules.allow.source,
            name: rules.allow.name,
            effect: "allow",
            part: "touch",
            holds: view.holds(entity, row, rules.allow.core),
          },
        ];
  return decide([
    ...own,
    ...speaking.map(({ source, name, effect, touch }): RuleVerdict => {
      return { source, name, effect, part: "touch", holds: view.holds(entity, row, touch) };
    }),
  ]);
}
