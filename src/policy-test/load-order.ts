/** Entities in an order in which each comes after those that its rows must refer to. */
import type { Entity, System } from "../model/index.ts";

export function loadOrder(system: System): readonly Entity[] {
  const waiting = new Set(system.entities);
  const ordered: Entity[] = [];
  const isWaiting = (name: string): boolean => [...waiting].some((entity) => entity.name === name);
  while (waiting.size > 0) {
    const able = [...waiting].filter((entity) => !needs(system, entity).some(isWaiting));
    // Where references can be absent, they are better there: fewer have to be filled in later.
    const next = able.find((entity) => !wishes(entity).some(isWaiting)) ?? able[0] ?? [...waiting][0];
    if (next === undefined) break;
    waiting.delete(next);
    ordered.push(next);
  }
  return ordered;
}

const references = (entity: Entity) =>
  entity.fields.flatMap(({ type, required, storage }) =>
    type.kind === "one" && storage.kind === "column" && type.entity !== entity.name
      ? [{ to: type.entity, required }]
      : [],
  );

function needs({ tenancy, actor }: System, entity: Entity): readonly string[] {
  const all = references(entity);
  const required = all.filter((reference) => reference.required).map(({ to }) => to);
  if (tenancy === undefined || !entity.tenant || entity.name === tenancy.membership.entity) return required;
  // A reference to a person asks for his membership.
  return all.some(({ to }) => to === actor?.entity) ? [...required, tenancy.membership.entity] : required;
}

const wishes = (entity: Entity): readonly string[] => references(entity).map(({ to }) => to);
