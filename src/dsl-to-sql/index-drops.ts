/** The statements that drop the indexes of a build, for one that somebody changed: what is made next is as it was built. */
import { printStatement } from "../sql-ast/print-statement.ts";
import { dotted } from "./object-identity.ts";
import type { PlanStep } from "./plan-steps.ts";
import type { CompiledSystem } from "./statement.ts";

/** By the index's identity: `index app.invoice_owner_id_idx`. */
export function indexDrops({ statements }: CompiledSystem): ReadonlyMap<string, PlanStep> {
  const drops = new Map<string, PlanStep>();
  for (const { node, role, entity } of statements) {
    if (node.kind !== "create index") continue;
    const name = { ...node.table, name: node.name };
    const object = `index ${dotted(name)}`;
    drops.set(object, {
      verb: "-",
      kind: "index",
      object,
      ...(entity !== undefined && { entity }),
      sql: printStatement({ kind: "drop", object: { type: "index", name }, ifExists: true }),
      role,
      lock: "access exclusive",
      transactional: true,
      hazards: ["drops an index"],
      quiet: false,
    });
  }
  return drops;
}
