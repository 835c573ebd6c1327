/** Policies that no rule of the model makes: the engine's own roles, and the tenant's wall. */
import type { Entity } from "../model/index.ts";
import { binary, call, cast, column, literal, or, type SqlExpression } from "../sql-ast/expressions.ts";
import type { CreatePolicyNode, PolicyCommand } from "../sql-ast/statements.ts";
import { actorIdCall, once, tenantIdCall } from "./environments.ts";
import { idColumn, type MembershipColumns, type ModelIndex, tenantColumn } from "./model-index.ts";

export type AddPolicy = (
  policy: Omit<CreatePolicyNode, "kind" | "table">,
  text: readonly string[],
  source: string,
  dependsOn?: readonly string[],
) => void;

/** The roles for which the model's rules are written; enginejs_action inherits those of enginejs_user. */
export const ACTORS = ["enginejs_anonymous", "enginejs_user"];
const TRUE = literal(true);

/** What an action function has set for as long as it runs. After a transaction a setting reads '', not null. */
const lockedRowId = cast(
  call("nullif", call("current_setting", literal("enginejs.action_row"), literal(true)), literal("")),
  "uuid",
);

/** Within an action function: called by the system, or the row that the action has found and locked. */
export const seenByAction = (entity: Entity): SqlExpression =>
  or(
    binary("=", once(call("current_setting", literal("role"))), literal("enginejs_system")),
    binary("=", column(entity.table, idColumn(entity)), once(lockedRowId)),
  );

/** Of the engine's own roles. A forced owner without a policy would validate, back-fill and dump nothing. */
export function addStandingPolicies(entity: Entity, add: AddPolicy): void {
  const source = entity.name;
  const all = { restrictive: false, command: "all", using: TRUE, withCheck: TRUE } as const;
  add({ name: "owner_all", ...all, roles: ["enginejs_owner"] }, ["builds, back-fills and dumps see every row"], source);
  add(
    { name: "reader_read", restrictive: false, command: "select", roles: ["enginejs_reader"], using: TRUE },
    ["what policies ask of other rows, they ask of the true ones"],
    source,
  );
  add({ name: "system_all", ...all, roles: ["enginejs_system"] }, ["workflows that run as the system"], source);
  if (entity.actions.length === 0) return;
  add(
    {
      name: "action_select",
      restrictive: false,
      command: "select",
      roles: ["enginejs_action"],
      // The action functions of the system, and the row that an action has found and locked: it may leave the actor's sight.
      using: seenByAction(entity),
    },
    ["actions see what their actor sees, the system every row, and each the row that it has locked"],
    source,
  );
  add(
    {
      name: "action_update",
      restrictive: false,
      command: "update",
      roles: ["enginejs_action"],
      using: TRUE,
      withCheck: TRUE,
    },
    ["the action function itself checks rule, guards and transition"],
    source,
  );
}

/** Whether a row is within the tenant of the request; undefined where rows belong to none. */
export function withinOwnTenant(entity: Entity, model: ModelIndex): SqlExpression | undefined {
  const own = entity.name === model.system.tenancy?.entity ? idColumn(entity) : tenantColumn(entity);
  return own === undefined ? undefined : binary("=", column(entity.table, own), once(tenantIdCall));
}

/** The tenant's wall: what no permissive policy can open. To named roles, never to PUBLIC: the reader must pass. */
export function addTenancy(entity: Entity, model: ModelIndex, add: AddPolicy): void {
  const roles = [...ACTORS, "enginejs_action"];
  const source = entity.name;
  const wall = (name: string, command: PolicyCommand, using: SqlExpression | undefined, check?: SqlExpression): void =>
    add(
      {
        name,
        restrictive: true,
        command,
        roles,
        ...(using === undefined ? {} : { using }),
        ...(check === undefined ? {} : { withCheck: check }),
      },
      [tenancyText(entity, model)],
      source,
    );
  const own = withinOwnTenant(entity, model);
  if (own === undefined) return;
  if (entity !== model.membership?.entity) {
    wall("tenancy", "all", own, own);
    return;
  }
  wall("tenancy", "select", or(own, ownMembership(entity, model.membership)));
  wall("tenancy_insert", "insert", undefined, own);
  wall("tenancy_update", "update", own, own);
  wall("tenancy_delete", "delete", own);
}

/** Without a tenant's claim a person may still list where he belongs. */
export const ownMembership = (entity: Entity, { user }: MembershipColumns): SqlExpression =>
  binary("=", column(entity.table, user), once(actorIdCall));

export function tenancyText(entity: Entity, model: ModelIndex): string {
  if (entity.name === model.system.tenancy?.entity) return "the tenant of the request, no other";
  return entity === model.membership?.entity
    ? "rows of the request's tenant; to read, also the actor's own memberships"
    : "rows of the request's tenant only";
}
