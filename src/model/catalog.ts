/**
 * The IR as the expression language sees it.
 */
import type { Catalog, CatalogEntity, CatalogField, JoinColumn } from "../expression/catalog.ts";
import type { ExpressionType } from "../expression/types.ts";
import type { Entity } from "./entity.ts";
import type { Field, FieldType } from "./field.ts";
import type { System } from "./system.ts";

/** The type that a stored or computed field has in expressions; relations have none of their own. */
export function expressionType(type: FieldType): ExpressionType {
  switch (type.kind) {
    case "state":
      return { kind: "enum", values: type.states };
    case "one":
      return { kind: "row", entity: type.entity };
    case "many":
      return { kind: "rows", entity: type.entity };
    case "scalar":
      switch (type.scalar) {
        case "uuid":
        case "date":
        case "timestamp":
        case "json":
        case "decimal":
          return { kind: type.scalar };
        case "text":
        case "slug":
          return { kind: "string" };
        case "integer":
        case "bigint":
        case "money":
          return { kind: "int" };
        case "boolean":
          return { kind: "bool" };
        case "roles":
          return { kind: "list", of: { kind: "string" } };
        default:
          return type satisfies never;
      }
    default:
      return type satisfies never;
  }
}

/**
 * Builds the catalog of a system: every entity with its table, key and fields.
 */
export function catalogOf(system: System): Catalog {
  const byName = new Map(system.entities.map((entity) => [entity.name, entity]));
  return {
    entities: new Map(system.entities.map((entity) => [entity.name, catalogEntity(system, entity, byName)])),
  };
}

function catalogEntity(system: System, entity: Entity, byName: ReadonlyMap<string, Entity>): CatalogEntity {
  return {
    name: entity.name,
    table: { schema: system.schema, name: entity.table },
    key: entity.primaryKey.columns,
    fields: new Map(entity.fields.map((field) => [field.name, catalogField(system.schema, entity, field, byName)])),
  };
}

function catalogField(schema: string, entity: Entity, field: Field, byName: ReadonlyMap<string, Entity>): CatalogField {
  const { type, storage } = field;
  if (type.kind === "one") {
    return { kind: "one", entity: type.entity, nullable: !field.required, columns: joinColumns(entity, field.name) };
  }
  if (type.kind === "many") {
    const far = byName.get(type.entity);
    const columns = far === undefined ? [] : joinColumns(far, type.via);
    return {
      kind: "many",
      entity: type.entity,
      columns: columns.map((c) => ({ column: c.references, references: c.column })),
    };
  }
  if (storage.kind === "virtual") {
    return { kind: "virtual", type: expressionType(type), nullable: !field.required, expression: storage.expression };
  }
  if (storage.kind === "side") {
    const { table, column } = storage;
    return { kind: "side", type: expressionType(type), table: { schema, name: table }, column };
  }
  if (storage.kind === "relation")
    throw new TypeError(`${entity.name}.${field.name}: a scalar cannot be stored as a relation`);
  return { kind: "column", type: expressionType(type), nullable: !field.required, column: storage.column };
}

/** The foreign key of a to-one field, as pairs of columns. */
function joinColumns(entity: Entity, fieldName: string): readonly JoinColumn[] {
  const key = entity.foreignKeys.find((candidate) => candidate.field === fieldName);
  if (key === undefined) return [];
  return key.columns.map((column, i) => ({ column, references: key.references.columns[i] ?? "id" }));
}
