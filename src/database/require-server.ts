/** Asks before a build what would otherwise fail in the middle of it. */
import type pg from "pg";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { coreText } from "./core-sql.ts";
import { databaseError } from "./database-error.ts";

/** The oldest version that works; older ones lack `security invoker` views and sane rights of schema public, among others. */
const oldestVersion = 15;

export interface ServerInfo {
  /** 15 to 18. */
  readonly majorVersion: number;
  readonly role: string;
  readonly database: string;
}

/** Throws a readable error where the server is too old. Unreachable servers and wrong passwords are `connect`'s to tell. */
export async function requireServer(client: pg.ClientBase): Promise<ServerInfo> {
  const { rows } = await client.query<{ version: number; role: string; database: string }>(
    `select current_setting('server_version_num')::int as version, current_user::text as role, current_database()::text as database`,
  );
  const [found] = rows;
  if (!found) throw databaseError("EJS4017", "The server did not tell its version.");
  const majorVersion = Math.floor(found.version / 10_000);
  if (majorVersion < oldestVersion) {
    throw databaseError(
      "EJS4014",
      `The server runs PostgreSQL ${majorVersion}; EngineJS needs ${oldestVersion} or newer.`,
    );
  }
  return { majorVersion, role: found.role, database: found.database };
}

/** Throws with every right that the role lacks for a build; the hints together are the SQL for an administrator. */
export async function requireBuildRights(client: pg.ClientBase): Promise<void> {
  const { role } = await requireServer(client);
  const { rows } = await client.query<{ right: string; remedy: string; granted: boolean }>(
    coreText("queries/build_rights.sql"),
  );
  const missing = rows.filter((row) => !row.granted);
  if (missing.length === 0) return;
  throw new EngineError(
    missing.map(
      ({ right, remedy }): Diagnostic => ({
        code: "EJS4015",
        severity: "error",
        message: `Role "${role}" lacks: ${right}.`,
        hint: `An administrator runs: ${remedy}`,
      }),
    ),
  );
}

/** Throws where nothing can be written: a standby, or a database that was set to read-only. */
export async function requireWritable(client: pg.ClientBase): Promise<void> {
  const { database } = await requireServer(client);
  const { rows } = await client.query<{ standby: boolean; readonly: boolean }>(
    "select pg_is_in_recovery() as standby, current_setting('transaction_read_only')::boolean as readonly",
  );
  const [found] = rows;
  if (found?.standby) {
    throw databaseError("EJS4019", `The database "${database}" is read-only: its server is a standby.`, {
      hint: "Name the primary server in the database URL.",
    });
  }
  if (found?.readonly) {
    throw databaseError(
      "EJS4019",
      `The database "${database}" is read-only: default_transaction_read_only is on for this role, database or server.`,
    );
  }
}
