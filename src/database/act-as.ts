import type pg from "pg";
import { databaseError } from "./database-error.ts";
import { sentTogether } from "./sent-together.ts";

/** On whose behalf a transaction runs. */
export interface Actor {
  readonly role: "anonymous" | "user" | "system";
  /** What acts where it is no person with a token: a service account, or a person by an API key. */
  readonly kind?: "user" | "service" | "key";
  readonly id?: string | null;
  /** Counts only where the actor is a member of it. */
  readonly tenant?: string | null;
  /** What the token said beyond the two: `enginejs.claims()`. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** In milliseconds; the server's own setting unless given. */
  readonly statementTimeout?: number;
  /** Names the request in logs, events and audit. */
  readonly requestId?: string;
  /** The website and the address that the request came from, for rules that ask: `request.origin`, `request.ip`. */
  readonly origin?: string | null;
  readonly ip?: string | null;
  /** What the events that it causes carry on, in W3C's form. */
  readonly traceparent?: string | null;
}

/** The call that starts every request; its parameters are `beginRequestValues`. */
export const beginRequestText = "select enginejs.begin_request($1, $2, $3, $4, $5, $6, $7)";

/** The parameters of `beginRequestText`. */
export const beginRequestValues = (actor: Actor): (string | number | null)[] => [
  `enginejs_${actor.role}`,
  actor.id ?? null,
  actor.tenant ?? null,
  actor.claims ? JSON.stringify(actor.claims) : null,
  actor.statementTimeout ?? null,
  actor.requestId ?? null,
  requestText(actor),
];

/** What begin_request takes as `request`: JSON, or null where nothing of it is known. */
export function requestText({
  kind,
  origin,
  ip,
  traceparent,
}: Pick<Actor, "kind" | "origin" | "ip" | "traceparent">): string | null {
  if ((kind === undefined || kind === "user") && !origin && !ip && !traceparent) return null;
  return JSON.stringify({
    ...(kind !== undefined && kind !== "user" && { kind }),
    ...(origin && { origin }),
    ...(ip && { ip }),
    ...(traceparent && { traceparent }),
  });
}

/**
 * Runs `fn` in one transaction as the actor: commits when it resolves, rolls back when it throws.
 * The client goes back to the pool without role, claims or settings of this transaction, or not at all.
 *
 * @example await actAs(pool, { role: "user", id, tenant }, (client) => client.query("select * from app.invoice"))
 */
export async function actAs<T>(pool: pg.Pool, actor: Actor, fn: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let clean = false;
  try {
    await sentTogether([client.query("begin"), client.query(beginRequestText, beginRequestValues(actor))]);
    const result = await fn(client);
    await end(client, "commit");
    clean = true;
    return result;
  } catch (error) {
    // A connection that is gone cannot roll back; then it is thrown away and the first error is the one to tell.
    clean ||= await end(client, "rollback").then(
      () => true,
      () => false,
    );
    throw error;
  } finally {
    client.release(!clean);
  }
}

/**
 * Ends the transaction, and what `fn` may have set beyond it (`set` without `local`), in one round trip.
 * PostgreSQL answers the commit of a failed transaction with ROLLBACK and no error.
 */
async function end(client: pg.PoolClient, command: "commit" | "rollback"): Promise<void> {
  const results = (await client.query(`${command}; reset role; reset all`)) as unknown as pg.QueryResult[];
  if (command === "commit" && results[0]?.command !== "COMMIT") {
    throw databaseError("EJS4018", "The transaction had failed before its end: nothing of it was kept.");
  }
}
