/**
 * The whole build of a database, under one lock, so that of two at once the second one plans against what the first one left:
 *
 *     rights ─▶ what stands in the way ─▶ core migrations ─▶ plan ─▶ apply
 *
 * What fails leaves the database as it was, also where this very build brought the core.
 */
import type pg from "pg";
import type { CompiledSystem, PlanStep } from "../dsl-to-sql/index.ts";
import { EngineError } from "../errors/engine-error.ts";
import { applyPlan, type PlannedBuild, planBuild } from "./apply.ts";
import { withBuildLock } from "./build-lock.ts";
import { hasBuild } from "./build-record.ts";
import { connect } from "./connection.ts";
import { hasCore, removeCore } from "./core-presence.ts";
import { migrate } from "./migrate.ts";
import { requireFreeNames } from "./require-free-names.ts";
import { requireBuildRights, requireWritable } from "./require-server.ts";

export interface BuildDatabaseOptions {
  readonly compiled: CompiledSystem;
  /** Only look: nothing is applied, also no migration of the core. */
  readonly dryRun?: boolean;
  /** How long to wait for another build, and for tables that are in use, in milliseconds; a minute unless given. */
  readonly lockTimeout?: number;
  readonly onProgress?: (doing: string) => void;
}

export interface BuiltDatabase {
  readonly planned: PlannedBuild;
  /** The database was changed. */
  readonly applied: boolean;
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
      return { planned: await planChecked(client, options), applied: false };
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
    if (planned.plan.empty) return { planned, applied: false };
    await applyPlan(client, planned.plan, {
      system: compiled.system,
      compiled,
      stored: planned.stored,
      onProgress: (done: number, total: number, step: PlanStep) =>
        onProgress?.(`applying ${done} of ${total}: ${step.object}`),
      ...(lockTimeout === undefined ? {} : { lockTimeout }),
    });
    return { planned, applied: true };
  } catch (error) {
    throw bringsCore ? await removeCore(client, error) : error;
  }
}

async function planChecked(
  client: pg.ClientBase,
  { compiled, onProgress }: BuildDatabaseOptions,
): Promise<PlannedBuild> {
  onProgress?.("comparing with the database");
  if (!(await hasBuild(client))) await requireFreeNames(client, compiled);
  const planned = await planBuild(client, compiled);
  if (planned.plan.refusals.length > 0) throw new EngineError(planned.plan.refusals);
  return planned;
}
