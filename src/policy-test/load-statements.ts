/** The rows of a world as INSERTs of the owner, in an order in which references find what they name. */
import { type Authorization, isHeld, type StoredRow, type World } from "../authorization/index.ts";
import type { Entity, Field } from "../model/index.ts";
import { quoteIdentifier, quoteLiteral } from "../sql-ast/quote.ts";
import { columnName } from "./case-statement.ts";
import { loadOrder } from "./load-order.ts";
import { requestStatements } from "./request-statements.ts";
import { sqlValue } from "./sql-value.ts";

export function* loadStatements(authorization: Authorization, world: World): Generator<string> {
  const { model } = authorization;
  const order = loadOrder(model.system);
  const schema = quoteIdentifier(model.system.schema);
  const later: string[] = [];
  const loaded = new Set<string>();
  const former = formerMembers(authorization, world);
  // What may be given once only is given here, too.
  const sides = model.system.entities.flatMap(({ fields }) =>
    fields.flatMap(({ storage }) => (storage.kind === "side" ? [`${schema}.${quoteIdentifier(storage.table)}`] : [])),
  );
  for (const table of sides) yield `alter table ${table} disable trigger user`;
  for (const entity of order) {
    const rows = world.rows(entity.name);
    loaded.add(entity.name);
    if (rows.length === 0) continue;
    const table = `${schema}.${quoteIdentifier(entity.table)}`;
    const fields = entity.fields.filter(({ storage }) => storage.kind === "column");
    const waiting = fields.filter((field) => field.type.kind === "one" && !loaded.has(field.type.entity));
    const columns = fields.map(columnName).join(", ");
    const values = rows.map((row) => `(${fields.map((field) => rowValue(field, row, waiting)).join(", ")})`);
    yield `insert into ${table} (${columns}) values ${values.join(",\n")}`;
    for (const field of waiting) {
      for (const row of rows.filter((candidate) => (candidate[field.name] ?? null) !== null)) {
        later.push(
          `update ${table} set ${columnName(field)} = ${sqlValue(field, row[field.name] ?? null)} where ${keyIs(entity, row, authorization)}`,
        );
      }
    }
    yield* sideStatements(authorization, entity, rows);
    if (entity.name !== model.membership?.entity) continue;
    for (const [tenant, user] of former) yield formerStatement(authorization, "join", tenant, user);
  }
  yield* later;
  for (const table of sides) yield `alter table ${table} enable trigger user`;
  yield* requestStatements(world);
  yield* former.map(([tenant, user]) => formerStatement(authorization, "leave", tenant, user));
}

/** Whom rows of a tenant name, and who is no member of it: he must be one while they are written. */
function formerMembers({ model }: Authorization, world: World): readonly (readonly [tenant: string, user: string])[] {
  const { membership, system } = model;
  const people = system.actor?.entity;
  if (membership === undefined || people === undefined) return [];
  const members = new Set(
    world.rows(membership.entity).map((row) => `${row[membership.tenant]} ${row[membership.user]}`),
  );
  const former = new Set<string>();
  for (const entity of system.entities.filter(({ tenant, name }) => tenant && name !== membership.entity)) {
    for (const key of entity.foreignKeys.filter(({ references }) => references.entity === people)) {
      for (const row of world.rows(entity.name)) {
        const pair = `${model.tenantOf(entity, row)} ${row[key.field]}`;
        if ((row[key.field] ?? null) !== null && !members.has(pair)) former.add(pair);
      }
    }
  }
  return [...former].map((pair): readonly [string, string] => {
    const [tenant = "", user = ""] = pair.split(" ");
    return [tenant, user];
  });
}

function formerStatement({ model }: Authorization, what: "join" | "leave", tenant: string, user: string): string {
  const { membership, system } = model;
  if (membership === undefined) return "";
  const entity = model.entity(membership.entity);
  const column = (name: string): string => columnName(model.field(entity, name));
  const table = `${quoteIdentifier(system.schema)}.${quoteIdentifier(entity.table)}`;
  return what === "join"
    ? `insert into ${table} (${[membership.tenant, membership.user, membership.roles].map(column).join(", ")}) values (${quoteLiteral(tenant)}, ${quoteLiteral(user)}, '{}')`
    : `delete from ${table} where ${column(membership.tenant)} = ${quoteLiteral(tenant)} and ${column(membership.user)} = ${quoteLiteral(user)}`;
}

const rowValue = (field: Field, row: StoredRow, waiting: readonly Field[]): string =>
  sqlValue(field, waiting.includes(field) ? null : (row[field.name] ?? null));

/** A side table's row is made by the trigger of the entity's; its value is written here. */
function* sideStatements(authorization: Authorization, entity: Entity, rows: readonly StoredRow[]): Generator<string> {
  for (const field of entity.fields) {
    const { storage } = field;
    if (storage.kind !== "side" || !isHeld(field)) continue;
    const table = `${quoteIdentifier(authorization.model.system.schema)}.${quoteIdentifier(storage.table)}`;
    for (const row of rows) {
      yield `update ${table} set ${columnName(field)} = ${sqlValue(field, row[field.name] ?? null)} where ${keyIs(entity, row, authorization)}`;
    }
  }
}

function keyIs(entity: Entity, row: StoredRow, { model }: Authorization): string {
  return entity.primaryKey.columns
    .map((column) => `${quoteIdentifier(column)} = ${quoteLiteral(String(model.valueOfColumn(entity, row, column)))}`)
    .join(" and ");
}
