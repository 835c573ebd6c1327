import type pg from "pg";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { coreText } from "./core-sql.ts";

export type Service = "server" | "worker";

interface MissingRight {
  readonly right: string;
  /** The SQL that grants it. */
  readonly remedy: string;
}

type Queryable = Pick<pg.Pool, "query">;

/** Rights that the role of the connection lacks for serving or working; none where nothing was ever built. */
export async function missingServiceRights(client: Queryable, service: Service): Promise<readonly MissingRight[]> {
  return (await client.query<MissingRight>(coreText("queries/service_rights.sql"), [service])).rows;
}

/**
 * Asks at the start what would otherwise fail each request, or use up the attempts of each run.
 *
 * @throws EngineError EJS4015 for each right that is missing, with the SQL that grants it
 */
export async function requireServiceRights(client: Queryable, service: Service): Promise<void> {
  const missing = await missingServiceRights(client, service);
  if (missing.length === 0) return;
  const { rows } = await client.query<{ role: string }>("select current_user::text as role");
  throw new EngineError(
    missing.map(
      ({ right, remedy }): Diagnostic => ({
        code: "EJS4015",
        severity: "error",
        message: `Role "${rows[0]?.role}" lacks for the ${service}: ${right}.`,
        hint: `Whoever builds runs in this database: ${remedy}`,
      }),
    ),
  );
}

/** Gives whoever builds, and so owns all of it, what a service needs, where its role may do that. */
export async function admitOwner(client: Queryable, service: Service): Promise<void> {
  const missing = await missingServiceRights(client, service);
  if (missing.length === 0) return;
  const { rows } = await client.query<{ owner: boolean }>("select pg_has_role('enginejs_owner', 'member') as owner");
  if (rows[0]?.owner !== true) return;
  // Where it may not, the service says at its start what is missing.
  for (const remedy of new Set(missing.map(({ remedy }) => remedy))) await client.query(remedy).catch(() => undefined);
}
