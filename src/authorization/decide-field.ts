/** Fields that not everybody may read who may read the row, or write who may write it. */
import type { Value } from "../expression/index.ts";
import type { Entity } from "../model/index.ts";
import type { ActorView } from "./actor-view.ts";
import { fits } from "./constraints.ts";
import { ALLOWED, both, type Decision } from "./decision.ts";
import { type Outcome, refused, rowsOf } from "./outcome.ts";
import { sameValue } from "./row-triggers.ts";
import type { StoredRow } from "./world.ts";

/** Whether an actor may read a field of a row: the row under its own rules, and the field under the field's. */
export function mayReadField(view: ActorView, entity: Entity, row: StoredRow, field: string): Decision {
  return both(view.decide(entity, row, "read", "touch"), fieldRule(view, entity, row, field, "read"));
}

export interface FieldUpdateRequest {
  readonly field: string;
  readonly id: string;
  readonly value: Value;
}

/**
 * A new value in a side table: of whoever may read the field, change the row, and write the field. What the field keeps
 * (EJ422) is asked before what may be left behind.
 */
export function decideFieldUpdate(
  view: ActorView,
  entity: Entity,
  { field: name, id, value }: FieldUpdateRequest,
): Outcome {
  const field = view.model.field(entity, name);
  if (!field.writable.create && !field.writable.update)
    return refused("42501", `no right to write ${entity.name}.${name}`);
  const isUpdatable = field.writable.update && field.access?.change !== "never";
  const decisions: Decision[] = [];
  const found = view.world.withId(entity.name, id).filter((row) => {
    if (!view.isSystem && !isUpdatable) return false;
    const decision = both(
      mayReadField(view, entity, row, name),
      view.decide(entity, row, "update", "touch"),
      fieldRule(view, entity, row, name, "write"),
    );
    decisions.push(decision);
    return decision.allowed;
  });
  const changed = found.find((row) => !sameValue(row[name] ?? null, value));
  const { change } = field.access ?? {};
  if (changed !== undefined && change === "never") return refused("EJ422", `${entity.name}.${name} never changes`);
  const hasValue = found.some((row) => (row[name] ?? null) !== null && !sameValue(row[name] ?? null, value));
  if (change === "once" && hasValue) return refused("EJ422", `${entity.name}.${name} keeps its value`);
  // The row stays as it is: as that, too, it must be one that an update may leave behind.
  const left = found.map((row) => view.decide(entity, row, "update", "leave"));
  const stuck = left.find(({ allowed }) => !allowed);
  if (stuck !== undefined) return refused("42501", "the rules", stuck);
  if (found.length > 0 && value === null && field.required && field.default !== undefined) {
    return refused("23502", `${entity.name}.${name} is required`);
  }
  if (found.length > 0 && !fits(field, value, view.model)) return refused("23514", `${entity.name}.${name}`);
  return rowsOf(
    found.map((row) => ({ ...row, [name]: value })),
    ...decisions,
  );
}

/** The field's own rule alone. */
function fieldRule(view: ActorView, entity: Entity, row: StoredRow, field: string, access: "read" | "write"): Decision {
  const rule = view.rules(entity).fields.get(field)?.[access];
  if (view.isSystem || rule === undefined) return ALLOWED;
  const holds = view.holds(entity, row, rule.core);
  const verdict = { source: rule.source, name: rule.name, effect: "allow", part: "touch", holds } as const;
  return { allowed: holds === true, rules: [verdict] };
}
