/** Runs the statements of a plan, each as the role that it names. */
import type pg from "pg";
import type { PlanStep } from "../dsl-to-sql/index.ts";

/** A statement failed; `cause` is the database's error. */
export class StepError extends Error {
  /** Unknown where many were sent together. */
  readonly step: PlanStep | undefined;

  constructor(step: PlanStep | undefined, cause: unknown) {
    super(step === undefined ? "a statement failed" : `${step.object} failed`, { cause });
    this.name = "StepError";
    this.step = step;
  }
}

export interface RunOptions {
  /** How many statements of one role are sent at a time. */
  readonly together: number;
  readonly onProgress?: (done: number, total: number, step: PlanStep) => void;
}

/** Inside a transaction of the caller's. Ends as the role that the transaction began with. */
export async function runSteps(
  client: pg.ClientBase,
  steps: readonly PlanStep[],
  { together, onProgress }: RunOptions,
): Promise<void> {
  let done = 0;
  for (const batch of batches(steps, together)) {
    const [first] = batch;
    if (first === undefined) continue;
    // Roles of PostgreSQL's own list: no text of a model.
    const role = first.role === "login" ? "reset role" : `set local role ${first.role}`;
    try {
      await client.query([`${role};`, ...batch.map((step) => step.sql)].join("\n"));
    } catch (error) {
      throw new StepError(batch.length === 1 ? first : undefined, error);
    }
    done += batch.length;
    onProgress?.(done, steps.length, batch.at(-1) ?? first);
  }
  await client.query("reset role");
}

/** Runs of statements that one role runs, cut to size. */
export function* batches(steps: readonly PlanStep[], size: number): Generator<readonly PlanStep[]> {
  let batch: PlanStep[] = [];
  for (const step of steps) {
    if (batch.length === size || (batch[0] !== undefined && batch[0].role !== step.role)) {
      yield batch;
      batch = [];
    }
    batch.push(step);
  }
  if (batch.length > 0) yield batch;
}

/** Commits when `run` resolves, rolls back when it throws. */
export async function transaction(client: pg.ClientBase, run: () => Promise<void>): Promise<void> {
  await client.query("begin");
  try {
    await run();
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}
