import type {} from "postgraphile";
import { sideEffectWithPgClient } from "postgraphile/@dataplan/pg";
import type { Step } from "postgraphile/grafast";
import { sideFields, writeFunctionName } from "../../../dsl-to-sql/index.ts";
import type { Entity, Field, System } from "../../../model/index.ts";
import { printName } from "../../../sql-ast/print-expression.ts";

/**
 * Creates and updates of an entity whose fields lie in several tables go through one function of the database, so that
 * they happen as a whole or not at all. What GraphQL shows of them is what it shows of every other entity's.
 */
export const WriteFunctionPlugin = (system: System): GraphileConfig.Plugin => {
  const byTable = new Map(
    system.entities.filter((entity) => sideFields(entity).length > 0).map((entity) => [entity.table, entity] as const),
  );
  const find = (pg: { readonly schemaName: string; readonly name: string } | undefined) =>
    pg?.schemaName === system.schema ? byTable.get(pg.name) : undefined;
  return {
    name: "WriteFunctionPlugin",
    version: "1.0.0",
    // That one looks at the row which this one gives.
    before: ["UpdatedRowPlugin"],
    schema: {
      hooks: {
        GraphQLObjectType_fields_field(field, build, { scope }) {
          if (isPayloadId(scope)) {
            const written = find(scope.pgTypeResource?.codec.extensions?.pg);
            if (written === undefined) return field;
            return { ...field, plan: ($payload: Step) => payloadStep(build, $payload, "clientMutationId") };
          }
          const { isPgCreateMutation, isPgUpdateMutation, pgFieldResource: resource } = scope;
          if (!(isPgCreateMutation || isPgUpdateMutation) || resource === undefined) return field;
          const entity = find(resource.codec.extensions?.pg);
          const input = field.args?.input;
          if (entity === undefined || input === undefined) return field;
          const { inflection } = build;
          const single = inflection.tableFieldName(resource as never);
          const command = isPgCreateMutation ? "create" : "update";
          const given = isPgCreateMutation ? single : inflection.patchField(single);
          const text = callOf(system, entity, command);
          const columns = columnsOf(entity);
          const { applyPlan: _replaced, ...plainInput } = input;
          return {
            ...field,
            args: { ...field.args, input: plainInput },
            plan(_$root, args) {
              const { lambda, object } = build.grafast;
              const $values = lambda(args.getRaw(["input", given]), (values: unknown) =>
                valuesOf(values, columns, command),
              );
              const $id = command === "create" ? null : args.getRaw(["input", "id"]);
              const $parameters = $id === null ? ([$values] as const) : ([$id, $values] as const);
              const $written = sideEffectWithPgClient(resource.executor, $parameters, async (client, parameters) => {
                const { rows } = await client.query<{ id: string }>({ text, values: [...parameters], name: text });
                return rows[0]?.id;
              });
              // Read anew: the statement that calls the function still sees what was there before.
              const $row = resource.get({ id: lambda($written, (id) => id) } as never);
              return object({ result: $row, clientMutationId: args.getRaw(["input", "clientMutationId"]) });
            },
          };
        },
      },
    },
  };
};

interface PayloadScope {
  readonly isPgCreatePayloadType?: boolean;
  readonly isPgUpdatePayloadType?: boolean;
  readonly fieldName?: string;
}

const isPayloadId = (scope: PayloadScope): boolean =>
  scope.fieldName === "clientMutationId" && Boolean(scope.isPgCreatePayloadType || scope.isPgUpdatePayloadType);

function payloadStep({ grafast }: GraphileBuild.Build, $payload: Step, key: string): Step {
  if (!($payload instanceof grafast.ObjectStep))
    throw new TypeError("a mutation's plan is not the payload that it was");
  return $payload.getStepForKey(key);
}

function callOf(system: System, entity: Entity, command: "create" | "update"): string {
  const name = printName({ schema: system.schema, name: writeFunctionName(entity, command) });
  return `select id from ${name}(${command === "create" ? "$1" : "$1, $2"})`;
}

/** The columns by the names that they have in GraphQL's inputs. */
function columnsOf(entity: Entity): ReadonlyMap<string, string> {
  const named = ({ name, type }: Field): string => (type.kind === "one" ? `${name}Id` : name);
  return new Map(
    entity.fields.flatMap((field) =>
      field.storage.kind === "column" || field.storage.kind === "side"
        ? [[named(field), field.storage.column] as const]
        : [],
    ),
  );
}

/** What was given as JSON by the names of columns: the database knows their types. */
function valuesOf(values: unknown, columns: ReadonlyMap<string, string>, command: "create" | "update"): string {
  const given = Object.entries(values as object).flatMap(([name, value]) => {
    const column = columns.get(name);
    return column === undefined || value === undefined ? [] : [[column, value] as const];
  });
  // In PostGraphile's own words.
  if (command === "update" && given.length === 0)
    throw new Error("Attempted to update a record, but no new values were specified.");
  return JSON.stringify(Object.fromEntries(given), (_key, value) =>
    typeof value === "bigint" ? String(value) : value,
  );
}
