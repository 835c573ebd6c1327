/** The first act of a run that the platform, or a signal, has started: what people start is checked before it. */
import type pg from "pg";
import { workflowError } from "../errors/workflow-error.ts";
import type { Definition } from "./definitions.ts";
import type { ClaimedRun } from "./run.ts";

/** @throws EJS6016 with every finding where the run's input is not what its workflow declares */
export async function requireInput(pool: pg.Pool, { workflow }: Definition, claimed: ClaimedRun): Promise<void> {
  const { name, input, trigger } = workflow;
  if (input === undefined || claimed.origin?.checked === true) return;
  if (trigger.kind !== "manual" && trigger.kind !== "signal") return;
  if (Object.keys(claimed.results).length > 0) return;
  const { rows } = await pool.query<{ problems: string[] }>("select enginejs.schema_problems($1, $2) as problems", [
    JSON.stringify(input),
    JSON.stringify(claimed.event.input ?? null),
  ]);
  const [problems = []] = rows.map((row) => row.problems);
  if (problems.length === 0) return;
  throw workflowError("EJS6016", `The input of the workflow ${name} does not fit: ${problems.join("; ")}.`);
}
