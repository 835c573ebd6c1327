/** One batch of the relay: takes pending events and starts the runs that they want, in one transaction. */
import type pg from "pg";
import type { Log } from "../dsl/task.ts";
import type { Build } from "./build.ts";
import { conditionStatement } from "./condition-statement.ts";
import type { Definitions } from "./definitions.ts";
import { failpoint } from "./failpoint.ts";

export interface RelayOptions {
  readonly definitions: Definitions;
  readonly build: () => Build;
  readonly log: Log;
  /** Events per transaction. */
  readonly batch?: number;
  /** No more are taken while so many runs wait for a worker. */
  readonly mostQueued?: number;
}

export interface RelayResult {
  readonly taken: number;
  readonly lastEvent: string;
  /** Enough runs wait already. */
  readonly busy: boolean;
}

/** An event that a subscription with a condition asks for. */
interface Candidate {
  readonly event: number;
  readonly segment: number;
  readonly workflow: string;
  readonly definition: number;
  readonly attempts: number;
}

/** How often an event's condition is tried before the event is given up. */
const MOST_ATTEMPTS = 8;

export async function relayBatch(client: pg.Client, beyond: string, options: RelayOptions): Promise<RelayResult> {
  failpoint("relay:before-take");
  await client.query("begin");
  try {
    const { rows } = await client.query<{
      taken: number;
      last_event: string | null;
      busy: boolean;
      conditional: Candidate[] | null;
    }>("select * from enginejs.workflow_relay($1, $2, $3)", [
      beyond,
      options.batch ?? 500,
      options.mostQueued ?? 5_000,
    ]);
    failpoint("relay:after-take");
    const [row] = rows;
    if (row?.conditional) await startWhereTrue(client, row.conditional, options);
    failpoint("relay:before-commit");
    await client.query("commit");
    failpoint("relay:after-commit");
    return { taken: row?.taken ?? 0, lastEvent: row?.last_event ?? beyond, busy: row?.busy ?? false };
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

async function startWhereTrue(
  client: pg.Client,
  candidates: readonly Candidate[],
  options: RelayOptions,
): Promise<void> {
  const passed: Candidate[] = [];
  for (const ofOne of Map.groupBy(candidates, ({ definition }) => definition).values()) {
    passed.push(...(await whereTrue(client, ofOne, options)));
  }
  failpoint("relay:after-conditions");
  if (passed.length === 0) return;
  await client.query("select enginejs.workflow_start_runs($1, $2, $3)", [
    passed.map(({ event }) => event),
    passed.map(({ segment }) => segment),
    passed.map(({ definition }) => definition),
  ]);
}

/**
 * Those that the condition of their definition lets pass. Where it cannot be evaluated for all at once, each event is
 * tried alone, and those that fail are put back: one event that nobody can evaluate stops no other.
 */
async function whereTrue(
  client: pg.Client,
  candidates: readonly Candidate[],
  options: RelayOptions,
): Promise<readonly Candidate[]> {
  const [first] = candidates;
  if (first === undefined) return [];
  try {
    await client.query("savepoint condition");
    const { workflow } = await options.definitions.get(first.definition);
    const text = conditionStatement(options.build(), workflow);
    // With the rights of the platform, which passes every policy: the relay's own login can read no table of the model.
    await client.query("set local role enginejs_system");
    const { rows } = await client.query<{ event: string }>(text, [
      candidates.map(({ event }) => event),
      [...new Set(candidates.map(({ segment }) => segment))],
    ]);
    await client.query("reset role");
    await client.query("release savepoint condition");
    const events = new Set(rows.map(({ event }) => Number(event)));
    return candidates.filter(({ event }) => events.has(event));
  } catch (error) {
    // Sets the role back as well. Fails where the connection is lost: then the whole batch does.
    await client.query("rollback to savepoint condition");
    if (candidates.length > 1) {
      const passed: Candidate[] = [];
      for (const candidate of candidates) passed.push(...(await whereTrue(client, [candidate], options)));
      return passed;
    }
    const message = (error as Error).message.slice(0, 2000);
    options.log.warn(`the condition of ${first.workflow} cannot be evaluated: ${message}`, { event: first.event });
    await client.query("select enginejs.workflow_defer_event($1, $2, $3, $4, $5, $6)", [
      first.event,
      first.segment,
      first.workflow,
      first.attempts + 1,
      MOST_ATTEMPTS,
      message,
    ]);
    return [];
  }
}
