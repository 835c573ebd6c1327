/** Brings a plan into a database: whole, or not at all. */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { type CompiledSystem, compile, plan as makePlan, type Plan, type PlanStep } from "../dsl-to-sql/index.ts";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { modelHash, type System } from "../model/index.ts";
import type { AccessImpact } from "./access-impact/impact.ts";
import { applyInChunks, lockLimit, locksOf } from "./apply-chunks.ts";
import { buildFailure, isLockTimeout, tablesInUse } from "./build-failure.ts";
import { withBuildLock } from "./build-lock.ts";
import {
  catalogState,
  engineVersion,
  readBothFacts,
  readBuild,
  readForeign,
  recordBuild,
  type StoredBuild,
} from "./build-record.ts";
import { readBuiltFacts, readFacts } from "./catalog-facts.ts";
import { databaseError } from "./database-error.ts";
import { findDrift, remainingDrift } from "./find-drift.ts";
import { type ForeignObject, foreignWarnings } from "./foreign-objects.ts";
import { isSchemaThere } from "./require-free-names.ts";
import { runSteps, StepError, transaction } from "./run-steps.ts";

export { readBuild, type StoredBuild } from "./build-record.ts";

export interface BuildPlan extends Plan {
  /** So many of the first steps put back what was changed by hand; after them the catalogue must say what was built. */
  readonly repairs?: number;
  /** Who gains and who loses by it, for the record. */
  readonly access?: AccessImpact;
}

export interface PlannedBuild {
  readonly plan: BuildPlan;
  /** What the database holds; null for nothing. */
  readonly stored: StoredBuild | null;
  /** True where somebody changed the database by hand since its last build: the plan then puts back what it can. */
  readonly drifted: boolean;
  /** Objects that were dropped by hand, and are put back. `policy app.invoice.tenancy` */
  readonly missing: readonly string[];
  /** Objects that were changed by hand, and are put back. */
  readonly changed: readonly string[];
  /** Objects in the model's schema that no model knows; they are left alone. */
  readonly unknown: readonly string[];
  /** What of them may open what the model closes, and what the build ends that is under way. */
  readonly warnings: readonly Diagnostic[];
}

/**
 * Compares a compiled system with what a database holds.
 *
 * @example const { plan } = await planBuild(client, compile(system, sourceMap));
 */
export async function planBuild(client: pg.ClientBase, next: CompiledSystem): Promise<PlannedBuild> {
  const stored = await readBuild(client);
  const sound = { stored, drifted: false, missing: [], changed: [], ...namesOf(stored?.foreign ?? []) };
  if (stored === null) return { plan: makePlan(null, next), ...sound };
  const { fingerprint, format } = await catalogState(client, stored.system.schema);
  // After an upgrade of the engine or of the server the catalogue is read otherwise: nothing can be compared, all is written anew.
  const comparable = format === stored.factsFormat;
  const renewed = !comparable || stored.engineVersion !== engineVersion;
  const drifted = comparable && fingerprint !== stored.fingerprint;
  if (!drifted && !renewed && stored.irHash === (await modelHash(next.system))) return { plan: NOTHING, ...sound };
  const previous = compile(stored.system, stored.sourceMap);
  const planned = makePlan(previous, next, { refresh: renewed });
  if (!drifted) return { plan: planned, ...sound };
  const { built, now } = await readBothFacts(client, stored.system.schema);
  const drift = findDrift(built, now, previous);
  const { missing, changed } = drift;
  const refusals = [...drift.refusals, ...planned.refusals];
  // Somebody's own objects alone are no reason to touch the model's.
  const touched = missing.length + changed.length > 0;
  const refresh = touched && !renewed ? makePlan(previous, previous, { refresh: true }).steps : [];
  const repairs = [...drift.repairs, ...refresh];
  const plan: BuildPlan = {
    ...planned,
    empty: false,
    steps: refusals.length > 0 ? [] : [...repairs, ...planned.steps],
    refusals,
    // What another version of the engine writes is not what was built.
    ...(!renewed && { repairs: repairs.length }),
  };
  return { plan, stored, drifted, missing, changed, ...namesOf(drift.foreign) };
}

const NOTHING: Plan = { initial: false, empty: true, changes: [], steps: [], refusals: [] };

const namesOf = (foreign: readonly ForeignObject[]) => ({
  unknown: foreign.map(({ object }) => object),
  warnings: foreignWarnings(foreign),
});

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
export async function applyPlan(client: pg.ClientBase, plan: BuildPlan, options: ApplyOptions): Promise<void> {
  if (plan.refusals.length > 0) throw new EngineError(plan.refusals);
  if (plan.empty) return;
  const until = Date.now() + (options.lockTimeout ?? 60_000);
  await withBuildLock(client, until, async () => {
    await requireUnchanged(client, options.stored);
    const { compiled } = options;
    const foreign = await readForeign(client, compiled.system.schema, plan.repairs !== undefined);
    const record = (): Promise<void> => recordBuild(client, compiled, plan, foreign);
    const steps = await withoutExistingSchema(client, plan.steps);
    const maxLocks = options.maxLocks ?? (await lockLimit(client));
    if (plan.initial && locksOf(steps) > maxLocks) {
      const { schema } = options.system;
      await applyInChunks(client, steps, { schema, maxLocks, record, ...progressOf(options) });
    } else {
      await applyAtOnce(client, { ...plan, steps }, record, options, until);
    }
  });
}

async function applyAtOnce(
  client: pg.ClientBase,
  { steps, repairs = 0 }: BuildPlan,
  record: () => Promise<void>,
  options: ApplyOptions,
  until: number,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await transaction(client, async () => {
        await client.query("set local lock_timeout = '3s'");
        // Many at a time; after a failure one by one, to tell which it was.
        const together = attempt === 0 ? 100 : 1;
        await runSteps(client, steps.slice(0, repairs), { together, ...progressOf(options) });
        if (repairs > 0) await requirePutBack(client, options.compiled.system.schema);
        await runSteps(client, steps.slice(repairs), { together, ...progressOf(options) });
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

/** Inside the build's transaction: whatever is still not as it was built ends it. */
async function requirePutBack(client: pg.ClientBase, schema: string): Promise<void> {
  await client.query("set local role enginejs_owner");
  const remaining = remainingDrift(await readBuiltFacts(client), await readFacts(client, schema));
  await client.query("reset role");
  if (remaining.length > 0) throw new EngineError(remaining);
}

const progressOf = ({ onProgress }: ApplyOptions) => (onProgress === undefined ? {} : { onProgress });

async function requireUnchanged(client: pg.ClientBase, stored: StoredBuild | null | undefined): Promise<void> {
  if (stored === undefined) return;
  const now = await readBuild(client);
  if (now?.id === stored?.id) return;
  throw databaseError("EJS4031", "Another build of this database came between the plan and its application.");
}

async function withoutExistingSchema(client: pg.ClientBase, steps: readonly PlanStep[]): Promise<readonly PlanStep[]> {
  const schema = steps.find((step) => step.kind === "schema");
  if (schema === undefined || !(await isSchemaThere(client, schema.object.slice("schema ".length)))) return steps;
  return steps.filter((step) => step !== schema);
}
