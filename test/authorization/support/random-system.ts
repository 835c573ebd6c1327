/** Random models: entities, relations, states, uniques and rules of every kind that a condition can take part in. */
import {
  type Command,
  type Entity,
  type Field,
  type Policy,
  type System,
  system as systemSchema,
} from "../../../src/model/index.ts";
import type { Random } from "../../../src/policy-test/random.ts";
import {
  buildSystem,
  type EntityOptions,
  type FieldOptions,
  many,
  one,
  scalar,
  state,
  text,
} from "../../dsl-to-sql/support/system-builder.ts";
import { ConditionWriter } from "./random-condition.ts";

const STATES = ["open", "closed", "gone"];
const COMMANDS: readonly Command[] = ["read", "create", "update", "delete"];

export function randomSystem(random: Random): System {
  const tenancy = !random.oneIn(4);
  const count = 1 + random.below(tenancy ? 3 : 5);
  const names = Array.from({ length: count }, (_, i) => `Thing${"ABCDE"[i]}`);
  const isGlobal = new Map(names.map((name) => [name, tenancy && random.oneIn(5)]));
  const entities: Record<string, EntityOptions> = tenancy ? { ...peopleEntities() } : {};
  const inverse: { readonly of: string; readonly field: string; readonly from: string }[] = [];
  names.forEach((name, i) => {
    const fields: Record<string, FieldOptions> = {
      flag: { type: scalar("boolean"), required: random.oneIn(2) },
      n: { type: scalar(random.pick(["integer", "money", "bigint"])), required: random.oneIn(3) },
      t: { type: text(20), required: random.oneIn(3), unique: random.oneIn(4) },
    };
    if (random.oneIn(2)) fields.status = { type: state(STATES, "open") };
    const refer = (field: string, to: string, required: boolean): void => {
      fields[field] = { type: one(to, "restrict"), required };
      inverse.push({ of: to, field, from: name });
    };
    if (tenancy && !random.oneIn(4)) {
      const byDefault = random.oneIn(2);
      refer("owner", "User", byDefault && random.oneIn(2));
      if (byDefault)
        fields.owner = { ...(fields.owner as FieldOptions), default: { kind: "expression", expression: "actor.id" } };
    }
    if (random.oneIn(2)) refer("parent", name, false);
    const others = names.slice(0, i).filter((other) => isGlobal.get(name) !== true || isGlobal.get(other) === true);
    if (others.length > 0 && !random.oneIn(4)) refer("other", random.pick(others), random.oneIn(3));
    entities[name] = { ...(isGlobal.get(name) === true ? { tenant: false } : {}), fields };
  });
  for (const { of, field, from } of inverse) {
    // From people only what is below them in a tenant's rows, as from any other.
    const target = entities[of];
    if (target === undefined) continue;
    entities[of] = {
      ...target,
      fields: { ...target.fields, [`${field}Of${from}`]: { type: many(from, field) } },
    };
  }
  const built = buildSystem({ entities, tenancy, roles: randomRoles(random) });
  return withRules(built, random);
}

const peopleEntities = (): Readonly<Record<string, EntityOptions>> => ({
  Tenant: {
    tenant: false,
    fields: { name: { type: text(20), required: true }, memberships: { type: many("Membership", "tenant") } },
  },
  User: {
    tenant: false,
    fields: { name: { type: text(20), required: true }, memberships: { type: many("Membership", "user") } },
  },
  Membership: {
    fields: {
      user: { type: one("User"), required: true, unique: true },
      roles: { type: scalar("roles"), required: true },
    },
  },
});

function randomRoles(random: Random): System["roles"] {
  const chief = { name: "chief", includes: random.oneIn(2) ? ["clerk"] : [], of: "tenant", permissions: [] } as const;
  const clerk = { name: "clerk", includes: [], of: "tenant", permissions: [] } as const;
  return [
    { ...chief, includes: [...chief.includes] },
    { ...clerk, includes: [] },
  ].map((role) => ({
    ...role,
    permissions: [],
  }));
}

function withRules(plain: System, random: Random): System {
  const built: System = {
    ...plain,
    permissions: [{ name: "Thing.close" }, { name: "reports.read" }, { name: "nobody.has" }],
    flags: [
      { name: "beta", default: random.oneIn(2) },
      { name: "late", default: false },
    ],
    ...(plain.actor === undefined ? {} : { actor: { ...plain.actor, claims: randomClaims(plain) } }),
  };
  const writer = new ConditionWriter(built, random);
  const entities = built.entities.map((entity): Entity => {
    const policies = entity.name === "Membership" && random.oneIn(2) ? [] : randomPolicies(entity, writer, random);
    const fields = entity.fields.map((field) => withAccess(entity, field, writer, random));
    return {
      ...entity,
      fields,
      policies: withActions(entity, policies, random),
      actions: randomActions(entity, writer, random),
    };
  });
  return systemSchema.parse({ ...built, entities });
}

function randomPolicies(entity: Entity, writer: ConditionWriter, random: Random): Policy[] {
  const policies: Policy[] = [];
  const add = (effect: Policy["effect"], commands: readonly Command[], expression: string, check?: string): void => {
    policies.push({
      name: `rule ${policies.length + 1}`,
      effect,
      commands: [...commands],
      actions: [],
      expression,
      ...(check === undefined ? {} : { check }),
    });
  };
  for (const command of COMMANDS) {
    if (random.oneIn(8)) continue;
    // Half of the rows should be seen at least: nothing is told apart where all is hidden.
    const often = command === "read" ? random.oneIn(2) : random.oneIn(3);
    add("allow", [command], often ? "true" : writer.condition(entity), checkOf(entity, command, writer, random));
    if (random.oneIn(3))
      add(
        "allow",
        [command, random.pick(COMMANDS)].filter((c, i, all) => all.indexOf(c) === i),
        writer.condition(entity),
      );
    if (random.oneIn(4)) add("deny", [command], writer.condition(entity), checkOf(entity, command, writer, random));
  }
  return policies;
}

const checkOf = (entity: Entity, command: Command, writer: ConditionWriter, random: Random): string | undefined =>
  (command === "create" || command === "update") && random.oneIn(3) ? writer.condition(entity) : undefined;

function randomActions(entity: Entity, writer: ConditionWriter, random: Random): Entity["actions"] {
  const states = entity.fields.find(({ type }) => type.kind === "state");
  const base = entity.name.replace(/^Thing/, "thing").toLowerCase();
  const actions: Entity["actions"] = [];
  if (states !== undefined) {
    actions.push({
      name: "close",
      function: `close_${base}`,
      input: [],
      transition: { field: states.name, from: random.oneIn(2) ? ["open"] : ["open", "gone"], to: "closed" },
      ...(random.oneIn(2) ? { allow: { name: "own rule", expression: writer.condition(entity) } } : {}),
      guards: random.oneIn(2) ? [{ expression: writer.condition(entity), message: "guarded" }] : [],
      effects: [],
    });
  }
  if (/^Thing/.test(entity.name) && random.oneIn(2)) {
    actions.push({
      name: "poke",
      function: `poke_${base}`,
      input: [],
      ...(random.oneIn(2) ? { allow: { name: "own rule", expression: writer.condition(entity) } } : {}),
      guards: random.oneIn(2) ? [{ expression: writer.condition(entity), message: "guarded" }] : [],
      effects: [],
    });
  }
  return actions;
}

/** What an actor is read of live: the things that are his. */
function randomClaims(system: System): NonNullable<System["actor"]>["claims"] {
  const uuids = { list: true, scalar: "uuid", sqlType: "uuid[]" } as const;
  const user = system.entities.find(({ name }) => name === "User");
  const many = (user?.fields ?? []).filter(({ type, name }) => type.kind === "many" && name !== "memberships");
  return [
    { name: "tenants", expression: "actor.memberships.map(m, m.tenant.id)", type: uuids },
    { name: "name", expression: "actor.name", type: { list: false, scalar: "string", sqlType: "text" } },
    ...many.slice(0, 1).map(({ name }) => ({ name: "things", expression: `actor.${name}.map(x, x.id)`, type: uuids })),
  ];
}

/** Some fields of the things have rules of their own. */
function withAccess(entity: Entity, field: Field, writer: ConditionWriter, random: Random): Field {
  if (!/^Thing/.test(entity.name) || field.type.kind !== "scalar" || field.storage.kind !== "column") return field;
  if (!["flag", "n", "t"].includes(field.name) || !random.oneIn(4)) return field;
  if (entity.uniques.some(({ fields }) => fields.includes(field.name))) return field;
  const rule = (name: string) => ({ name, expression: writer.condition(entity) });
  const change = random.pick([undefined, undefined, "never", "once"] as const);
  const access = {
    ...(random.oneIn(2) ? { write: rule("writers") } : {}),
    ...(change === undefined ? {} : { change }),
  };
  if (random.oneIn(2)) return { ...field, access };
  const { column, sqlType } = field.storage;
  const table = `${entity.table}_${column}`;
  const storage = { kind: "side", table, column, sqlType } as const;
  return { ...field, required: false, storage, access: { ...access, read: rule("readers") } };
}

/** Some rules name actions. */
const withActions = (entity: Entity, policies: readonly Policy[], random: Random): Policy[] =>
  policies.map((policy) =>
    /^Thing/.test(entity.name) && random.oneIn(6) ? { ...policy, actions: [random.pick(["close", "poke"])] } : policy,
  );
