/**
 * Rows as expressions read them: a reference is the row behind it, the many side of a relation the rows that refer to it.
 * Conditions read the true rows of the actor's tenant: from a row that belongs to no tenant only his tenant's are reached.
 */
import type { EvaluatedRow, Value } from "../expression/index.ts";
import type { Entity, Field } from "../model/index.ts";
import type { ModelFacts } from "./model-facts.ts";
import type { StoredRow, World } from "./world.ts";

export class LinkedRows {
  private readonly model: ModelFacts;
  private readonly world: World;
  private readonly tenantId: string | null;
  private readonly linked = new WeakMap<StoredRow, EvaluatedRow>();

  constructor(model: ModelFacts, world: World, tenantId: string | null) {
    this.model = model;
    this.world = world;
    this.tenantId = tenantId;
  }

  /** A row of the world, or one that is about to be written: the rows around it are those that were there before. */
  of(entity: Entity, row: StoredRow): EvaluatedRow {
    const known = this.linked.get(row);
    if (known !== undefined) return known;
    const made: Record<string, unknown> = {};
    this.linked.set(row, made);
    for (const field of entity.fields) {
      // Computed when it is asked for: relations lead in circles.
      Object.defineProperty(made, field.name, { enumerable: true, get: () => this.read(entity, row, field) });
    }
    return made;
  }

  private read(entity: Entity, row: StoredRow, field: Field): unknown {
    const { type } = field;
    if (type.kind === "one") return this.one(entity, row, field, type.entity);
    if (type.kind === "many") return this.many(entity, row, this.model.entity(type.entity), type.via);
    return row[field.name] ?? null;
  }

  private one(entity: Entity, row: StoredRow, field: Field, to: string): EvaluatedRow | null {
    const id = row[field.name] ?? null;
    if (id === null) return null;
    const target = this.model.entity(to);
    const key = entity.foreignKeys.find((candidate) => candidate.field === field.name);
    const found = this.world
      .withId(to, String(id))
      .find((candidate) => joins(this.model, entity, row, key, target, candidate));
    if (found !== undefined) return this.of(target, found);
    // A row that is just being written may refer to one that is not there: the reference itself is read all the same.
    const keyed = key?.columns.map((column, i): [string, Value] => [
      this.model.fieldOfColumn(target, key.references.columns[i] ?? "id").name,
      this.model.valueOfColumn(entity, row, column),
    ]);
    return this.of(target, Object.fromEntries(keyed ?? [["id", id]]));
  }

  private many(entity: Entity, row: StoredRow, far: Entity, via: string): readonly EvaluatedRow[] {
    const key = far.foreignKeys.find((candidate) => candidate.field === via);
    const ofActor = !entity.tenant && far.tenant;
    return this.world
      .rows(far.name)
      .filter((candidate) => candidate[via] === row.id && joins(this.model, far, candidate, key, entity, row))
      .filter(
        (candidate) => !ofActor || (this.tenantId !== null && this.model.tenantOf(far, candidate) === this.tenantId),
      )
      .map((candidate) => this.of(far, candidate));
  }
}

/** Whether a foreign key leads from one row to the other: with all its columns, the tenant's too. */
function joins(
  model: ModelFacts,
  from: Entity,
  row: StoredRow,
  key: Entity["foreignKeys"][number] | undefined,
  to: Entity,
  target: StoredRow,
): boolean {
  if (key === undefined) return false;
  return key.columns.every((column, i) => {
    const value = model.valueOfColumn(from, row, column);
    return value !== null && value === model.valueOfColumn(to, target, key.references.columns[i] ?? "id");
  });
}
