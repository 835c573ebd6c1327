import { type Callback, declared } from "./declared.ts";
import type { CallbackAt } from "./field.ts";
import { captureSite, type Site } from "./site.ts";

export interface TriggerDeclaration {
  readonly kind: "trigger";
  readonly site: Site | undefined;
  readonly entity: string;
  readonly event: "create" | "update" | "delete" | "action";
  readonly action?: string;
  readonly condition?: CallbackAt;
}

declare const event: unique symbol;

/** What starts a workflow: an event of entity `N`, with the input `I` where it is an action. */
export interface Trigger<out N extends string, out I = unknown> {
  readonly [event]?: { readonly entity: N; readonly input: I };
}

/** Makes a trigger; called by the methods of an entity. */
export function makeTrigger(
  entity: string,
  name: TriggerDeclaration["event"],
  more: { readonly action?: string; readonly condition?: Callback } = {},
): object {
  const site = captureSite();
  return declared<TriggerDeclaration, object>(
    {
      kind: "trigger",
      site,
      entity,
      event: name,
      ...(more.action === undefined ? {} : { action: more.action }),
      ...(more.condition === undefined ? {} : { condition: { site, callback: more.condition } }),
    },
    {},
  );
}
