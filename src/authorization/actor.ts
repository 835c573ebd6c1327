/** Who asks, and what the database reads of him live when a request begins. */
import type { MembershipFields, ModelFacts } from "./model-facts.ts";
import type { World } from "./world.ts";

/** As a request names him: what a token said, and nothing that is read from the database. */
export interface Actor {
  readonly kind: "anonymous" | "user" | "service" | "key" | "system";
  readonly id: string | null;
  /** Counts only where the actor is a member of it; the system's counts as given. */
  readonly tenant: string | null;
}

/** Where a request comes from. */
export interface Request {
  readonly origin: string | null;
  readonly ip: string | null;
}

/** What `enginejs.begin_request` sets. */
export interface ActingActor {
  readonly kind: Actor["kind"];
  readonly id: string | null;
  readonly tenantId: string | null;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

/** The actor as the transaction has him: a tenant of which he is no member is not set. */
export function beginRequest(model: ModelFacts, world: World, actor: Actor): ActingActor {
  const { id } = actor;
  const kind = actor.kind !== "system" && id === null ? "anonymous" : actor.kind;
  if (kind === "system") return { kind, id, tenantId: actor.tenant, roles: [], permissions: [] };
  const roles = kind === "anonymous" || id === null ? null : membershipRoles(model, world, id, actor.tenant);
  if (roles === null) return { kind, id, tenantId: null, roles: [], permissions: [] };
  const held = new Set(roles);
  const permissions = model.system.roles.filter(({ name }) => held.has(name)).flatMap((role) => role.permissions);
  return { kind, id, tenantId: actor.tenant, roles, permissions: [...new Set(permissions)].sort() };
}

/** `enginejs.membership_roles(actor, tenant)`: the tenant's roles that count, and null for a stranger. */
function membershipRoles(
  model: ModelFacts,
  world: World,
  actor: string,
  tenant: string | null,
): readonly string[] | null {
  const { membership, system } = model;
  // Without tenancy nobody is a stranger, and what was granted was granted without a tenant.
  const own = membership === undefined ? [] : memberRoles(world, membership, actor, tenant);
  const granted = grantedRoles(world, actor, membership === undefined ? null : tenant);
  if (own === null && granted === null) return null;
  const held = new Set([...(own ?? []), ...(granted ?? [])]);
  const known = system.roles.filter((role) => role.of === "tenant");
  return known
    .filter(({ name }) =>
      known.some((role) => held.has(role.name) && (role.name === name || role.includes.includes(name))),
    )
    .map(({ name }) => name)
    .sort();
}

function memberRoles(
  world: World,
  membership: MembershipFields,
  actor: string,
  tenant: string | null,
): readonly string[] | null {
  const own = world
    .rows(membership.entity)
    .find((row) => tenant !== null && row[membership.user] === actor && row[membership.tenant] === tenant);
  return own === undefined ? null : ((own[membership.roles] ?? []) as readonly string[]);
}

/** Temporary grants in force, and a service account's own roles; one without any is no stranger all the same. */
function grantedRoles(
  { grants, accounts, now }: World,
  actor: string,
  tenant: string | null,
): readonly string[] | null {
  const inForce = grants.filter(
    (grant) => grant.actor === actor && grant.tenant === tenant && grant.from <= now && now < grant.until,
  );
  const account = accounts.find((each) => each.id === actor && each.tenant === tenant);
  if (account === undefined && inForce.length === 0) return null;
  return [...inForce.map(({ role }) => role), ...(account?.roles ?? [])];
}
