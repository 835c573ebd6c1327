/** Runs the lints on a database: one query each, in one read-only transaction, with the rights that the login has. */
import type pg from "pg";
import { connect } from "../database/connection.ts";
import { connectionFailure } from "../database/connection-failure.ts";
import { requireServer, type ServerInfo } from "../database/require-server.ts";
import { nearest } from "../errors/nearest.ts";
import { projectError } from "../project/project-error.ts";
import { byGravity, type Finding, type Level } from "./finding.ts";
import type { Lint } from "./lint.ts";

/** What the lints are told, as settings `enginejs_doctor.*` of the transaction. */
export interface Scope {
  /** All but the server's own unless given. */
  readonly schemas?: readonly string[] | undefined;
  /** Roles that may have any right. */
  readonly trusted?: readonly string[] | undefined;
  /** Roles of people who have not signed in, beside those whose names say so. */
  readonly anonymous?: readonly string[] | undefined;
  /** The role that the application logs in as. */
  readonly login?: string | undefined;
}

export interface ExamineOptions {
  readonly scope?: Scope;
  /** How long one lint may take, in milliseconds; 30 seconds unless given. */
  readonly timeout?: number;
  readonly onProgress?: (doing: string) => void;
}

export interface Examination {
  readonly server: ServerInfo;
  readonly findings: readonly Finding[];
  /** Lints that could not be run, and why. */
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * Looks at a database; changes nothing in it.
 *
 * @example const { findings } = await examineDatabase(url, readLints());
 * @throws EngineError where it cannot be reached, is older than 15, or a named schema is not there
 */
export async function examineDatabase(
  url: string,
  lints: readonly Lint[],
  { scope = {}, timeout = 30_000, onProgress }: ExamineOptions = {},
): Promise<Examination> {
  const client = await connect(url, { applicationName: "enginejs doctor" });
  try {
    const server = await requireServer(client);
    // One snapshot for all of them. Names are printed with their schemas; compiling such queries costs more than running them.
    await client.query("begin isolation level repeatable read, read only");
    await client.query("set local search_path = ''; set local jit = off; set local quote_all_identifiers = off");
    await client.query("select set_config('statement_timeout', $1, true), set_config('lock_timeout', '2s', true)", [
      `${timeout}`,
    ]);
    await requireSchemas(client, scope.schemas);
    await tellScope(client, scope);
    const findings: Finding[] = [];
    const skipped: { id: string; reason: string }[] = [];
    for (const [index, lint] of lints.entries()) {
      onProgress?.(`looking (${index + 1} of ${lints.length}: ${lint.id})`);
      const found = await run(client, lint);
      if (Array.isArray(found)) findings.push(...found);
      else skipped.push(found);
    }
    await client.query("rollback");
    return { server, findings: findings.sort(byGravity), skipped };
  } catch (error) {
    // Whatever else goes wrong here is the connection's: lost, refused, shut down.
    throw connectionFailure(error, url);
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface Row {
  readonly level: Level;
  readonly kind: string;
  readonly object: string;
  readonly what: string;
  readonly fix: string | null;
}

/** One that fails (a timeout, a catalog that a provider has closed) does not keep the others from running. */
async function run(client: pg.Client, lint: Lint): Promise<Finding[] | { id: string; reason: string }> {
  await client.query("savepoint lint");
  try {
    const { rows } = await client.query<Row>(lint.sql);
    return rows.map(({ level, kind, object, what, fix }) => ({
      id: lint.id,
      level,
      kind,
      object,
      what,
      why: lint.why,
      fix,
      advice: lint.fix,
      reference: lint.reference,
    }));
  } catch (error) {
    // Without a SQLSTATE it is no answer of the server.
    if (
      typeof (error as { code?: unknown }).code !== "string" ||
      !/^[0-9A-Z]{5}$/.test((error as pg.DatabaseError).code ?? "")
    )
      throw error;
    await client.query("rollback to savepoint lint");
    return { id: lint.id, reason: (error as Error).message };
  }
}

async function requireSchemas(client: pg.Client, schemas: readonly string[] | undefined): Promise<void> {
  if (schemas === undefined || schemas.length === 0) return;
  const { rows } = await client.query<{ name: string }>(
    "select nspname::text as name from pg_namespace order by nspname",
  );
  const names = rows.map(({ name }) => name);
  for (const schema of schemas.filter((name) => !names.includes(name))) {
    const shown = names.filter((name) => !/^pg_|^information_schema$/.test(name));
    const near = nearest(schema, shown);
    const hint = near === undefined ? `The schemas are: ${shown.join(", ")}.` : `Did you mean "${near}"?`;
    throw projectError("EJS1002", `The database has no schema "${schema}".`, { hint });
  }
}

async function tellScope(client: pg.Client, { schemas, trusted, anonymous, login }: Scope): Promise<void> {
  for (const [name, list] of Object.entries({ schemas, trusted, anonymous })) {
    if (list === undefined || list.length === 0) continue;
    await client.query("select set_config('enginejs_doctor.' || $1, $2::text[]::text, true)", [name, list]);
  }
  if (login !== undefined) await client.query("select set_config('enginejs_doctor.login', $1, true)", [login]);
}
