/** The statements that put a table's constraints back, one by one: a build makes most of them together with their table. */
import { printStatement } from "../sql-ast/print-statement.ts";
import { dotted } from "./object-identity.ts";
import type { PlanStep } from "./plan-steps.ts";
import type { CompiledSystem } from "./statement.ts";

/**
 * By the constraint's identity. Each may fail over the rows that came while it was missing.
 *
 * @example constraintRepairs(compiled).get("constraint app.invoice.invoice_status_check")?.sql
 */
export function constraintRepairs({ statements }: CompiledSystem): ReadonlyMap<string, PlanStep> {
  const repairs = new Map<string, PlanStep>();
  for (const { node, role, entity } of statements) {
    const constraints =
      node.kind === "create table" ? node.constraints : node.kind === "add constraint" ? [node.constraint] : [];
    if (node.kind !== "create table" && node.kind !== "add constraint") continue;
    for (const constraint of constraints) {
      const object = `constraint ${dotted(node.table)}.${constraint.name}`;
      repairs.set(object, {
        verb: "+",
        kind: "table",
        object,
        ...(entity !== undefined && { entity }),
        sql: printStatement({ kind: "add constraint", table: node.table, constraint }),
        role,
        lock: "access exclusive",
        transactional: true,
        hazards: ["blocks reads and writes"],
        quiet: false,
      });
    }
  }
  return repairs;
}
