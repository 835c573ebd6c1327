/** Traversal of the typed core. */
import type { Core } from "./core.ts";

/** The direct parts of a node, in the order of the text; the body of a virtual field comes after its target. */
export function children(core: Core): readonly Core[] {
  switch (core.kind) {
    case "literal":
    case "now":
    case "value":
    case "row":
    case "item":
      return [];
    case "items":
      return [core.list];
    case "member":
    case "column":
    case "one":
    case "many":
    case "ancestors":
    case "side-column":
      return [core.target];
    case "virtual":
      return [core.target, core.body];
    case "list":
      return core.items;
    case "filter":
    case "exists":
    case "all":
      return [core.rows, core.predicate];
    case "count":
      return [core.rows];
    case "aggregate":
    case "map":
      return [core.rows, core.body];
    case "and":
    case "or":
      return core.operands;
    case "conditional":
      return [core.condition, core.then, core.otherwise];
    case "compare":
    case "arithmetic":
    case "concat":
      return [core.left, core.right];
    case "in-list":
      return [core.operand, ...core.items];
    case "in-array":
      return [core.operand, core.list];
    case "starts-with":
    case "ends-with":
    case "contains":
      return [core.operand, core.argument];
    case "null-test":
    case "not":
    case "negate":
    case "matches":
    case "lower-ascii":
    case "size":
    case "convert":
      return [core.operand];
    default:
      return core satisfies never;
  }
}

/** Every node, a parent before its parts. */
export function* walk(core: Core): Generator<Core> {
  yield core;
  for (const child of children(core)) yield* walk(child);
}
