/**
 * What a build means for whom, before it is applied: each operation whose rules changed, counted on the rows that are there.
 * Only where the database holds a build to compare with.
 */
import type pg from "pg";
import { type CompiledSystem, compareAccess } from "../../dsl-to-sql/index.ts";
import { type CountLimits, countAccess } from "./count-access.ts";
import type { AccessImpact } from "./impact.ts";
import { summarizeImpact } from "./summarize-impact.ts";

const LIMITS: CountLimits = {
  rows: 100_000,
  maxActors: 100,
  perRole: 3,
  statementTimeout: 20_000,
  budget: 60_000,
};

export interface AccessImpactOptions {
  readonly limits?: Partial<CountLimits>;
  readonly onProgress?: ((doing: string) => void) | undefined;
}

/**
 * Counts as the owner of a build, in a transaction that is rolled back; not inside one of the caller's.
 *
 * @param previous the build that the database holds, compiled anew
 * @returns no changes where nobody can gain or lose anything, as far as the texts of the rules prove it
 * @throws nothing for what cannot be counted: then the change says so, and what it may widen by its text
 * @example (await accessImpact(client, compile(stored.system), compiled)).changes[0]?.roles
 */
export async function accessImpact(
  client: pg.ClientBase,
  previous: CompiledSystem,
  next: CompiledSystem,
  { limits = {}, onProgress = () => undefined }: AccessImpactOptions = {},
): Promise<AccessImpact> {
  const comparison = compareAccess(previous, next);
  const { rights } = comparison;
  if (comparison.changes.length === 0) return { changes: [], rights };
  const counted = await countAccess(client, comparison, { ...LIMITS, ...limits }, onProgress);
  return { changes: summarizeImpact(counted), rights };
}
