/** Columns by which a condition finds its rows: what an index should begin with. */
import type { Core } from "../expression/core.ts";
import type { Entity } from "../model/index.ts";
import { isOwnRow } from "./turn-around.ts";

export interface Lookup {
  readonly entity: string;
  readonly column: string;
}

/** Columns of the row that are compared with something of the actor. */
export function noteLookups(core: Core, entity: Entity, found: Lookup[]): void {
  if (core.kind === "and" || core.kind === "or") {
    for (const operand of core.operands) noteLookups(operand, entity, found);
  }
  const column = comparedWithActor(core);
  if (column !== undefined) found.push({ entity: entity.name, column });
}

/** The column of the own row that equals something of the actor, where that is the condition: an index can find it. */
export function comparedWithActor(core: Core): string | undefined {
  if (core.kind === "in-array") return isOfActor(core.list) ? ownColumn(core.operand) : undefined;
  if (core.kind !== "compare" || core.operator !== "==") return undefined;
  if (isOfActor(core.right)) return ownColumn(core.left);
  return isOfActor(core.left) ? ownColumn(core.right) : undefined;
}

const isOfActor = (core: Core): boolean => core.kind === "value" && core.path[0] === "actor";

/** The column of the own row behind a value, where it is one. */
function ownColumn(core: Core): string | undefined {
  if (core.kind === "column" && isOwnRow(core.target)) return core.column;
  if (core.kind !== "column" || core.target.kind !== "one" || !isOwnRow(core.target.target)) return undefined;
  return core.target.columns.find((pair) => pair.references === core.column)?.column;
}
