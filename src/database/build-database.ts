/**
 * The whole build of a database, under one lock, so that of two at once the second one plans against what the first one left:
 *
 *     rights ─▶ what stands in the way ─▶ core migrations ─▶ plan ─▶ who gains access ─▶ apply
 *
 * What fails leaves the database as it was, also where this very build brought the core.
 */
import type pg from "pg";
import { type CompiledSystem, compile, type PlanStep } from "../dsl-to-sql/index.ts";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { accessImpact } from "./access-impact/access-impact.ts";
import type { AccessImpact } from "./access-impact/impact.ts";
import { missingConsents } from "./access-impact/missing-consents.ts";
import { applyPlan, type PlannedBuild, planBuild } from "./apply.ts";
import { withBuildLock } from "./build-lock.ts";
import { asOwner, hasBuild } from "./build-record.ts";
import { connect } from "./connection.ts";
import { hasCore, removeCore } from "./core-presence.ts";
import { endingRuns } from "./ending-runs.ts";
import { migrate } from "./migrate.ts";
import { requireFreeNames } from "./require-free-names.ts";
import { requireBuildRights, requireWritable } from "./require-server.ts";

export interface BuildDatabaseOptions {
  readonly compiled: CompiledSystem;
  /** Only look: nothing is applied, also no migration of the core. */
  readonly dryRun?: boolean;
  /**
   * What widens access without a consent in the model is told, or ends the build before anything is applied. Where this is
   * absent nobody looks.
   */
  readonly consents?: "tell" | "require";
  /** How long to count who gains and who loses, in milliseconds; a minute unless given. */
  readonly countingBudget?: number | undefined;
  /** How long to wait for another build, and for tables that are in use, in milliseconds; a minute unless given. */
  readonly lockTimeout?: number;
  readonly onProgress?: (doing: string) => void;
}

export interface BuiltDatabase {
  readonly planned: PlannedBuild;
  /** The database was changed. */
  readonly applied: boolean;
  /** Who gains and who loses; absent where nobody looked. */
  readonly access?: AccessImpact;
  /** What has no consent: errors where they are required, and then nothing was applied; warnings elsewhere. */
  readonly unconsented: readonly Diagnostic[];
}

/**
 * @example await buildDatabase(url, { compiled: compile(system, sourceMap) });
 * @throws EngineError with every refused change, or with what the database said; then nothing was applied
 */
export async function buildDatabase(url: string, options: BuildDatabaseOptions): Promise<BuiltDatabase> {
  const client = await connect(url, { applicationName: "enginejs build" });
  try {
    if (options.dryRun) {
      await requireBuildRights(client);
      const planned = await planChecked(client, options);
      return { planned, applied: false, ...(await lookAtAccess(client, planned, options)) };
    }
    await requireWritable(client);
    await requireBuildRights(client);
    const until = Date.now() + (options.lockTimeout ?? 60_000);
    return await withBuildLock(client, until, () => bringUp(client, url, options));
  } finally {
    await client.end();
  }
}

async function bringUp(client: pg.ClientBase, url: string, options: BuildDatabaseOptions): Promise<BuiltDatabase> {
  const { compiled, lockTimeout, onProgress } = options;
  const bringsCore = !(await hasCore(client));
  if (bringsCore) await requireFreeNames(client, compiled);
  try {
    onProgress?.("migrating the core");
    await migrate(url, lockTimeout === undefined ? {} : { lockTimeout });
    const planned = await planChecked(client, options);
    if (planned.plan.empty) return { planned, applied: false, unconsented: [] };
    const looked = await lookAtAccess(client, planned, options);
    if (looked.unconsented.some(({ severity }) => severity === "error")) return { planned, applied: false, ...looked };
    const { access } = looked;
    const noted = access !== undefined && access.changes.length + access.rights.length > 0;
    await applyPlan(client, noted ? { ...planned.plan, access } : planned.plan, {
      system: compiled.system,
      compiled,
      stored: planned.stored,
      onProgress: (done: number, total: number, step: PlanStep) =>
        onProgress?.(`applying ${done} of ${total}: ${step.object}`),
      ...(lockTimeout === undefined ? {} : { lockTimeout }),
    });
    return { planned, applied: true, ...looked };
  } catch (error) {
    throw bringsCore ? await removeCore(client, error) : error;
  }
}

async function lookAtAccess(
  client: pg.ClientBase,
  { plan, stored }: PlannedBuild,
  { compiled, consents, countingBudget: budget, onProgress }: BuildDatabaseOptions,
): Promise<Pick<BuiltDatabase, "access" | "unconsented">> {
  if (consents === undefined || stored === null || plan.empty) return { unconsented: [] };
  onProgress?.("comparing who may do what");
  const previous = compile(stored.system, stored.sourceMap);
  const limits = budget === undefined ? {} : { budget };
  const access = await accessImpact(client, previous, compiled, { limits, onProgress });
  return { access, unconsented: missingConsents(access, consents === "require" ? "error" : "warning") };
}

async function planChecked(
  client: pg.ClientBase,
  { compiled, onProgress }: BuildDatabaseOptions,
): Promise<PlannedBuild> {
  onProgress?.("comparing with the database");
  if (!(await hasBuild(client))) await requireFreeNames(client, compiled);
  const planned = await planBuild(client, compiled);
  const { plan, stored, warnings } = planned;
  if (plan.refusals.length > 0) throw new EngineError(plan.refusals);
  if (stored === null || plan.empty) return planned;
  const ending = await asOwner(client, () => endingRuns(client, stored.system.workflows, compiled.system.workflows));
  return { ...planned, warnings: [...warnings, ...ending] };
}
