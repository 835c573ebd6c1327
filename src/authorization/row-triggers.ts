/** What the triggers of an entity's table refuse before any policy is asked, in the order of their names. */
import type { Entity } from "../model/index.ts";
import type { ActorView } from "./actor-view.ts";
import { defaultOf } from "./new-row.ts";
import { type Refusal, refused } from "./outcome.ts";
import type { StoredRow } from "./world.ts";

/** `15_member`: people are global, and a tenant's row names members of its tenant only. */
export function checkMembers(
  { model, world }: ActorView,
  entity: Entity,
  row: StoredRow,
  before?: StoredRow,
): Refusal | undefined {
  const { membership, system } = model;
  const actor = system.actor?.entity;
  const tenant = model.tenantOf(entity, row);
  if (membership === undefined || actor === undefined || model.entity(actor).tenant) return undefined;
  if (tenant === undefined || tenant === null || entity.name === membership.entity) return undefined;
  const stranger = entity.foreignKeys
    .filter((key) => key.references.entity === actor)
    .find(({ field }) => {
      const person = row[field] ?? null;
      if (person === null || (before !== undefined && before[field] === person)) return false;
      return !world
        .rows(membership.entity)
        .some((one) => one[membership.tenant] === tenant && one[membership.user] === person);
    });
  return stranger && refused("EJ422", `${stranger.field}: this person is no member of the tenant`);
}

/** `10_immutable` and `11_write_once`: what never changes, and what keeps its first value. */
export function checkChanges(entity: Entity, row: StoredRow, before: StoredRow): Refusal | undefined {
  const changed = entity.fields.filter(
    ({ name, storage }) => storage.kind === "column" && !sameValue(row[name] ?? null, before[name] ?? null),
  );
  const never = changed.find(({ access }) => access?.change === "never");
  if (never !== undefined) return refused("EJ422", `${entity.name}.${never.name} never changes`);
  const once = changed.find(({ name, access }) => access?.change === "once" && (before[name] ?? null) !== null);
  return once && refused("EJ422", `${entity.name}.${once.name} keeps its value`);
}

/**
 * `12_field_rules`: who may give a column a value, besides whoever may write the row. A new row may always have the default;
 * a change is asked of the row as it was and as it will be.
 */
export function checkFieldRules(
  view: ActorView,
  entity: Entity,
  row: StoredRow,
  before?: StoredRow,
): Refusal | undefined {
  if (view.isSystem) return undefined;
  for (const { field, write } of view.rules(entity).fields.values()) {
    if (write === undefined || field.storage.kind !== "column") continue;
    const known = before === undefined ? defaultOf(view, entity, field) : (before[field.name] ?? null);
    if (sameValue(row[field.name] ?? null, known)) continue;
    const asked = before === undefined ? [row] : [before, row];
    const answers = asked.map((each) => view.holds(entity, each, write.core));
    if (answers.every((holds) => holds === true)) continue;
    const holds = answers.find((answer) => answer !== true) ?? null;
    const verdict = { source: write.source, name: write.name, effect: "allow", part: "leave", holds } as const;
    return refused("42501", write.name, { allowed: false, rules: [verdict] });
  }
  return undefined;
}

/** As `is distinct from` sees it. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const text = (value: unknown): string =>
    JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? `${part}n` : part));
  return text(a) === text(b);
}
