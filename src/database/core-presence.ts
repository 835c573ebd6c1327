/** Whether a database holds the core, and how a build that brought it and then failed takes it out again. */
import type pg from "pg";
import type { Diagnostic } from "../errors/diagnostic.ts";
import { EngineError } from "../errors/engine-error.ts";
import { coreText } from "./core-sql.ts";
import { databaseError } from "./database-error.ts";
import { transaction } from "./run-steps.ts";

/** Everything that `migrate` makes in a database lies in these. */
const coreSchemas = ["enginejs", "graphile_worker", "graphile_migrate"];

/** True where any of the core's schemas is there, whoever made it. */
export async function hasCore(client: pg.ClientBase): Promise<boolean> {
  const { rowCount } = await client.query("select from pg_namespace where nspname = any ($1)", [coreSchemas]);
  return rowCount !== 0;
}

/**
 * Takes out the core that a failed build brought, so that the database is as it was.
 *
 * @param failure why the build failed
 * @returns the error to throw: the failure, and a further finding where the core could not be removed
 */
export async function removeCore(client: pg.ClientBase, failure: unknown): Promise<unknown> {
  try {
    await transaction(client, async () => {
      await client.query(coreText("queries/drop_core.sql"));
    });
    return failure;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const left = databaseError("EJS4035", `The core that this build brought could not be removed: ${reason}.`);
    return new EngineError([...findingsOf(failure), ...left.diagnostics], { cause: failure });
  }
}

function findingsOf(failure: unknown): readonly Diagnostic[] {
  if (failure instanceof EngineError) return failure.diagnostics;
  return databaseError("EJS4030", `The build failed: ${failure instanceof Error ? failure.message : String(failure)}.`)
    .diagnostics;
}
