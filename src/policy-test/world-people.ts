/** The people of a generated world: someone for every role, someone without any, someone of another tenant, and a stranger. */
import type { Actor, Request, RoleGrant, ServiceAccount } from "../authorization/index.ts";
import type { System } from "../model/index.ts";
import type { Random } from "./random.ts";

export interface Person {
  readonly id: string;
  /** What he is, for reports: `billing`, `member of both tenants`. */
  readonly label: string;
  /** By tenant: his roles there. */
  readonly memberships: ReadonlyMap<string, readonly string[]>;
}

export interface People {
  readonly tenants: readonly [own: string, other: string];
  readonly persons: readonly Person[];
  /** Someone whom rows of the own tenant still name, and who is no member any more. */
  readonly left: string;
  /** Roles that are in force for a time, and some that are not. */
  readonly grants: readonly RoleGrant[];
  readonly accounts: readonly ServiceAccount[];
}

const DAY = 86_400_000_000n;

/** A website and an address that conditions ask for, where they ask. */
export interface Origins {
  readonly origins: readonly string[];
  readonly ips: readonly string[];
}

export function makePeople(system: System, random: Random, now: bigint): People {
  const tenants = [random.uuid(), random.uuid()] as const;
  const [own, other] = tenants;
  const roles = system.roles.filter((role) => role.of === "tenant").map(({ name }) => name);
  const person = (label: string, memberships: readonly (readonly [string, readonly string[]])[]): Person => ({
    id: random.uuid(),
    label,
    memberships: new Map(memberships),
  });
  const mixed = random.sample(roles, 2);
  const left = person("who has left", []);
  const temporary = person("with a role for a time", [[own, []]]);
  const late = person("whose role ended", [[own, []]]);
  const ofTenant = system.tenancy === undefined ? null : own;
  const grant = (actor: string, until: bigint): readonly RoleGrant[] =>
    random.sample(roles, 1).map((role) => ({ actor, tenant: ofTenant, role, from: now - DAY, until }));
  return {
    tenants,
    left: left.id,
    grants: [...grant(temporary.id, now + DAY), ...grant(late.id, now - DAY / 2n)],
    accounts: [{ id: random.uuid(), tenant: ofTenant, roles: random.sample(roles, 1) }],
    persons: [
      ...roles.map((role) => person(role, [[own, [role]]])),
      person("without a role", [[own, []]]),
      person("several roles, in both tenants", [
        [own, mixed],
        [other, random.sample(roles, 1)],
      ]),
      person("of the other tenant", [[other, roles]]),
      person("of no tenant", []),
      temporary,
      late,
      left,
    ],
  };
}

/** Who asks: every person in his tenant, and those who name one that is not theirs, or nobody. */
export function actorsOf(
  system: System,
  { tenants, persons, accounts }: People,
  random: Random,
  { origins, ips }: Origins = { origins: [], ips: [] },
): readonly LabelledActor[] {
  const [own, other] = tenants;
  const tenant = system.tenancy === undefined ? null : own;
  const user = (label: string, id: string | null, claimed: string | null): LabelledActor => ({
    label,
    actor: { kind: "user", id, tenant: claimed },
  });
  const members = persons.map(({ id, label, memberships }) =>
    user(label, id, tenant === null ? null : memberships.has(own) || memberships.size === 0 ? own : other),
  );
  const [first] = persons;
  const elsewhere = (each: LabelledActor): LabelledActor => ({
    ...each,
    label: `${each.label}, from elsewhere`,
    request: {
      origin: random.oneIn(3) || origins.length === 0 ? null : random.pick(origins),
      ip: random.oneIn(3) || ips.length === 0 ? null : random.pick(ips),
    },
  });
  const services = accounts.map(
    ({ id }): LabelledActor => ({ label: "a service", actor: { kind: "service", id, tenant } }),
  );
  return [
    { label: "anonymous", actor: { kind: "anonymous", id: null, tenant: null } },
    { label: "system", actor: { kind: "system", id: null, tenant } },
    ...members,
    ...services,
    ...(first === undefined
      ? []
      : [{ label: `${first.label}, by a key`, actor: { kind: "key", id: first.id, tenant } } as const]),
    ...(origins.length + ips.length === 0 ? [] : random.sample(members, 4).map(elsewhere)),
    user("unknown", random.uuid(), tenant),
    ...(first === undefined || tenant === null
      ? []
      : [
          user(`${first.label}, without a tenant`, first.id, null),
          user(`${first.label}, in the other tenant`, first.id, other),
        ]),
  ];
}

export interface LabelledActor {
  readonly label: string;
  readonly actor: Actor;
  /** Where he calls from. */
  readonly request?: Request;
}
