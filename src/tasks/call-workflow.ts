/** Calls a workflow and waits for what it gives, for code that has a connection of its own. */
import type pg from "pg";
import type { TaskActor } from "../dsl/task.ts";

export interface CallResult {
  readonly runId: string;
  /** False: it was not done in time, and goes on. */
  readonly done: boolean;
  /** The name of the output that the run came to; null for none. */
  readonly output: string | null;
  readonly value: unknown;
}

export interface CallOptions {
  /** As whom it runs where it inherits; for the platform only. The transaction's actor unless given. */
  readonly actor?: TaskActor;
  /** How long it is waited for, in milliseconds; 30 seconds unless given. */
  readonly timeoutMs?: number;
}

/** A run ended otherwise than well: `code` is the error's name that the workflow declares, WorkflowFailed or WorkflowCancelled. */
export class WorkflowFailure extends Error {
  readonly runId: string;
  readonly code: string;
  /** What the workflow says of an error that it declares; else null. */
  readonly values: unknown;

  constructor(runId: string, { code, message, values }: ResultError) {
    super(message);
    this.name = "WorkflowFailure";
    this.runId = runId;
    this.code = code;
    this.values = values;
  }
}

interface ResultError {
  readonly code: string;
  readonly message: string;
  readonly values: unknown;
}

/** What `enginejs.workflow_result` gives. */
interface RunResult {
  readonly status: string;
  readonly output: string | null;
  readonly value: unknown;
  readonly error: ResultError | null;
}

/** It looks by itself as well, after so many milliseconds: a notification may be lost. */
const LOOKS = [250, 500, 1_000, 2_000];

/**
 * Starts a workflow by its name, waits for the run's end and gives its output. The connection must not be inside of a
 * transaction: a run begins when its start is committed. A pool's connection is taken for as long.
 *
 * @example const { output, value } = await callWorkflow(pool, "charge-card", { amount: 1200 }, { actor })
 * @throws WorkflowFailure where the run fails or is cancelled; the server's errors EJ404 where there is no such workflow, 42501
 * where the actor may not start it, EJ422 where the input does not fit (its detail lists every place)
 */
export async function callWorkflow(
  connection: pg.Pool | pg.ClientBase,
  workflow: string,
  input?: unknown,
  { actor, timeoutMs = 30_000 }: CallOptions = {},
): Promise<CallResult> {
  const pooled = isPool(connection) ? await connection.connect() : undefined;
  const client = pooled ?? (connection as pg.ClientBase);
  try {
    await client.query("listen enginejs_ended");
    const { rows } = await client.query<{ run: string }>("select enginejs.start_workflow($1, $2, true, $3) as run", [
      workflow,
      input === undefined ? null : JSON.stringify(input),
      actor === undefined ? null : JSON.stringify(actor),
    ]);
    return await endOf(client, rows[0]?.run ?? "", timeoutMs);
  } finally {
    const broken = await client.query("unlisten enginejs_ended").then(
      () => undefined,
      (error: Error) => error,
    );
    pooled?.release(broken);
  }
}

/** What a run gives, waited for on a connection that listens to `enginejs_ended`. */
export async function endOf(client: pg.ClientBase, runId: string, milliseconds: number): Promise<CallResult> {
  const until = performance.now() + milliseconds;
  for (let look = 0; ; look++) {
    const left = until - performance.now();
    // The first look comes at once: it may have ended before anybody listened for it.
    if (look > 0) await notified(client, runId, Math.min(left, LOOKS[Math.min(look, LOOKS.length) - 1] ?? 0));
    const { rows } = await client.query<{ result: RunResult }>("select enginejs.workflow_result($1) as result", [
      runId,
    ]);
    const { status, output, value, error } = rows[0]?.result ?? {
      status: "pending",
      output: null,
      value: null,
      error: null,
    };
    if (status === "done") return { runId, done: true, output, value };
    if (error !== null) throw new WorkflowFailure(runId, error);
    if (left <= 0) return { runId, done: false, output: null, value: null };
  }
}

function notified(client: pg.ClientBase, runId: string, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      client.removeListener("notification", hear);
      client.removeListener("end", done);
      resolve();
    };
    const hear = ({ payload }: pg.Notification) => {
      if (payload === runId) done();
    };
    const timer = setTimeout(done, Math.max(0, milliseconds));
    client.on("notification", hear);
    client.on("end", done);
  });
}

const isPool = (connection: pg.Pool | pg.ClientBase): connection is pg.Pool => "totalCount" in connection;
