/** For whom a change is counted: nobody in particular, real people of every role, and somebody invented for a role that nobody holds. */
import { randomUUID } from "node:crypto";
import type pg from "pg";
import { type AccessComparison, someMembers, somePeople, someTenants } from "../../dsl-to-sql/index.ts";
import type { System } from "../../model/index.ts";

export interface CountedActor {
  /** `anonymous`, `no role`, `billing`, `billing + member`. */
  readonly label: string;
  readonly kind: "anonymous" | "user";
  readonly id: string | null;
  readonly tenant: string | null;
  /** For somebody invented: the role that nobody holds. */
  readonly role?: string;
}

export interface PickedActors {
  /** Those who stand for their role first. */
  readonly actors: readonly CountedActor[];
  /** Whether everybody is among them who belongs to a tenant. */
  readonly everybody: boolean;
  /** People as they are outside of every tenant: for rows that belong to none. */
  readonly outside: readonly CountedActor[];
  readonly everybodyOutside: boolean;
}

interface Member {
  readonly actor: string;
  readonly tenant: string | null;
  readonly roles: readonly string[];
}

export interface PickOptions {
  /** How many at most. */
  readonly maxActors: number;
  /** How many of each role, where there are more people than that. */
  readonly perRole: number;
}

/** So many are read to choose from: enough to find several tenants. */
const READ = 500;

/** As enginejs_reader, inside of a transaction. */
export async function pickActors(
  client: pg.ClientBase,
  comparison: AccessComparison,
  { maxActors, perRole }: PickOptions,
): Promise<PickedActors> {
  const { system } = comparison.after.model;
  const read = async (role?: string): Promise<Member[]> => {
    const sql = someMembers(comparison, READ, role);
    if (sql !== undefined) return (await client.query<Member>(sql)).rows;
    const people = role === undefined ? somePeople(comparison, READ) : undefined;
    if (people === undefined) return [];
    const { rows } = await client.query<{ actor: string }>(people);
    return rows.map(({ actor }) => ({ actor, tenant: null, roles: [] }));
  };
  const anonymous: CountedActor = { label: "anonymous", kind: "anonymous", id: null, tenant: null };
  const members = await read();
  const everybody = members.length < READ && members.length <= maxActors;
  const roles = system.roles.filter((role) => role.of === "tenant").map(({ name }) => name);
  const chosen: CountedActor[] = [anonymous];
  const missing: string[] = [];
  for (const role of roles.sort()) {
    const known = members.filter((member) => member.roles.includes(role));
    // The first ones that were read are not everybody: of a rare role there may be others.
    const holders = known.length > 0 || members.length < READ ? known : await read(role);
    if (holders.length === 0) missing.push(role);
    chosen.push(...spread(holders, perRole).map((member) => asActor(member, system)));
  }
  const without = members.filter((member) => !member.roles.some((role) => roles.includes(role)));
  chosen.push(...spread(without, perRole).map((member) => asActor(member, system)));
  chosen.push(...(await invented(client, comparison, missing, members)));
  if (everybody) chosen.push(...members.map((member) => asActor(member, system)));
  const distinct = new Map(chosen.map((actor) => [`${actor.id} ${actor.tenant}`, actor]));
  return { actors: [...distinct.values()], everybody, ...(await outside(client, comparison, { maxActors, perRole })) };
}

async function outside(
  client: pg.ClientBase,
  comparison: AccessComparison,
  { maxActors, perRole }: PickOptions,
): Promise<Pick<PickedActors, "outside" | "everybodyOutside">> {
  const sql = somePeople(comparison, maxActors + 1);
  // Without tenancy they are all that there are, and counted already.
  if (sql === undefined || comparison.after.model.membership === undefined)
    return { outside: [], everybodyOutside: true };
  const people = (await client.query<{ actor: string }>(sql)).rows;
  const everybodyOutside = people.length <= maxActors;
  const counted = everybodyOutside ? people : people.slice(0, perRole);
  return {
    outside: counted.map(({ actor }) => ({ label: "no tenant", kind: "user", id: actor, tenant: null })),
    everybodyOutside,
  };
}

/** Of as many tenants as there are; those first who hold few roles, so that it is the role that decides. */
function spread(members: readonly Member[], count: number): Member[] {
  const sorted = [...members].sort((a, b) => a.roles.length - b.roles.length);
  const seen = new Map<string | null, number>();
  const turns = sorted.map((member) => {
    const turn = seen.get(member.tenant) ?? 0;
    seen.set(member.tenant, turn + 1);
    return { member, turn };
  });
  return turns
    .sort((a, b) => a.turn - b.turn)
    .slice(0, count)
    .map(({ member }) => member);
}

function asActor({ actor, tenant, roles }: Member, system: System): CountedActor {
  const known = new Set(system.roles.map(({ name }) => name));
  const held = roles.filter((role) => known.has(role)).sort();
  return { label: held.length === 0 ? "no role" : held.join(" + "), kind: "user", id: actor, tenant };
}

async function invented(
  client: pg.ClientBase,
  comparison: AccessComparison,
  roles: readonly string[],
  members: readonly Member[],
): Promise<CountedActor[]> {
  if (roles.length === 0) return [];
  const sql = someTenants(comparison, 3);
  const used = [...new Set(members.flatMap(({ tenant }) => (tenant === null ? [] : [tenant])))].slice(0, 3);
  const found = sql === undefined ? [] : (await client.query<{ tenant: string }>(sql)).rows.map(({ tenant }) => tenant);
  const tenants = sql === undefined ? [null] : [...new Set([...used, ...found])].slice(0, 3);
  return roles.flatMap((role) =>
    tenants.map((tenant): CountedActor => ({ label: role, kind: "user", id: randomUUID(), tenant, role })),
  );
}
