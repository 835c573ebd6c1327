import { readBuild as readStoredBuild } from "../database/apply.ts";
import { connect } from "../database/connection.ts";
import type { System } from "../model/index.ts";
import { projectError } from "../project/project-error.ts";

/**
 * The model that a database holds.
 *
 * @throws EJS1034 where nothing was built into it
 */
export async function readBuild(url: string): Promise<System> {
  const found = await readBuildOrNothing(url);
  if (found === undefined) throw projectError("EJS1034", "Nothing was built into this database yet.");
  return found;
}

/** The model that a database holds, or undefined where nothing was built into it. */
export async function readBuildOrNothing(url: string): Promise<System | undefined> {
  const client = await connect(url);
  try {
    return (await readStoredBuild(client))?.system;
  } finally {
    await client.end();
  }
}
