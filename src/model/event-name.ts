/**
 * Events by name, as `on(…)` and webhooks out write them: `Invoice.created`, `Invoice.updated`, `Invoice.deleted`,
 * `Invoice.pay` (an action). The one place that knows how they stand in the outbox.
 */
import type { System } from "./system.ts";

/** A change of an entity's rows; `action` is what stands in the outbox: `create`, `update`, `delete`, or the action's name. */
export interface EventName {
  entity: string;
  event: "create" | "update" | "delete" | "action";
  action: string;
}

const CHANGES = { created: "create", updated: "update", deleted: "delete" } as const;
type Change = keyof typeof CHANGES;

const isChange = (word: string): word is Change => Object.hasOwn(CHANGES, word);

/** @example parseEventName("Invoice.created") // { entity: "Invoice", event: "create", action: "create" } */
export function parseEventName(name: string): EventName | undefined {
  const [, entity, word] = /^([A-Z][A-Za-z0-9]*)\.([a-z][A-Za-z0-9]*)$/.exec(name) ?? [];
  if (entity === undefined || word === undefined) return undefined;
  if (isChange(word)) return { entity, event: CHANGES[word], action: CHANGES[word] };
  return { entity, event: "action", action: word };
}

/** Every event name of a system, sorted: what is offered, and what a misspelt one may have meant. */
export function eventNames(of: Pick<System, "entities">): string[] {
  return of.entities
    .flatMap((entity) =>
      [...Object.keys(CHANGES), ...entity.actions.map((a) => a.name)].map((w) => `${entity.name}.${w}`),
    )
    .sort();
}
