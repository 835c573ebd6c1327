/** Brings a plan into a database: whole, or not at all. */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { type CompiledSystem, compile, plan as makePlan, type Plan, type PlanStep } from "../dsl-to-sql/index.ts";
import { EngineError } from "../errors/engine-error.ts";
import { modelHash, type System } from "../model/index.ts";
import { applyInChunks, lockLimit, locksOf } from "./apply-chunks.ts";
import { buildFailure, isLockTimeout, tablesInUse } from "./build-failure.ts";
import { catalogFingerprint, engineVersion, readBuild, recordBuild, type StoredBuild } from "./build-record.ts";
import { databaseError } from "./database-error.ts";
import { findDrift } from "./find-drift.ts";
import { runSteps, StepError, transaction } from "./run-steps.ts";

export { readBuild, type StoredBuild } from "./build-record.ts";

export interface PlannedBuild {
  readonly plan: Plan;
  /** What the database holds; null for nothing. */
  readonly stored: StoredBuild | null;
  /** True where somebody changed the database by hand since its last build: the plan then puts everything in place again. */
  readonly drifted: boolean;
  /** Objects that were dropped by hand, and are put back where that can be. `policy app.invoice.tenancy` */
  readonly missing: readonly string[];
  /** Objects in the model's schema that no model knows; they are left alone. */
  readonly unknown: readonly string[];
}

/**
 * Compares a compiled system with what a database holds.
 *
 * @example const { plan } = await planBuild(client, compile(system, sourceMap));
 */
export async function planBuild(client: pg.ClientBase, next: CompiledSystem): Promise<PlannedBuild> {
  const stored = await readBuild(client);
  const none = { missing: [], unknown: [] };
  if (stored === null) return { plan: makePlan(null, next), stored, drifted: false, ...none };
  const drifted = (await catalogFingerprint(client, stored.system.schema)) !== stored.fingerprint;
  const refresh = drifted || stored.engineVersion !== engineVersion;
  if (!refresh && stored.irHash === (await modelHash(next.system))) return { plan: NOTHING, stored, drifted, ...none };
  const previous = compile(stored.system, stored.sourceMap);
  const planned = makePlan(previous, next, { refresh });
  if (!drifted) return { plan: planned, stored, drifted, ...none };
  const { missing, unknown, repairs, refusals } = await findDrift(client, previous);
  const refused = [...refusals, ...planned.refusals];
  const steps = refused.length > 0 ? [] : [...repairs, ...planned.steps];
  return { plan: { ...planned, steps, refusals: refused }, stored, drifted, missing, unknown };
}

const NOTHING: Plan = { initial: false, empty: true, changes: [], steps: [], refusals: [] };

export interface ApplyOptions {
  readonly system: System;
  readonly compiled: CompiledSystem;
  /** The build that the plan starts from, as `planBuild` read it: another build that came between is told. Unchecked where absent. */
  readonly stored?: StoredBuild | null;
  readonly onProgress?: (done: number, total: number, step: PlanStep) => void;
  /** How long to wait for another build, and for tables that are in use, in milliseconds. */
  readonly lockTimeout?: number;
  /** How many locks one transaction may take; half of what the server's lock table holds unless given. */
  readonly maxLocks?: number;
}

/**
 * Applies a plan in one transaction and records the build. A plan that is too large for the server's lock table runs in several;
 * then a failure drops again what the earlier ones have made.
 *
 * @throws EngineError EJS3010 … for a plan with refusals, EJS4030 where a statement fails, EJS4031 where another build came between,
 *   EJS4032 where tables stay in use
 */
export async function applyPlan(client: pg.ClientBase, plan: Plan, options: ApplyOptions): Promise<void> {
  if (plan.refusals.length > 0) throw new EngineError(plan.refusals);
  if (plan.empty) return;
  const until = Date.now() + (options.lockTimeout ?? 60_000);
  await lockBuilds(client, until);
  try {
    await requireUnchanged(client, options.stored);
    const record = (): Promise<void> => recordBuild(client, options.system, options.compiled.places, plan);
    const steps = await withoutExistingSchema(client, plan.steps);
    const maxLocks = options.maxLocks ?? (await lockLimit(client));
    if (plan.initial && locksOf(steps) > maxLocks) {
      const { schema } = options.system;
      await applyInChunks(client, steps, { schema, maxLocks, record, ...progressOf(options) });
    } else {
      await applyAtOnce(client, steps, record, options, until);
    }
  } finally {
    await client.query("select pg_advisory_unlock($1, $2)", BUILD_LOCK).catch(() => undefined);
  }
}

async function applyAtOnce(
  client: pg.ClientBase,
  steps: readonly PlanStep[],
  record: () => Promise<void>,
  options: ApplyOptions,
  until: number,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await transaction(client, async () => {
        await client.query("set local lock_timeout = '3s'");
        // Many at a time; after a failure one by one, to tell which it was.
        await runSteps(client, steps, { together: attempt === 0 ? 100 : 1, ...progressOf(options) });
        await record();
      });
      return;
    } catch (error) {
      if (isLockTimeout(error)) {
        if (Date.now() > until) throw tablesInUse(error);
        await delay(100 + Math.random() * 900);
      } else if (!(error instanceof StepError && error.step === undefined)) {
        throw buildFailure(error);
      }
    }
  }
}

const progressOf = ({ onProgress }: ApplyOptions) => (onProgress === undefined ? {} : { onProgress });

/** Any two numbers that nobody else uses: "enginejs", "build". */
const BUILD_LOCK = [0x656a73, 0x6275696c];

/** Polls: a deployer that waited in a blocking call would deadlock with `create index concurrently` of another. */
async function lockBuilds(client: pg.ClientBase, until: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ locked: boolean }>(
      "select pg_try_advisory_lock($1, $2) as locked",
      BUILD_LOCK,
    );
    if (rows[0]?.locked) return;
    if (Date.now() > until) throw databaseError("EJS4031", "Another build of this database is running.");
    await delay(100);
  }
}

async function requireUnchanged(client: pg.ClientBase, stored: StoredBuild | null | undefined): Promise<void> {
  if (stored === undefined) return;
  const now = await readBuild(client);
  if (now?.id === stored?.id) return;
  throw databaseError("EJS4031", "Another build of this database came between the plan and its application.");
}

/** `create schema if not exists` would ask for CREATE on the database even where the schema is there. */
async function withoutExistingSchema(client: pg.ClientBase, steps: readonly PlanStep[]): Promise<readonly PlanStep[]> {
  const schema = steps.find((step) => step.kind === "schema");
  if (schema === undefined) return steps;
  const name = schema.object.slice("schema ".length);
  const { rows } = await client.query<{ owner: string }>(
    "select pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = $1",
    [name],
  );
  const [found] = rows;
  if (found === undefined) return steps;
  if (found.owner !== "enginejs_owner") {
    throw databaseError("EJS4030", `The schema "${name}" is there already and belongs to "${found.owner}".`, {
      hint: `Run: alter schema "${name}" owner to enginejs_owner. Or choose another schema in the config.`,
    });
  }
  return steps.filter((step) => step !== schema);
}
