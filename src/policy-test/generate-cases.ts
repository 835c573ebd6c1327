/** The statements that are asked of a world: every command, every action, every state and field, in and out of what an actor may. */
import { type Authorization, isHeld, type StoredRow, type World } from "../authorization/index.ts";
import type { Value } from "../expression/index.ts";
import type { Entity, Field } from "../model/index.ts";
import type { Case } from "./case.ts";
import type { WorldGenerator } from "./generate-world.ts";
import type { Random } from "./random.ts";
import type { People } from "./world-people.ts";

export interface CaseOptions {
  /** How many rows of an entity each command is tried on. */
  readonly rows: number;
  /** How many new rows are tried. */
  readonly inserts: number;
}

export class CaseGenerator {
  private readonly authorization: Authorization;
  private readonly worlds: WorldGenerator;
  private readonly random: Random;
  private readonly options: CaseOptions;

  constructor(authorization: Authorization, worlds: WorldGenerator, random: Random, options: CaseOptions) {
    this.authorization = authorization;
    this.worlds = worlds;
    this.random = random;
    this.options = options;
  }

  generate(entity: Entity, world: World, people: People): readonly Case[] {
    const rows = this.random.sample(world.rows(entity.name), this.options.rows);
    return [
      { entity: entity.name, command: "select" },
      ...entity.fields.flatMap((field): Case[] =>
        field.storage.kind === "side" ? [{ entity: entity.name, command: "select field", field: field.name }] : [],
      ),
      ...this.inserts(entity, world, people),
      ...rows.flatMap((row) => this.changes(entity, row, world, people)),
      ...this.unknown(entity, world, people),
      ...this.bare(entity, world, people),
    ];
  }

  private inserts(entity: Entity, world: World, people: People): Case[] {
    const { random } = this;
    const cases: Case[] = [];
    for (let n = 0; n < this.options.inserts; n++) {
      const row = this.worlds.row(entity, random.pick(people.tenants), rowsOf(this.authorization, world), people);
      if (row === undefined) continue;
      const values = this.writable(entity, row, "create");
      if (Object.keys(values).length === 0) continue;
      cases.push({ entity: entity.name, command: "insert", values, returning: random.oneIn(2) });
      cases.push(...this.upsert(entity, values, world, people));
    }
    // What nobody may write, and what is already there.
    const [first] = world.rows(entity.name);
    const state = entity.fields.find(({ type }) => type.kind === "state");
    const hidden = state ?? entity.fields.find((field) => isColumn(field) && !field.writable.create);
    if (first !== undefined) {
      const values = this.writable(entity, first, "create");
      if (Object.keys(values).length > 0)
        cases.push({ entity: entity.name, command: "insert", values, returning: false });
      if (hidden !== undefined) {
        const forged = { ...values, [hidden.name]: first[hidden.name] ?? null };
        cases.push({ entity: entity.name, command: "insert", values: forged, returning: false });
      }
    }
    return cases;
  }

  private upsert(entity: Entity, values: Readonly<Record<string, Value>>, world: World, people: People): Case[] {
    const { random } = this;
    const existing = world.rows(entity.name);
    if (existing.length === 0 || !random.oneIn(2)) return [];
    const key = random.pick([entity.primaryKey, ...entity.uniques]);
    const from = random.pick(existing);
    const { model } = this.authorization;
    const fields = key.columns.map((column) => model.fieldOfColumn(entity, column));
    const known = fields
      .filter(({ writable }) => writable.create)
      .map(({ name }) => [name, from[name] ?? null] as const);
    const set = this.change(entity, from, world, people);
    if (set === undefined) return [];
    return [
      {
        entity: entity.name,
        command: "upsert",
        values: { ...values, ...Object.fromEntries(known) },
        columns: key.columns,
        set,
      },
    ];
  }

  private changes(entity: Entity, row: StoredRow, world: World, people: People): Case[] {
    const { random } = this;
    const { model } = this.authorization;
    const id = String(row.id);
    const cases: Case[] = [{ entity: entity.name, command: "delete", id }];
    for (let n = 0; n < 2; n++) {
      const set = this.change(entity, row, world, people);
      if (set !== undefined)
        cases.push({ entity: entity.name, command: "update", id, set, returning: random.oneIn(2) });
    }
    // Whoever is named already may go on being named, also when he is no member any more.
    const references = entity.fields.filter(
      ({ type, writable, storage }) =>
        type.kind === "one" &&
        type.entity === model.system.actor?.entity &&
        writable.update &&
        storage.kind === "column",
    );
    for (const { name } of references) {
      const set = { [name]: row[name] ?? null };
      if (row[name] === people.left) cases.push({ entity: entity.name, command: "update", id, set, returning: false });
    }
    for (const field of entity.fields.filter(({ storage }) => storage.kind === "side")) {
      const tenant = this.authorization.model.tenantOf(entity, row) ?? null;
      const value = random.oneIn(5)
        ? (row[field.name] ?? null)
        : this.worlds.value(entity, field, tenant, rowsOf(this.authorization, world), people);
      cases.push({ entity: entity.name, command: "update field", field: field.name, id, value });
    }
    for (const action of entity.actions) {
      const input = action.input.map((field) => [field.name, this.worlds.input(entity, action.name, field, people)]);
      cases.push({ entity: entity.name, command: "action", action: action.name, id, input: Object.fromEntries(input) });
    }
    return cases;
  }

  /** One or two fields get another value; references also lead to what the keys refuse. */
  private change(
    entity: Entity,
    row: StoredRow,
    world: World,
    people: People,
  ): Readonly<Record<string, Value>> | undefined {
    const { random } = this;
    const fields = entity.fields.filter((field) => isColumn(field) && field.writable.update);
    if (fields.length === 0) return undefined;
    const chosen = random.sample(fields, random.oneIn(3) ? 2 : 1);
    const tenant = this.authorization.model.tenantOf(entity, row) ?? null;
    const rows = rowsOf(this.authorization, world);
    return Object.fromEntries(
      chosen.map((field) => [
        field.name,
        random.oneIn(5)
          ? (row[field.name] ?? null)
          : field.type.kind === "one" && random.oneIn(3)
            ? this.anyTarget(field.type.entity, world)
            : this.worlds.value(entity, field, tenant, rows, people),
      ]),
    );
  }

  /** A row of whichever tenant, or one that is not there. */
  private anyTarget(entity: string, world: World): Value {
    const targets = world.rows(entity);
    return targets.length === 0 || this.random.oneIn(5) ? this.random.uuid() : String(this.random.pick(targets).id);
  }

  /** Of a row that is not there. */
  private unknown(entity: Entity, world: World, people: People): Case[] {
    const id = this.random.uuid();
    const set = this.change(entity, { id }, world, people);
    return [
      { entity: entity.name, command: "delete", id },
      ...(set === undefined ? [] : [{ entity: entity.name, command: "update", id, set, returning: false } as const]),
    ];
  }

  /** An update of every row, which reads none; and one of a column that nobody may write. */
  private bare(entity: Entity, world: World, people: People): Case[] {
    const [first] = world.rows(entity.name);
    if (first === undefined) return [];
    const unique = new Set(entity.uniques.flatMap(({ fields }) => fields));
    const set = this.change(entity, first, world, people);
    const hidden = entity.fields.find((field) => isColumn(field) && !field.writable.update);
    return [
      ...(set === undefined || Object.keys(set).some((name) => unique.has(name))
        ? []
        : [{ entity: entity.name, command: "update", set, returning: false } as const]),
      ...(hidden === undefined
        ? []
        : [
            {
              entity: entity.name,
              command: "update",
              id: String(first.id),
              set: { [hidden.name]: first[hidden.name] ?? null },
              returning: false,
            } as const,
          ]),
    ];
  }

  private writable(entity: Entity, row: StoredRow, when: "create" | "update"): Readonly<Record<string, Value>> {
    return Object.fromEntries(
      entity.fields
        .filter((field) => isColumn(field) && field.writable[when])
        .map((field) => [field.name, row[field.name] ?? null]),
    );
  }
}

const isColumn = (field: Field): boolean => isHeld(field) && field.storage.kind === "column";

export const rowsOf = ({ model }: Authorization, world: World): Record<string, readonly StoredRow[]> =>
  Object.fromEntries(model.system.entities.map(({ name }) => [name, world.rows(name)]));
