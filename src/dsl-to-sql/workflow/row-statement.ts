/** The SQL of the steps that read and write rows. Row level security decides which of them the run's actor reaches. */
import type { Entity, Field } from "../../model/index.ts";
import { printName } from "../../sql-ast/print-expression.ts";
import { quoteIdentifier, quoteLiteral } from "../../sql-ast/quote.ts";
import { sideFields, writeFunctionName } from "../side-fields.ts";
import { entityOf, tableOf } from "./entity-table.ts";
import { fieldType, type RowNode, type StatementMaker } from "./statement-maker.ts";

export function rowStatement(maker: StatementMaker, node: RowNode): string {
  const entity = entityOf(maker.build, maker.workflow, node.entity);
  const table = printName(tableOf(maker.build, entity));
  switch (node.kind) {
    case "crud.create":
      if (namesSideField(entity, node.values)) return createWithFields(maker, entity, node);
      return insertRow(maker, entity, table, node);
    case "crud.get": {
      const [text, where] =
        "id" in node.by
          ? [node.by.id, `"row"."id" = ${maker.expression(node.by.id, "id", { kind: "uuid" })}`]
          : [node.by.where, maker.condition(node.by.where, "where", entity)];
      return `select ${given(maker, entity, "row", node)} as value\n${maker.scope.from([text])}\n  cross join ${table} as "row"\nwhere ${where}\norder by ${keyOf(entity)}\nlimit 1`;
    }
    case "crud.list":
      return listRows(maker, entity, table, node);
    case "crud.update": {
      const texts = [node.row, ...Object.values(node.values)];
      const id = maker.expression(node.row, "row", { kind: "uuid" });
      if (namesSideField(entity, node.values)) return updateWithFields(maker, entity, table, id, node);
      return `update ${table} as "row" set ${assignments(maker, entity, node.values)}\n${maker.scope.from(texts)}\nwhere "row"."id" = ${id}\nreturning ${given(maker, entity, "row", node)} as value`;
    }
    case "crud.delete": {
      const id = maker.expression(node.row, "row", { kind: "uuid" });
      const using = maker.scope.from([node.row]).replace(/^from/, "using");
      return `delete from ${table} as "row"\n${using}\nwhere "row"."id" = ${id}\nreturning ${given(maker, entity, "row", node)} as value`;
    }
    case "db.update": {
      const texts = [node.where, ...Object.values(node.values)];
      const where = maker.condition(node.where, "where", entity);
      const update = `update ${table} as "row" set ${assignments(maker, entity, node.values)}\n${maker.scope.from(texts)}\nwhere ${where}\nreturning 1`;
      return `with "changed" as (${update})\nselect jsonb_build_object('count', count(*)) as value from "changed"`;
    }
    default:
      return node satisfies never;
  }
}

const keyOf = (entity: Entity): string =>
  entity.primaryKey.columns.map((column) => `"row".${quoteIdentifier(column)}`).join(", ");

/** `insert into app.receipt as created (invoice_id, amount) select …, … from … returning to_jsonb(created) as value` */
function insertRow(
  maker: StatementMaker,
  entity: Entity,
  table: string,
  node: Extract<RowNode, { kind: "crud.create" }>,
): string {
  const columns: string[] = [];
  const values: string[] = [];
  for (const [name, text] of Object.entries(node.values)) {
    const field = storedField(maker, entity, name);
    columns.push(quoteIdentifier(field.column));
    values.push(maker.expression(text, name, fieldType(field.field)));
  }
  const returning = `returning ${given(maker, entity, "created", node)} as value`;
  if (columns.length === 0) return `insert into ${table} as "created" default values ${returning}`;
  const from = maker.scope.from(Object.values(node.values));
  return `insert into ${table} as "created" (${columns.join(", ")})\nselect ${values.join(", ")}\n${from}\n${returning}`;
}

/** What a row gives: all its columns, or the fields that a process declares. */
function given(
  maker: StatementMaker,
  entity: Entity,
  alias: string,
  { gives }: { readonly gives?: object | undefined },
): string {
  const row = quoteIdentifier(alias);
  if (gives === undefined) return `to_jsonb(${row})`;
  const pairs = Object.keys(gives).map(
    (name) => `${quoteLiteral(name)}, ${row}.${quoteIdentifier(storedField(maker, entity, name).column)}`,
  );
  return `jsonb_build_object(${pairs.join(", ")})`;
}

const namesSideField = (entity: Entity, given: Readonly<Record<string, string>>): boolean =>
  sideFields(entity).some((field) => Object.hasOwn(given, field.name));

/** Where a value lies in a table of its own, the function that writes both tables; its values are JSON by their columns. */
function createWithFields(
  maker: StatementMaker,
  entity: Entity,
  node: Extract<RowNode, { kind: "crud.create" }>,
): string {
  const call = `${writeFunction(maker, entity, "create")}(${givenValues(maker, entity, node.values)})`;
  return `select ${given(maker, entity, "created", node)} as value\n${maker.scope.from(Object.values(node.values))}\n  cross join lateral ${call} as "created"`;
}

function updateWithFields(
  maker: StatementMaker,
  entity: Entity,
  table: string,
  id: string,
  node: Extract<RowNode, { kind: "crud.update" }>,
): string {
  const { row, values } = node;
  const call = `${writeFunction(maker, entity, "update")}("row"."id", ${givenValues(maker, entity, values, entity)})`;
  const from = maker.scope.from([row, ...Object.values(values)]);
  return `select ${given(maker, entity, "changed", node)} as value\n${from}\n  join ${table} as "row" on "row"."id" = ${id}\n  cross join lateral ${call} as "changed"`;
}

const writeFunction = ({ build }: StatementMaker, entity: Entity, command: "create" | "update"): string =>
  printName({ schema: build.system.schema, name: writeFunctionName(entity, command) });

function givenValues(
  maker: StatementMaker,
  entity: Entity,
  given: Readonly<Record<string, string>>,
  row?: Entity,
): string {
  const pairs = Object.entries(given).map(([name, text]) => {
    const side = sideFields(entity).find((field) => field.name === name);
    const { field, column } =
      side === undefined ? storedField(maker, entity, name) : { field: side, column: side.storage.column };
    return `${quoteLiteral(column)}, ${maker.expression(text, name, fieldType(field), row)}`;
  });
  return `jsonb_build_object(${pairs.join(", ")})`;
}

function listRows(
  maker: StatementMaker,
  entity: Entity,
  table: string,
  node: Extract<RowNode, { kind: "crud.list" }>,
): string {
  const declared = node.order.map(
    ({ field, direction }) => `"row".${quoteIdentifier(storedField(maker, entity, field).column)} ${direction}`,
  );
  const order = [...declared, keyOf(entity)].join(", ");
  const where = node.where === undefined ? "true" : maker.condition(node.where, "where", entity);
  const from = maker.scope.from(node.where === undefined ? [] : [node.where]);
  return [
    `select jsonb_build_object('rows', coalesce(jsonb_agg("listed"."value" order by "listed"."place"), '[]'), 'count', count(*)) as value`,
    `from (`,
    `select ${given(maker, entity, "row", node)} as "value", row_number() over (order by ${order}) as "place"`,
    `${from}\n  cross join ${table} as "row"\nwhere ${where}\norder by ${order}\nlimit ${node.limit}`,
    `) as "listed"`,
  ].join("\n");
}

function assignments(maker: StatementMaker, entity: Entity, values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, text]) => {
      const { field, column } = storedField(maker, entity, name);
      return `${quoteIdentifier(column)} = ${maker.expression(text, name, fieldType(field), entity)}`;
    })
    .join(", ");
}

function storedField(maker: StatementMaker, entity: Entity, name: string): { field: Field; column: string } {
  const field = entity.fields.find((candidate) => candidate.name === name);
  if (field?.storage.kind !== "column" && field?.storage.kind !== "generated") {
    throw maker.error(`${entity.name} stores no field ${name}`);
  }
  return { field, column: field.storage.column };
}
