import type {} from "postgraphile";
import { type SQL as Sql, sql } from "postgraphile/pg-sql2";
import { type SideField, sideFields } from "../../../dsl-to-sql/index.ts";
import type { Entity, System } from "../../../model/index.ts";
import type { ModelTags } from "../model-tags.ts";

/**
 * Fields that lie in a table of their own stand on their entity: to read, to filter and to order by, and in the inputs.
 * The value is a sub-select under that table's own policies, so that what is hidden is null wherever it is used.
 */
export const SideFieldPlugin = (system: System, tags: ModelTags): GraphileConfig.Plugin => {
  const byTable = new Map(
    system.entities.map((entity) => [entity.table, { entity, fields: sideFields(entity) }] as const),
  );
  const sideTables = new Set([...byTable.values()].flatMap(({ fields }) => fields.map(({ storage }) => storage.table)));
  const find = (pg: { readonly schemaName: string; readonly name: string } | undefined) =>
    pg?.schemaName === system.schema ? byTable.get(pg.name) : undefined;
  return {
    name: "SideFieldPlugin",
    version: "1.0.0",
    inflection: {
      replace: {
        // In PostGraphile's registry names are one list, and a function may have a table's name: that which reads a side
        // field, and whatever the model does not know (any more).
        functionResourceName(previous, _options, details) {
          const name = previous?.(details) ?? details.pgProc.proname;
          const isOurs = details.pgProc.getNamespace()?.nspname === system.schema;
          const { proname } = details.pgProc;
          const isServed = !sideTables.has(proname) && tags.procedure[proname] !== undefined;
          return isOurs && !isServed ? `${name} of a row` : name;
        },
      },
    },
    gather: {
      hooks: {
        async pgCodecs_recordType_spec(info, { serviceName, pgClass, spec }) {
          const found = find(spec.extensions?.pg);
          if (found === undefined) return;
          for (const field of found.fields) {
            const side = await info.helpers.pgIntrospection.getClassByName(
              serviceName,
              system.schema,
              field.storage.table,
            );
            const attribute = side?.getAttribute({ name: field.storage.column });
            if (attribute === undefined) continue;
            const codec = await info.helpers.pgCodecs.getCodecFromType(
              serviceName,
              attribute.atttypid,
              attribute.atttypmod ?? undefined,
            );
            if (codec === null) continue;
            const known = tags.class[pgClass.relname]?.attribute[field.storage.column];
            spec.attributes[field.storage.column] = {
              codec,
              // Null for whom it is hidden, whatever the model requires.
              notNull: false,
              hasDefault: true,
              expression: (alias: Sql) => sideValue(system, found.entity, field, alias),
              ...(known?.description === undefined ? {} : { description: known.description }),
              extensions: { tags: { ...known?.tags } },
            };
          }
        },
      },
    },
    schema: {
      hooks: {
        GraphQLEnumType_values(values, build, { scope }) {
          const { isPgRowSortEnum, pgCodec } = scope;
          const found = isPgRowSortEnum ? find(pgCodec?.extensions?.pg) : undefined;
          if (found === undefined || pgCodec?.attributes === undefined) return values;
          const added = found.fields.flatMap((field) => {
            const attributeName = field.storage.column;
            const attribute = pgCodec.attributes?.[attributeName];
            // As PostGraphile has it for columns: JSON and lists have no order.
            if (attribute === undefined || attribute.codec.arrayOfCodec || attribute.codec.hasNaturalOrdering === false)
              return [];
            return (["asc", "desc"] as const).map((variant) => {
              const name = build.inflection.orderByAttributeEnum({ codec: pgCodec as never, attributeName, variant });
              const apply = (query: OrderedQuery) =>
                query.orderBy({
                  fragment: sideValue(system, found.entity, field, query.alias),
                  codec: attribute.codec,
                  direction: variant === "asc" ? "ASC" : "DESC",
                  nullable: true,
                });
              return [name, { extensions: { grafast: { apply } } }] as const;
            });
          });
          return build.extend(values, Object.fromEntries(added), "ordering by fields with a table of their own");
        },
        GraphQLInputObjectType_fields_field(field, build, { scope }) {
          const { pgAttribute, isPgBaseInput, isPgPatch, isPgRowType } = scope;
          if (!isPgRowType || isPgBaseInput || isPgPatch || pgAttribute === undefined) return field;
          const { GraphQLNonNull, isNonNullType } = build.graphql;
          const required = find(scope.pgCodec?.extensions?.pg)?.fields.some(
            ({ storage, required, default: value }) =>
              required && value === undefined && scope.pgCodec?.attributes?.[storage.column] === pgAttribute,
          );
          if (!required || isNonNullType(field.type)) return field;
          return { ...field, type: new GraphQLNonNull(field.type) };
        },
      },
    },
  };
};

/** What a query is asked to be ordered by. */
interface OrderedQuery {
  readonly alias: Sql;
  orderBy(order: {
    readonly fragment: Sql;
    readonly codec: unknown;
    readonly direction: "ASC" | "DESC";
    readonly nullable: boolean;
  }): void;
}

/** `(select side.salary from app.employee_salary as side where side.id = employee.id)`; from a function it would not be inlined. */
function sideValue(system: System, entity: Entity, { storage }: SideField, alias: Sql) {
  const side = sql.identifier(Symbol(storage.table));
  const sameKey = sql.join(
    entity.primaryKey.columns.map((name) => sql`${side}.${sql.identifier(name)} = ${alias}.${sql.identifier(name)}`),
    " and ",
  );
  const from = sql.identifier(system.schema, storage.table);
  return sql`(select ${side}.${sql.identifier(storage.column)} from ${from} as ${side} where ${sameKey})`;
}
