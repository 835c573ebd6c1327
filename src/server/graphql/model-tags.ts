/**
 * What the GraphQL plugins need to know of a model, in the shape of PostGraphile's smart tags.
 */
import { virtualFunctionName } from "../../dsl-to-sql/index.ts";
import type { Entity, Field, System } from "../../model/index.ts";

type Tags = Record<string, string | true | string[]>;

interface Tagged {
  readonly tags: Tags;
  readonly description?: string;
}

interface TaggedClass extends Tagged {
  readonly attribute: Readonly<Record<string, Tagged>>;
  readonly constraint: Readonly<Record<string, Tagged>>;
}

export interface ModelTags {
  readonly class: Readonly<Record<string, TaggedClass>>;
  readonly procedure: Readonly<Record<string, Tagged>>;
}

export function modelTags(system: System): ModelTags {
  const procedure: Record<string, Tagged> = {};
  for (const entity of system.entities) {
    for (const field of entity.fields) {
      if (field.storage.kind !== "virtual") continue;
      procedure[virtualFunctionName(entity, field)] = described(
        { fieldName: field.name, behavior: ["-*", "typeField"], ...(field.required ? { notNull: true as const } : {}) },
        field.description,
      );
    }
    for (const action of entity.actions) {
      procedure[action.function] = described(
        {
          name: `${action.name}${entity.name}`,
          resultFieldName: lowerFirst(entity.name),
          behavior: ["-*", "mutationField", "typeField:single", "single"],
        },
        action.description ?? `${action.name} ${entity.name}`,
      );
    }
  }
  return {
    class: Object.fromEntries(system.entities.map((entity) => [entity.table, classTags(system, entity)])),
    procedure,
  };
}

function classTags(system: System, entity: Entity): TaggedClass {
  const kinds = new Set(entity.operations.map((operation) => operation.kind));
  // What no rule allows to anybody is not offered.
  for (const command of ["create", "update", "delete"] as const) {
    if (!entity.policies.some(({ effect, commands }) => effect === "allow" && commands.includes(command)))
      kinds.delete(command);
  }
  const attribute: Record<string, Tagged> = {};
  for (const field of entity.fields) {
    for (const [column, tagged] of columnTags(entity, field)) attribute[column] = tagged;
  }
  const constraint: Record<string, Tagged> = {};
  for (const key of entity.foreignKeys) {
    const many = system.entities
      .find((other) => other.name === key.references.entity)
      ?.fields.find((f) => f.type.kind === "many" && f.type.entity === entity.name && f.type.via === key.field);
    constraint[key.name] = {
      tags: many
        ? { fieldName: key.field, foreignFieldName: many.name }
        : { fieldName: key.field, backwardBehavior: ["-*"] },
    };
  }
  const globalKey = entity.primaryKey.columns.length === 1;
  constraint[entity.primaryKey.name] = { tags: globalKey ? {} : { behavior: ["-*"] } };
  for (const unique of entity.uniques) constraint[unique.name] = { tags: { behavior: ["-*"] } };
  return {
    ...described(
      {
        name: entity.name,
        behavior: [
          kinds.has("list") ? "query:resource:connection" : "-query:resource:connection",
          "-query:resource:list",
          kinds.has("create") ? "insert" : "-insert",
          kinds.has("update") ? "update" : "-update",
          kinds.has("delete") ? "delete" : "-delete",
          ...(kinds.has("get") ? [] : ["-query:resource:single"]),
        ],
        ...(globalKey ? {} : { unique: `id` }),
      },
      entity.description,
    ),
    attribute,
    constraint,
  };
}

function* columnTags(entity: Entity, field: Field): Iterable<[string, Tagged]> {
  const tenant = entity.tenant && field.name === "tenant";
  const inputs = [
    ...(tenant ? ["-filterBy", "-orderBy"] : []),
    ...(field.writable.create ? [] : ["-attribute:insert"]),
    ...(field.writable.update && field.access?.change !== "never" ? [] : ["-attribute:update"]),
    // It has no column that a plain `order by` could name: `SideFieldPlugin` adds its own.
    ...(field.storage.kind === "side" ? ["-orderBy"] : []),
  ];
  // The model's own name: `photoURL` would come back from `photo_url` as `photoUrl`.
  const name = field.type.kind === "one" ? `${field.name}Id` : field.name;
  const tags = { name, ...(inputs.length > 0 ? { behavior: inputs } : {}) };
  if (field.storage.kind === "column" || field.storage.kind === "generated" || field.storage.kind === "side") {
    yield [field.storage.column, described(tags, field.description)];
  }
  if (field.type.kind === "one" && field.storage.kind !== "column") {
    const own = entity.foreignKeys.find((key) => key.field === field.name)?.columns.at(-1);
    if (own) yield [own, described(tags, field.description)];
  }
}

const described = (tags: Tags, description: string | undefined): Tagged =>
  description === undefined ? { tags } : { tags, description };

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
