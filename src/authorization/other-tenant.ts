/**
 * A person may list his memberships of other tenants, and with them only what stands in those rows: whatever a condition
 * asks of rows around them is unknown, for it would be asked of another tenant.
 */
import { resolveColumn, resolveReference } from "../expression/column-path.ts";
import { type Core, isRowLike, walk } from "../expression/index.ts";

/** The truth of a condition over such a row; `evaluate` gives that of a part that reads nothing but the row. */
export function truthOutsideTenant(core: Core, evaluate: (part: Core) => boolean | null): boolean | null {
  switch (core.kind) {
    case "not": {
      const operand = truthOutsideTenant(core.operand, evaluate);
      return operand === null ? null : !operand;
    }
    case "and":
    case "or": {
      const decisive = core.kind === "or";
      const operands = core.operands.map((operand) => truthOutsideTenant(operand, evaluate));
      if (operands.includes(decisive)) return decisive;
      return operands.includes(null) ? null : !decisive;
    }
    default:
      return readsOtherRows(core) ? null : evaluate(core);
  }
}

/** Whether a part reads rows beside its own: not where a reference itself already tells the value. */
function readsOtherRows(core: Core): boolean {
  return [...walk(core)].some((node) => {
    switch (node.kind) {
      case "many":
      case "ancestors":
      case "side-column":
        return true;
      case "column":
        return resolveColumn(node.target, node.column).hops.length > 0;
      case "virtual":
        return node.target.kind === "one";
      case "null-test":
        return isRowLike(node.operand) && node.operand.kind === "one" && resolveReference(node.operand).hops.length > 0;
      default:
        return false;
    }
  });
}
