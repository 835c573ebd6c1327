/** Look-ups into the IR that every decision needs: entities by name, the tenant's field, the membership. */
import type { Entity, Field, System } from "../model/index.ts";
import type { StoredRow } from "./world.ts";

export interface MembershipFields {
  readonly entity: string;
  readonly user: string;
  readonly tenant: string;
  readonly roles: string;
}

export class ModelFacts {
  readonly system: System;
  readonly membership: MembershipFields | undefined;
  private readonly byName: ReadonlyMap<string, Entity>;
  private readonly fieldsByColumn: ReadonlyMap<string, ReadonlyMap<string, Field>>;

  constructor(system: System) {
    this.system = system;
    this.membership = system.tenancy?.membership;
    this.byName = new Map(system.entities.map((entity) => [entity.name, entity]));
    this.fieldsByColumn = new Map(
      system.entities.map((entity) => [
        entity.name,
        new Map(entity.fields.flatMap((field) => columnOf(field).map((column) => [column, field]))),
      ]),
    );
  }

  entity(name: string): Entity {
    const entity = this.byName.get(name);
    if (entity === undefined) throw new TypeError(`the model has no entity ${name}`);
    return entity;
  }

  field(entity: Entity, name: string): Field {
    const field = entity.fields.find((candidate) => candidate.name === name);
    if (field === undefined) throw new TypeError(`${entity.name} has no field ${name}`);
    return field;
  }

  /** The field that a column of the entity's table holds. */
  fieldOfColumn(entity: Entity, column: string): Field {
    const field = this.fieldsByColumn.get(entity.name)?.get(column);
    if (field === undefined) throw new TypeError(`${entity.name} has no column ${column}`);
    return field;
  }

  /** What a row holds in a column of its entity's table. */
  valueOfColumn(entity: Entity, row: StoredRow, column: string) {
    return row[this.fieldOfColumn(entity, column).name] ?? null;
  }

  /** The field that holds the tenant of an entity's rows; undefined for one that belongs to none. */
  tenantField(entity: Entity): string | undefined {
    const [column] = entity.primaryKey.columns;
    return entity.tenant && column !== undefined ? this.fieldOfColumn(entity, column).name : undefined;
  }

  /** The tenant of a row; undefined where its entity belongs to none. */
  tenantOf(entity: Entity, row: StoredRow): string | null | undefined {
    const name = this.tenantField(entity);
    return name === undefined ? undefined : ((row[name] ?? null) as string | null);
  }
}

function columnOf({ storage }: Field): readonly string[] {
  return storage.kind === "column" || storage.kind === "generated" ? [storage.column] : [];
}

/** Whether a row of a table, or of the side table beside it, holds the field. */
export const isHeld = ({ storage }: Field): boolean =>
  storage.kind === "column" || storage.kind === "generated" || storage.kind === "side";
