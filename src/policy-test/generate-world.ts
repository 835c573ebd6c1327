/**
 * Worlds for a model: rows of every entity, made so that each condition of the model is true of some and false of others.
 * References lead to every row that the keys allow, people who are no members among those that they refuse stay out, nulls
 * stand wherever a field may be null.
 */
import {
  type Authorization,
  type FlagSetting,
  insertedRow,
  isHeld,
  rowFits,
  type StoredRow,
  World,
} from "../authorization/index.ts";
import { parseDecimal, type Value } from "../expression/index.ts";
import type { Entity, Field } from "../model/index.ts";
import type { ConditionValues } from "./condition-values.ts";
import { loadOrder } from "./load-order.ts";
import type { Random } from "./random.ts";
import { makePeople, type People } from "./world-people.ts";

export interface GeneratedWorld {
  readonly world: World;
  readonly people: People;
}

export interface WorldOptions {
  /** How many rows an entity gets in the own tenant. */
  readonly rows: number;
  readonly now: bigint;
  /** Whether rows of both tenants may have the same id; they may unless said otherwise. */
  readonly sharedIds?: boolean;
}

const DAY = 86_400_000_000n;
const TEXTS = ["a", "B", "o'k", 'say "x"', "back\\slash", "$$", "ä€", "12345", "x-1"];

export class WorldGenerator {
  private readonly authorization: Authorization;
  private readonly values: ConditionValues;
  private readonly random: Random;
  private readonly options: WorldOptions;

  constructor(authorization: Authorization, values: ConditionValues, random: Random, options: WorldOptions) {
    this.authorization = authorization;
    this.values = values;
    this.random = random;
    this.options = options;
  }

  generate(): GeneratedWorld {
    const { system } = this.authorization.model;
    const people = makePeople(system, this.random, this.options.now);
    const rows: Record<string, StoredRow[]> = {};
    for (const { name } of system.entities) rows[name] = [];
    const order = loadOrder(system);
    for (const entity of order) this.fill(entity, rows, people);
    // References to what was made later.
    for (const entity of order) {
      const own = rows[entity.name] ?? [];
      own.forEach((row, i) => {
        own[i] = this.refer(entity, row, rows, people);
      });
    }
    const { now } = this.options;
    const { grants, accounts } = people;
    return { world: new World({ rows, now, grants, accounts, flags: this.flags(people) }), people };
  }

  /** Turned for everybody, for one of the tenants, for neither. */
  private flags(people: People): readonly FlagSetting[] {
    const { random } = this;
    const { flags, tenancy } = this.authorization.model.system;
    const tenants = tenancy === undefined ? [null] : [null, ...people.tenants];
    return flags.flatMap(({ name: flag }) =>
      tenants.filter(() => random.oneIn(3)).map((tenant) => ({ flag, tenant, value: random.oneIn(2) })),
    );
  }

  private fill(entity: Entity, rows: Record<string, StoredRow[]>, people: People): void {
    const { system } = this.authorization.model;
    const { tenancy, actor } = system;
    const { random } = this;
    const own = rows[entity.name] ?? [];
    const add = (tenant: string | null, fixed: Readonly<Record<string, Value>>): void => {
      const row = this.row(entity, tenant, rows, people, fixed);
      if (row !== undefined) own.push(row);
    };
    if (entity.name === tenancy?.entity) {
      for (const id of people.tenants) add(null, { id });
    } else if (entity.name === actor?.entity) {
      for (const { id } of people.persons) add(null, { id });
    } else if (entity.name === tenancy?.membership.entity) {
      const { user, roles } = tenancy.membership;
      for (const person of people.persons) {
        for (const [tenant, held] of person.memberships) add(tenant, { [user]: person.id, [roles]: held });
      }
    } else if (entity.tenant && tenancy !== undefined) {
      const [mine, other] = people.tenants;
      for (let n = 0; n < this.options.rows; n++) add(mine, {});
      // Both tenants may use the same id: each row is its own tenant's.
      const shared = own.map((row) => row.id ?? null);
      for (let n = 0; n < 1 + random.below(3); n++) {
        const id = shared[n];
        const isShared = (this.options.sharedIds ?? true) && random.oneIn(2) && id !== undefined;
        add(other, isShared ? { id } : {});
      }
    } else {
      for (let n = 0; n < this.options.rows; n++) add(null, {});
    }
  }

  /** A row that the table takes; undefined where none was found. */
  row(
    entity: Entity,
    tenant: string | null,
    rows: Readonly<Record<string, readonly StoredRow[]>>,
    people: People,
    fixed: Readonly<Record<string, Value>> = {},
  ): StoredRow | undefined {
    const { authorization } = this;
    const world = new World({ rows, now: this.options.now });
    const view = authorization.as(world, { kind: "system", id: null, tenant });
    for (let attempt = 0; attempt < 40; attempt++) {
      const values: Record<string, Value> = {};
      for (const field of entity.fields) {
        if (!isHeld(field) || field.storage.kind === "generated" || isOfTenant(field) || isTouched(field)) continue;
        values[field.name] = this.value(entity, field, tenant, rows, people, attempt);
      }
      const tenantField = authorization.model.tenantField(entity);
      const id = this.random.uuid();
      const given = { ...values, ...(tenantField === undefined ? {} : { [tenantField]: tenant }), id, ...fixed };
      const row = insertedRow(view, entity, given, id);
      if (rowFits(view, entity, row)) return row;
    }
    return undefined;
  }

  /** A value that a field can have; often one that a condition asks for. */
  value(
    entity: Entity,
    field: Field,
    tenant: string | null,
    rows: Readonly<Record<string, readonly StoredRow[]>>,
    people: People,
    attempt = 0,
  ): Value {
    const { random } = this;
    const { type } = field;
    if (type.kind === "one") return this.reference(entity, field, type.entity, tenant, rows, people);
    if (!field.required && random.oneIn(4)) return null;
    if (type.kind === "state") return random.pick(type.states);
    if (type.kind === "many") return null;
    const asked = this.values.of(entity.name, field.name);
    if (asked.length > 0 && !random.oneIn(4) && attempt < 20) return random.pick(asked);
    return this.plain(field, people, attempt);
  }

  /** The value of an action's input. */
  input(entity: Entity, action: string, field: Field, people: People): Value {
    const { random } = this;
    if (!field.required && random.oneIn(3)) return null;
    const asked = this.values.of(`${entity.name}.${action}`, field.name);
    if (asked.length > 0 && !random.oneIn(4)) return random.pick(asked);
    return field.type.kind === "one" ? random.uuid() : this.plain(field, people, 0);
  }

  private plain({ type }: Field, people: People, attempt: number): Value {
    const { random } = this;
    const { now } = this.options;
    if (type.kind === "state") return random.pick(type.states);
    if (type.kind !== "scalar") return null;
    switch (type.scalar) {
      case "uuid":
        return random.oneIn(2) ? random.pick(people.persons).id : random.uuid();
      case "integer":
      case "bigint":
      case "money":
        return BigInt(random.below(4) + (attempt > 3 ? random.below(1000) : 0));
      case "decimal":
        return parseDecimal(String(random.below(4))) ?? null;
      case "boolean":
        return random.oneIn(2);
      case "date":
        return now / DAY + BigInt(random.below(3) - 1);
      case "timestamp": {
        const shift = random.pick([...this.values.durations, DAY]);
        return now + random.pick([0n, shift, -shift, shift + DAY, -shift - DAY]);
      }
      case "json":
        return random.pick<Value>(["x", true, { a: "b" }, []]);
      case "roles": {
        const roles = this.authorization.model.system.roles.filter(({ of }) => of === "tenant");
        return random.sample(
          roles.map(({ name }) => name),
          2,
        );
      }
      case "text":
      case "slug": {
        const text = type.scalar === "slug" ? random.pick(["a", "B-2", "x_y"]) : random.pick(TEXTS);
        return attempt > 3 ? `${text}${random.below(10_000)}` : text;
      }
      default:
        return type satisfies never;
    }
  }

  private reference(
    entity: Entity,
    field: Field,
    to: string,
    tenant: string | null,
    rows: Readonly<Record<string, readonly StoredRow[]>>,
    people: People,
  ): Value {
    const { random } = this;
    if (!field.required && random.oneIn(4)) return null;
    const targets = this.targets(entity, to, tenant, rows, people);
    if (targets.length === 0) return null;
    // Half of them lead to the same few rows, so that several things come together in one.
    return random.pick(random.oneIn(2) ? targets.slice(0, 3) : targets);
  }

  /** Rows that a reference may lead to: of the same tenant, and of people its members. */
  private targets(
    entity: Entity,
    to: string,
    tenant: string | null,
    rows: Readonly<Record<string, readonly StoredRow[]>>,
    people: People,
  ): readonly string[] {
    const { model } = this.authorization;
    const target = model.entity(to);
    if (to === model.system.actor?.entity && entity.tenant && model.membership !== undefined) {
      const members = people.persons.filter(({ memberships }) => memberships.has(tenant ?? "")).map(({ id }) => id);
      return tenant === people.tenants[0] ? [...members, people.left] : members;
    }
    return (rows[to] ?? [])
      .filter((row) => !target.tenant || !entity.tenant || model.tenantOf(target, row) === tenant)
      .map((row) => String(row.id));
  }

  /** Fills in what stayed empty only because its target was not made yet; sometimes the row itself. */
  private refer(
    entity: Entity,
    row: StoredRow,
    rows: Readonly<Record<string, readonly StoredRow[]>>,
    people: People,
  ): StoredRow {
    const tenant = this.authorization.model.tenantOf(entity, row) ?? null;
    const filled: Record<string, Value> = {};
    for (const field of entity.fields) {
      const { type } = field;
      if (type.kind !== "one" || !isHeld(field) || isOfTenant(field) || field.access?.change !== undefined) continue;
      const isUnique = entity.uniques.some(({ fields }) => fields.includes(field.name));
      if ((row[field.name] ?? null) !== null || isUnique || this.random.oneIn(2)) continue;
      filled[field.name] = this.reference(entity, field, type.entity, tenant, rows, people);
    }
    return { ...row, ...filled };
  }
}

/** What a request's tenant fills in. */
const isOfTenant = ({ default: value }: Field): boolean => value?.kind === "generated" && value.by === "tenant";

/** A trigger keeps it. */
const isTouched = ({ storage }: Field): boolean => storage.kind === "column" && storage.column === "updated_at";
