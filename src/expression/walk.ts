/** Traversal of the typed core. */
import type { Core } from "./core.ts";
import { PARTS } from "./parts.ts";

/** The direct parts of a node, in the order of the text; the body of a virtual field comes after its target. */
export function children(core: Core): readonly Core[] {
  const parts = core as unknown as Readonly<Record<string, Core | readonly Core[]>>;
  return Object.keys(PARTS[core.kind]).flatMap((name) => parts[name] ?? []);
}

/** Every node, a parent before its parts. */
export function* walk(core: Core): Generator<Core> {
  yield core;
  for (const child of children(core)) yield* walk(child);
}
