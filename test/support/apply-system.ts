import type pg from "pg";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import type { System } from "../../src/model/index.ts";

/** Builds a model into a database that holds the core, as `enginejs dev` does. */
export async function applySystem(client: pg.Client, system: System): Promise<void> {
  const compiled = compile(system);
  const { plan, stored } = await planBuild(client, compiled);
  await applyPlan(client, plan, { system, compiled, stored });
}
