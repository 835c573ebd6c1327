/** Starts a run as the request's actor; and waits for its end, where its workflow is synchronous. */
import type { PgClient } from "postgraphile/@dataplan/pg";
import { RequestError } from "../request-error.ts";
import type { RunEnds } from "./run-ends.ts";
import { WorkflowError } from "./workflow-error.ts";

/** What `enginejs.workflow_result` gives. */
interface RunResult {
  readonly status: string;
  readonly output: string | null;
  readonly value: unknown;
  readonly error: { readonly code: string; readonly message: string; readonly values: unknown } | null;
}

export interface Called {
  readonly runId: string | null;
  /** The name of the output that it came to; null before the end. */
  readonly output: string | null;
  readonly value: unknown;
}

/** A client whose every query is a transaction of its own. */
type Client = Pick<PgClient, "query">;

/** When those who wait look by themselves, in milliseconds: where ends are heard, and where they are not. */
const LOOKS = { heard: [1_000, 2_000, 4_000], unheard: [50, 100, 250, 500, 1_000] };

const start = "select enginejs.start_workflow($1, $2, $3)::text as answer";
const result = "select enginejs.workflow_result($1)::text as answer";

export async function startRun(client: Client, workflow: string, input: unknown, awaited = false): Promise<string> {
  const given = input === undefined ? null : JSON.stringify(input);
  const { rows } = await client.query<{ answer: string }>({ text: start, values: [workflow, given, awaited] });
  return rows[0]?.answer ?? "";
}

/**
 * @param milliseconds how long it waits; what is not done by then goes on, and is asked for by its id
 * @throws WorkflowError for an error that the workflow declares, RequestError EJS5044 where the run failed or was cancelled
 */
export async function callRun(
  client: Client,
  ends: RunEnds,
  {
    workflow,
    input,
    milliseconds,
  }: { readonly workflow: string; readonly input: unknown; readonly milliseconds: number },
): Promise<Called> {
  await ends.ready();
  const until = performance.now() + milliseconds;
  const runId = await startRun(client, workflow, input, true);
  for (let look = 0; ; look++) {
    const pauses = ends.listening ? LOOKS.heard : LOOKS.unheard;
    const left = until - performance.now();
    const heard = await ends.wait(runId, Math.max(0, Math.min(left, pauses[Math.min(look, pauses.length - 1)] ?? 0)));
    const { rows } = await client.query<{ answer: string }>({ text: result, values: [runId] });
    const { status, output, value, error } = JSON.parse(rows[0]?.answer ?? "{}") as RunResult;
    if (!heard && (status === "done" || error !== null)) ends.doubt();
    if (status === "done") return { runId, output, value };
    if (error !== null) {
      if (error.values !== null) throw new WorkflowError(error.code, error.message, error.values);
      throw new RequestError("EJS5044", 422, undefined, { extensions: { runId } });
    }
    if (performance.now() >= until) return { runId, output: null, value: null };
    await ends.ready();
  }
}

/**
 * Calls a process that is a function of the database.
 *
 * @param call the function's name in SQL
 */
export async function callFunction(client: Client, call: string, input: unknown): Promise<Called> {
  const { rows } = await client.query<{ answer: string }>({
    text: `select ${call}($1)::text as answer`,
    values: [JSON.stringify(input ?? null)],
  });
  const { output, value } = JSON.parse(rows[0]?.answer ?? "{}") as Omit<Called, "runId">;
  return { runId: null, output, value };
}
