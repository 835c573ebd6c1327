import type pg from "pg";
import { didYouMean } from "../errors/suggestion.ts";
import { projectError } from "../project/project-error.ts";

/**
 * Checks that a workflow of this name was ever built into the database.
 *
 * @throws EJS1055
 */
export async function requireWorkflow(client: pg.Client, name: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "select distinct name from enginejs.workflow_definitions order by name",
  );
  const names = rows.map((row) => row.name);
  if (names.includes(name)) return;
  const known = names.length === 0 ? "The database holds no workflows." : `Workflows: ${names.join(", ")}.`;
  throw projectError("EJS1055", `No workflow is called "${name}".`, {
    hint: didYouMean(name, names) + known,
  });
}
