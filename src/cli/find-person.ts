/** Whom `--as` and `--to` mean. */
import type pg from "pg";
import { suggestion } from "../errors/suggestion.ts";
import type { Entity, System } from "../model/index.ts";
import { projectError } from "../project/project-error.ts";
import { quoteIdentifier } from "../sql-ast/quote.ts";

/** Whom a token is for, and for which tenant. */
export interface TokenSubject {
  /** The user's id. */
  readonly user: string;
  readonly tenant?: string | undefined;
}

const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * A user's id, by id or e-mail address.
 *
 * @param labels what people are called besides, for the nearest match
 * @throws EJS1033
 */
export async function findUserId(
  client: pg.Client,
  system: System,
  as: string,
  labels: readonly string[],
): Promise<string> {
  const entity = system.entities.find((candidate) => candidate.name === system.actor?.entity);
  const user = entity === undefined ? undefined : await findUser(client, system, entity, as);
  if (user !== undefined) return user;
  const hint = labels.length === 0 ? undefined : suggestion(as, labels, "The seed's people are");
  throw projectError("EJS1033", `Nobody is called "${as}".`, { hint });
}

/**
 * The tenant of a person who belongs to one, undefined where it is none.
 *
 * @throws EJS1037
 */
export async function onlyTenantOf(
  client: pg.Client,
  system: System,
  user: string,
  as: string,
): Promise<string | undefined> {
  const tenants = await tenantsOf(client, system, user);
  if (tenants.length <= 1) return tenants[0];
  throw projectError("EJS1037", `"${as}" belongs to ${tenants.length} tenants.`, {
    hint: `Name one of them: ${tenants.map((id) => `--tenant ${id}`).join(", ")}.`,
  });
}

async function findUser(client: pg.Client, system: System, entity: Entity, as: string): Promise<string | undefined> {
  const column = uuid.test(as) ? "id" : emailColumn(entity);
  if (column === undefined) return undefined;
  const table = `${quoteIdentifier(system.schema)}.${quoteIdentifier(entity.table)}`;
  const { rows } = await client.query<{ id: string }>(
    `select id from ${table} where ${quoteIdentifier(column)} = $1 limit 1`,
    [as],
  );
  return rows[0]?.id;
}

function emailColumn(entity: Entity): string | undefined {
  const field = entity.fields.find((candidate) => candidate.name === "email");
  return field?.storage.kind === "column" ? field.storage.column : undefined;
}

async function tenantsOf(client: pg.Client, { schema, tenancy, entities }: System, user: string): Promise<string[]> {
  const membership = entities.find((entity) => entity.name === tenancy?.membership.entity);
  if (tenancy === undefined || membership === undefined) return [];
  const columnOf = (name: string): string => {
    const storage = membership.fields.find((field) => field.name === name)?.storage;
    return quoteIdentifier(storage?.kind === "column" ? storage.column : name);
  };
  const { rows } = await client.query<{ tenant: string }>(
    `select ${columnOf(tenancy.membership.tenant)} as tenant
       from ${quoteIdentifier(schema)}.${quoteIdentifier(membership.table)}
      where ${columnOf(tenancy.membership.user)} = $1 order by 1`,
    [user],
  );
  return rows.map((row) => row.tenant);
}
