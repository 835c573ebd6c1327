/** Whether an index can find the rows of a condition. */
import type { Core } from "../expression/core.ts";
import { comparedWithActor } from "./lookups.ts";
import { ownAndAbove } from "./own-and-above.ts";
import { turnAround } from "./turn-around.ts";

/**
 * Whether the rows for which a condition is true can be found by indexes: one of what must be true together, each of what
 * is enough by itself. Where they cannot, every row of the tenant is looked at, and what it is compared with should be
 * fast to look into: a hash table, not an array.
 */
export function isServable(core: Core, ownRowHasTenant: boolean): boolean {
  const again = (part: Core): boolean => isServable(part, ownRowHasTenant);
  if (core.kind === "literal") return core.value === false;
  if (comparedWithActor(core) !== undefined) return true;
  if (turnAround(core, ownRowHasTenant) !== undefined) return ownAndAbove(core)?.every(again) ?? true;
  if (core.kind === "and") return core.operands.some(again);
  return core.kind === "or" && core.operands.every(again);
}
