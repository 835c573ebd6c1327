/** Copies a checked expression with some of its nodes replaced. */
import { type Core, isRowLike, isRowsLike, type RowLike, type RowsLike } from "../expression/core.ts";

/** Gives the node that stands for this one, or undefined where only its parts are looked at. */
export type Replace = (core: Core) => Core | undefined;

/** Replaces from the outside in; what `replace` gives is not looked into again. */
export function rewriteCore(core: Core, replace: Replace): Core {
  const replaced = replace(core);
  if (replaced !== undefined) return replaced;
  const part = (child: Core): Core => rewriteCore(child, replace);
  const parts = (children: readonly Core[]): Core[] => children.map(part);
  const row = (child: RowLike): RowLike => {
    const copy = part(child);
    if (!isRowLike(copy)) throw new TypeError("a row was replaced by a value");
    return copy;
  };
  const rows = (child: RowsLike): RowsLike => {
    const copy = part(child);
    if (!isRowsLike(copy)) throw new TypeError("rows were replaced by a value");
    return copy;
  };
  switch (core.kind) {
    case "literal":
    case "now":
    case "value":
    case "row":
    case "item":
      return core;
    case "items":
      return { ...core, list: part(core.list) };
    case "member":
      return { ...core, target: part(core.target) };
    case "column":
    case "one":
    case "many":
    case "ancestors":
    case "side-column":
      return { ...core, target: row(core.target) };
    case "virtual":
      return { ...core, target: row(core.target), body: part(core.body) };
    case "list":
      return { ...core, items: parts(core.items) };
    case "filter":
    case "exists":
    case "all":
      return { ...core, rows: rows(core.rows), predicate: part(core.predicate) };
    case "count":
      return { ...core, rows: rows(core.rows) };
    case "aggregate":
    case "map":
      return { ...core, rows: rows(core.rows), body: part(core.body) };
    case "and":
    case "or":
      return { ...core, operands: parts(core.operands) };
    case "conditional": {
      const [condition, then, otherwise] = [part(core.condition), part(core.then), part(core.otherwise)];
      return { ...core, condition, then, otherwise };
    }
    case "compare":
    case "arithmetic":
    case "concat":
      return { ...core, left: part(core.left), right: part(core.right) };
    case "in-list":
      return { ...core, operand: part(core.operand), items: parts(core.items) };
    case "in-array":
      return { ...core, operand: part(core.operand), list: part(core.list) };
    case "starts-with":
    case "ends-with":
    case "contains":
      return { ...core, operand: part(core.operand), argument: part(core.argument) };
    case "null-test":
    case "not":
    case "negate":
    case "matches":
    case "lower-ascii":
    case "size":
    case "convert":
      return { ...core, operand: part(core.operand) };
    default:
      return core satisfies never;
  }
}
