/** Copies a checked expression with some of its nodes replaced. */
import { type Core, isRowLike, isRowsLike } from "../expression/core.ts";
import { PARTS, type Place } from "../expression/parts.ts";

/** Gives the node that stands for this one, or undefined where only its parts are looked at. */
export type Replace = (core: Core) => Core | undefined;

/** Replaces from the outside in; what `replace` gives is not looked into again. */
export function rewriteCore(core: Core, replace: Replace): Core {
  const replaced = replace(core);
  if (replaced !== undefined) return replaced;
  const places: readonly (readonly [string, Place])[] = Object.entries(PARTS[core.kind]);
  if (places.length === 0) return core;
  const parts = core as unknown as Readonly<Record<string, Core | readonly Core[]>>;
  const copies = places.map(([name, place]) => {
    const part = parts[name];
    const copy = isSeveral(part)
      ? part.map((each) => rewriteCore(each, replace))
      : fitting(rewriteCore(part as Core, replace), place);
    return [name, copy] as const;
  });
  return { ...core, ...Object.fromEntries(copies) } as Core;
}

const isSeveral = (part: Core | readonly Core[] | undefined): part is readonly Core[] => Array.isArray(part);

function fitting(copy: Core, place: Place): Core {
  if (place === "row" && !isRowLike(copy)) throw new TypeError("a row was replaced by a value");
  if (place === "rows" && !isRowsLike(copy)) throw new TypeError("rows were replaced by a value");
  return copy;
}
