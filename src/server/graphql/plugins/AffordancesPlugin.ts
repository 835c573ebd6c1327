import type {} from "postgraphile";
import type { PgCodecWithAttributes, PgResource } from "postgraphile/@dataplan/pg";
import type { Step } from "postgraphile/grafast";
import { affordancesFunctionName } from "../../../dsl-to-sql/index.ts";
import type { Entity, System } from "../../../model/index.ts";

/** Types that every API has beside those of its entities; the model's build refuses entities of these names. */
const typeNames = { row: "Affordances", field: "FieldAffordance", action: "TransitionAffordance" } as const;

const describe = {
  row: "What you may do with a row, and why not: by the rules that will judge it when you do.",
  field: "What you may do with one field of a row.",
  action: "Whether an action may be called on a row now.",
  can: "What you may do with this row. Null where the row is gone.",
};

/**
 * `_can { update delete fields { name read update reason } transitions { name allowed reason } }` on every entity: read by
 * the statement that reads the row, for a whole page at once, and of it only what is asked for.
 */
export const AffordancesPlugin = ({ schema, entities }: System): GraphileConfig.Plugin => {
  const byTable = new Map(entities.map((entity) => [entity.table, entity]));
  const entityOf = (codec: { readonly extensions?: { readonly pg?: { schemaName?: string; name?: string } } }) => {
    const { schemaName, name = "" } = codec.extensions?.pg ?? {};
    return schemaName === schema ? byTable.get(name) : undefined;
  };
  return {
    name: "AffordancesPlugin",
    version: "1.0.0",
    schema: {
      hooks: {
        init(_, build) {
          const { GraphQLBoolean, GraphQLList, GraphQLNonNull, GraphQLString } = build.graphql;
          const { sql } = build;
          const { TYPES } = build.dataplanPg;
          const boolean = new GraphQLNonNull(GraphQLBoolean);
          const text = new GraphQLNonNull(GraphQLString);
          const listOf = (name: string) =>
            new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(build.getOutputTypeByName(name))));
          /** One column of the entity's `…_can(row)`, which PostgreSQL puts in the place of the call. */
          const planOf =
            (column: string, codec: typeof TYPES.boolean | typeof TYPES.jsonb | typeof TYPES.text) => ($row: Step) => {
              const { PgSelectSingleStep } = build.dataplanPg;
              if (!($row instanceof PgSelectSingleStep)) throw new TypeError("affordances are those of a selected row");
              const entity = entityOf($row.pgCodec as PgCodecWithAttributes);
              if (entity === undefined) throw new TypeError("affordances are those of an entity's row");
              const can = sql.identifier(schema, affordancesFunctionName(entity));
              const alias = sql.identifier(Symbol("can"));
              const row = $row.getClassStep().alias;
              return $row.select(
                sql`(select ${alias}.${sql.identifier(column)} from ${can}(${row}) as ${alias})`,
                codec as typeof TYPES.text,
              );
            };
          build.registerObjectType(
            typeNames.row,
            {},
            () => ({
              description: describe.row,
              fields: () => ({
                update: {
                  type: boolean,
                  plan: planOf("update", TYPES.boolean),
                  description: "Whether you may update it.",
                },
                delete: {
                  type: boolean,
                  plan: planOf("delete", TYPES.boolean),
                  description: "Whether you may delete it.",
                },
                updateReason: {
                  type: GraphQLString,
                  plan: planOf("update_reason", TYPES.text),
                  description: "Why you may not update it; null where you may.",
                },
                deleteReason: {
                  type: GraphQLString,
                  plan: planOf("delete_reason", TYPES.text),
                  description: "Why you may not delete it; null where you may.",
                },
                fields: {
                  type: listOf(typeNames.field),
                  plan: planOf("fields", TYPES.jsonb),
                  description: "Its fields.",
                },
                transitions: {
                  type: listOf(typeNames.action),
                  plan: planOf("transitions", TYPES.jsonb),
                  description: "Its actions, those without a transition too.",
                },
              }),
            }),
            "AffordancesPlugin",
          );
          build.registerObjectType(
            typeNames.field,
            {},
            () => ({
              description: describe.field,
              fields: {
                name: { type: text, description: "The field's name in the model." },
                read: { type: boolean, description: "Whether you may read it." },
                update: { type: boolean, description: "Whether you may change it." },
                reason: { type: GraphQLString, description: "Why you may not; null where you may do both." },
              },
            }),
            "AffordancesPlugin",
          );
          build.registerObjectType(
            typeNames.action,
            {},
            () => ({
              description: describe.action,
              fields: {
                name: { type: text, description: "The action's name in the model." },
                allowed: {
                  type: boolean,
                  description: "Whether you may call it now, as far as that can be told without its input.",
                },
                reason: { type: GraphQLString, description: "Why you may not; null where you may." },
              },
            }),
            "AffordancesPlugin",
          );
          return _;
        },
        GraphQLObjectType_fields(fields, build, { scope, fieldWithHooks }) {
          const { pgCodec, isPgClassType } = scope;
          const entity = isPgClassType && pgCodec?.attributes ? entityOf(pgCodec) : undefined;
          if (entity === undefined) return fields;
          const resource = Object.values(build.input.pgRegistry.pgResources).find(
            (candidate) => candidate.codec === pgCodec && !candidate.parameters,
          );
          if (resource === undefined) return fields;
          const type = build.getOutputTypeByName(typeNames.row);
          const field = fieldWithHooks({ fieldName: "_can" }, () => ({
            type,
            description: describe.can,
            plan: ($row: Step) => selectedRow($row, entity, resource as PgResource, build),
          }));
          return build.extend(fields, { _can: field }, "AffordancesPlugin");
        },
      },
    },
  };
};

/**
 * The row as a select reads it. What a mutation gives back is read again: its statement sees the database as it was before,
 * and a row that is deleted has nothing that could be done with it.
 */
function selectedRow($row: Step, entity: Entity, resource: PgResource, build: GraphileBuild.Build): Step {
  const { PgSelectSingleStep } = build.dataplanPg;
  if ($row instanceof PgSelectSingleStep && $row.mode === "normal" && !$row.resource.parameters) return $row;
  const id = entity.primaryKey.columns.at(-1) ?? "id";
  return resource.get({ [id]: ($row as unknown as { get(column: string): Step }).get(id) });
}
