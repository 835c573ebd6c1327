/** Runs a request as somebody, tells what would come of it, and rolls it back. */
import type pg from "pg";
import { connect } from "../../database/connection.ts";
import { createPool } from "../../database/pool.ts";
import { recordAdministration } from "../../database/record-administration.ts";
import type { ActorSession } from "../database/actor-session.ts";
import { builtSystem } from "../database/built-system.ts";
import { executeRequest } from "../graphql/execute-request.ts";
import { servedSchema } from "../graphql/served-schema.ts";
import { createLog } from "../log.ts";
import { defaultLimits } from "../server-options.ts";
import { DryRunTransaction } from "./dry-run-client.ts";
import { type DryRunEffects, readEffects } from "./effects.ts";

export interface DryRunOptions {
  /** The builder's URL: it sees what the actor may not, and can become an actor. */
  readonly database: string;
  /** As whom: a user's id, or null for a visitor without a token. */
  readonly actor: string | null;
  readonly tenant: string | null;
  /** A GraphQL document, or one SQL statement (select, insert, update, delete, merge). */
  readonly request:
    | { readonly graphql: string; readonly variables?: Readonly<Record<string, unknown>> }
    | { readonly sql: string };
}

export interface DryRunReport extends DryRunEffects {
  /** What the actor would have been answered: GraphQL's answer, or the statement's rows. */
  readonly answer: unknown;
  /** Whether the request did what it asked for. */
  readonly ok: boolean;
}

export type { DryRunEffects };

/**
 * One transaction, repeatable read, as the actor; rolled back whatever happens. Nothing can get out: what leaves the
 * database starts from events, and these go with the rest. That it was run is a line of the administration log.
 *
 * @example await dryRun({ database, actor, tenant, request: { graphql: 'mutation { payInvoice(input: { id: "…" }) { clientMutationId } }' } })
 */
export async function dryRun(options: DryRunOptions): Promise<DryRunReport> {
  const { database, actor, tenant, request } = options;
  const client = await connect(database, { applicationName: "enginejs dry run" });
  try {
    await recordAdministration(client, {
      kind: "impersonation",
      actor,
      tenant,
      detail: { command: "try", ...("sql" in request ? { sql: request.sql } : { graphql: request.graphql }) },
    });
    await client.query("begin isolation level repeatable read");
    const before = await client.query<{ last: string }>(
      "select coalesce(max(id), 0)::text as last from enginejs.workflow_events",
    );
    await client.query("savepoint untouched");
    const session: ActorSession = {
      role: actor === null ? "enginejs_anonymous" : "enginejs_user",
      actor,
      tenant,
      claims: null,
      statementTimeoutMs: defaultLimits.statementTimeoutMs,
      requestId: "dry run",
    };
    const build = await client.query<{ schema: string }>(
      "select ir ->> 'schema' as schema from enginejs.current_build()",
    );
    const transaction = new DryRunTransaction(client, build.rows[0]?.schema ?? "app");
    const { answer, ok } =
      "sql" in request
        ? await runSql(transaction, session, request.sql)
        : await runGraphql(transaction, session, request, database);
    await client.query("set local role none");
    const rows = await transaction.written();
    const effects = await readEffects(client, { actor, tenant, beyond: before.rows[0]?.last ?? "0", rows });
    return { answer, ok, ...effects };
  } finally {
    // The end of the connection is the end of the transaction, also where this does not reach the server.
    await client.query("rollback").catch(() => undefined);
    await client.end();
  }
}

interface Ran {
  readonly answer: unknown;
  readonly ok: boolean;
}

async function runGraphql(
  transaction: DryRunTransaction,
  session: ActorSession,
  { graphql, variables = {} }: { readonly graphql: string; readonly variables?: Readonly<Record<string, unknown>> },
  database: string,
): Promise<Ran> {
  const pool = createPool(database, { max: 1, applicationName: "enginejs dry run", onLost: () => undefined });
  try {
    const { withPgClient } = transaction;
    const served = await servedSchema(await builtSystem(pool), withPgClient, {
      limits: defaultLimits,
      introspection: true,
    });
    const { text } = await executeRequest(
      { query: graphql, variables, operationName: undefined },
      { served, withPgClient, session, introspection: true, explainDenials: true, log: createLog({ level: "silent" }) },
    );
    const answer = JSON.parse(text);
    return { answer, ok: answer.errors === undefined };
  } finally {
    await pool.end();
  }
}

/**
 * PREPARE takes one statement that reads or writes rows and no other: nothing that would end the transaction gets through
 * it; of several commands in one text, the extended protocol takes none.
 */
async function runSql(transaction: DryRunTransaction, session: ActorSession, sql: string): Promise<Ran> {
  try {
    const answer = await transaction.step(session, async (client) => {
      await client.query({ text: `prepare enginejs_dry_run as ${sql}`, queryMode: "extended" } as pg.QueryConfig);
      const { rows, rowCount } = await client.query("execute enginejs_dry_run");
      return { rows, rowCount };
    });
    return { answer, ok: true };
  } catch (error) {
    const { message, code, detail, hint } = error as pg.DatabaseError;
    if (code === undefined) throw error;
    return { answer: { error: { message, sqlState: code, detail, hint } }, ok: false };
  }
}
