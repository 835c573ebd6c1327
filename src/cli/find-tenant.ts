/** Which tenant a name means. */
import type pg from "pg";
import { didYouMean } from "../errors/suggestion.ts";
import type { System } from "../model/index.ts";
import { projectError } from "../project/project-error.ts";
import { quoteIdentifier } from "../sql-ast/quote.ts";

const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** Fields by which people know a tenant, the best first. */
const nameFields = ["slug", "name", "code", "title"];
/** So many names are looked at for the nearest one. */
const mostNames = 1_000;

/**
 * The tenant's id; null where the model has no tenancy and none is named.
 *
 * @throws EJS1050
 */
export async function findTenant(client: pg.Client, system: System, name: string | undefined): Promise<string | null> {
  const entity = system.entities.find((candidate) => candidate.name === system.tenancy?.entity);
  if (entity === undefined) {
    if (name === undefined) return null;
    throw projectError("EJS1050", `The model has no tenants, so none is called "${name}".`, {
      hint: "Leave --tenant out.",
    });
  }
  const table = `${quoteIdentifier(system.schema)}.${quoteIdentifier(entity.table)}`;
  const columns = nameFields.flatMap((wanted) => {
    const field = entity.fields.find((candidate) => candidate.name === wanted);
    return field?.storage.kind === "column" ? [field.storage.column] : [];
  });
  if (name !== undefined && uuid.test(name)) {
    const { rowCount } = await client.query(`select from ${table} where id = $1`, [name]);
    if (rowCount) return name;
  } else if (name !== undefined) {
    for (const column of columns) {
      const { rows } = await client.query<{ id: string }>(
        `select id from ${table} where ${quoteIdentifier(column)}::text = $1 order by id limit 2`,
        [name],
      );
      if (rows.length > 1) {
        throw projectError("EJS1050", `Several tenants are called "${name}".`, {
          hint: `Name one by its id: ${rows.map(({ id }) => `--tenant ${id}`).join(", ")}.`,
        });
      }
      if (rows[0] !== undefined) return rows[0].id;
    }
  }
  const [column] = columns;
  const known = column === undefined ? [] : await namesOf(client, table, column);
  const few = known.length > 0 && known.length <= 10 ? `Tenants: ${known.join(", ")}.` : "Name it by its id.";
  const message = name === undefined ? "A tenant must be named." : `No tenant is called "${name}".`;
  throw projectError("EJS1050", message, { hint: didYouMean(name, known) + few });
}

async function namesOf(client: pg.Client, table: string, column: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string | null }>(
    `select ${quoteIdentifier(column)}::text as name from ${table} order by 1 limit ${mostNames}`,
  );
  return rows.flatMap(({ name }) => (name === null ? [] : [name]));
}
