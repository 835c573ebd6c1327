/** A permission is what roles carry: `"Invoice.pay" in actor.permissions` is one of them in the actor's roles. */
import type { Core, InArrayCore, LiteralCore } from "../expression/core.ts";
import { actorRoles, rolesWith } from "./environments.ts";
import type { ModelIndex } from "./model-index.ts";
import { rewriteCore } from "./rewrite-core.ts";

/** Puts the roles in place of a constant permission; one that no role carries is false. Any other use reads the list. */
export const resolvePermissions = (core: Core, model: ModelIndex): Core =>
  rewriteCore(core, (node) => {
    if (node.kind !== "in-array" || node.operand.kind !== "literal" || !isPermissions(node.list)) return undefined;
    const { value } = node.operand;
    return typeof value === "string" ? heldByRole(node, node.operand, rolesWith(model, value)) : undefined;
  });

const isPermissions = (core: Core): boolean =>
  core.kind === "value" && core.path[0] === "actor" && core.path[1] === "permissions";

function heldByRole(node: InArrayCore, operand: LiteralCore, roles: readonly string[]): Core {
  const { list, range } = node;
  const bool = { type: { kind: "bool" }, nullable: false, range } as const;
  const held = roles.map(
    (role): Core => ({
      ...node,
      operand: { ...operand, value: role },
      list: {
        kind: "value",
        path: ["actor", "roles"],
        sql: actorRoles,
        type: list.type,
        nullable: false,
        range: list.range,
      },
    }),
  );
  const [first] = held;
  if (first === undefined) return { kind: "literal", value: false, ...bool };
  return held.length === 1 ? first : { kind: "or", operands: held, ...bool };
}
