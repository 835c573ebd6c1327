/**
 * Row level security of an entity: who passes without question, the tenant's
 * wall, and of the model's rules, per command, one permissive policy of all
 * that allow and one restrictive policy of all that deny.
 */
import type { Command, Entity } from "../model/index.ts";
import { and, binary, call, is, literal, or, type SqlExpression } from "../sql-ast/expressions.ts";
import type { PolicyCommand } from "../sql-ast/statements.ts";
import {
  type CompiledPart,
  type CompiledRule,
  compileRules,
  type EntityRules,
  type PolicyParts,
} from "./compile-rules.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { ACTORS, type AddPolicy, addStandingPolicies, addTenancy, seenByAction } from "./standing-policies.ts";

export type { PolicyParts } from "./compile-rules.ts";

const COMMANDS: readonly { readonly command: Command; readonly sql: Exclude<PolicyCommand, "all"> }[] = [
  { command: "read", sql: "select" },
  { command: "create", sql: "insert" },
  { command: "update", sql: "update" },
  { command: "delete", sql: "delete" },
];

/** The compiled rules of an entity: what actions, explanations, affordances and the search for indexes go by. */
export type EntityPolicies = EntityRules;

export function compilePolicies(entity: Entity, parts: PolicyParts): EntityPolicies {
  const { list } = parts;
  const { model } = list;
  const table = model.table(entity);
  const tableId = tableIdentity(table);
  list.add(
    { kind: "enable row security", table },
    {
      kind: "row security",
      id: `row security on ${tableId}`,
      object: tableId,
      phase: "row security",
      entity: entity.name,
      source: entity.name,
      lock: "access exclusive",
      hazards: ["changes authorization"],
      dependsOn: [tableId],
    },
  );
  const add: AddPolicy = (policy, text, source, dependsOn = []) => {
    const reference = { type: "policy", table, name: policy.name } as const;
    list.add(
      { kind: "create policy", table, ...policy },
      {
        kind: "policy",
        object: objectIdentity(reference),
        phase: "policies",
        entity: entity.name,
        source,
        lock: "access exclusive",
        hazards: ["changes authorization"],
        dependsOn: [tableId, ...dependsOn],
        why: text.join("; "),
      },
    );
    list.comment({ on: reference, text, source, entity: entity.name });
  };
  addStandingPolicies(entity, add);
  addTenancy(entity, model, add);

  const rules = compileRules(entity, parts);
  for (const { command, sql } of COMMANDS) {
    const { allows = [], denies = [] } = rules.commands.get(command) ?? {};
    addRules(allows, sql, (condition) => condition, add);
    addRules(denies, sql, (condition) => unlessDenied(entity, sql, condition), add);
  }
  return rules;
}

/** All rules of one effect that speak about a command, in one policy: any of them is enough. */
function addRules(
  rules: readonly CompiledRule[],
  command: Exclude<PolicyCommand, "all">,
  wrap: (condition: SqlExpression) => SqlExpression,
  add: AddPolicy,
): void {
  const [first] = rules;
  if (first === undefined) return;
  const restrictive = first.effect === "deny";
  const touches = command !== "insert";
  const leaves = command === "insert" || command === "update";
  const any = (part: (rule: CompiledRule) => CompiledPart): SqlExpression =>
    wrap(or(...rules.map((rule) => part(rule).sql)));
  const used = rules.flatMap((rule) => [...(touches ? [rule.using] : []), ...(leaves ? [rule.check] : [])]);
  add(
    {
      name: `${restrictive ? "deny" : "actor"}_${command}`,
      restrictive,
      command,
      roles: ACTORS,
      ...(touches ? { using: any((rule) => rule.using) } : {}),
      ...(leaves ? { withCheck: any((rule) => rule.check) } : {}),
    },
    rules.map(({ sentence }) => (restrictive ? `deny: ${sentence}` : sentence)),
    first.source,
    [...new Set(used.flatMap((part) => part.dependsOn))].sort(),
  );
}

/**
 * Unknown denies nothing. Inside an action function no deny of a write speaks: the function itself asks the denies that
 * do, and names the one that says no. A row that an actor may not read is not there for his actions either, but an action
 * keeps the row that it has found, and the system's actions find every row.
 */
function unlessDenied(entity: Entity, command: Exclude<PolicyCommand, "all">, condition: SqlExpression): SqlExpression {
  const undenied = is(condition, "not true");
  if (entity.actions.length === 0) return undenied;
  const inAction = binary("=", call({ schema: "pg_catalog", name: "current_user" }), literal("enginejs_action"));
  return or(command === "select" ? and(inAction, seenByAction(entity)) : inAction, undenied);
}
