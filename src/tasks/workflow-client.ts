/** Workflows from outside: what the SQL functions of the same names do, for code that has a connection. */
import type { TaskActor } from "../dsl/task.ts";

/** Whatever runs a statement: a client, a pool, a transaction's client. */
export interface Connection {
  query(text: string, values: unknown[]): Promise<{ readonly rows: unknown[] }>;
}

/**
 * Starts a workflow by its name and returns the id of its run. In a transaction it starts when that commits.
 *
 * @example await startWorkflow(pool, "monthly-report", { input: { month: "2026-11" }, actor: { kind: "system", id: null, tenant } })
 * @throws the server's error EJ404 where the newest build has no such workflow
 */
export async function startWorkflow(
  connection: Connection,
  workflow: string,
  {
    input,
    recordId,
    actor,
  }: {
    /** What the run is given. */
    readonly input?: unknown;
    /** The row that it is about, where its trigger says an entity. */
    readonly recordId?: string;
    /** As whom it runs where it inherits; the transaction's actor unless given. */
    readonly actor?: TaskActor;
  } = {},
): Promise<string> {
  const { rows } = await connection.query("select enginejs.workflow_start($1, $2, $3, $4) as run", [
    workflow,
    json(input),
    recordId ?? null,
    json(actor),
  ]);
  return (rows[0] as { run: string }).run;
}

/**
 * Tells every run that waits for this signal with this key, and returns how many waits took it; where none waits it is
 * kept for the next one.
 *
 * @example await signalWorkflow(pool, "delivered", order.id, { at: new Date() })
 */
export async function signalWorkflow(
  connection: Connection,
  signal: string,
  key: string,
  payload?: unknown,
): Promise<number> {
  const { rows } = await connection.query("select enginejs.workflow_signal($1, $2, $3) as taken", [
    signal,
    key,
    json(payload),
  ]);
  return (rows[0] as { taken: number }).taken;
}

/** Asks for the end of a run: what it did is undone, and it ends as cancelled; also one that is not made yet. False where it has ended already. */
export async function cancelWorkflow(connection: Connection, run: string, reason = "cancelled"): Promise<boolean> {
  const { rows } = await connection.query("select enginejs.workflow_cancel($1, $2) as found", [run, reason]);
  return (rows[0] as { found: boolean }).found;
}

const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
