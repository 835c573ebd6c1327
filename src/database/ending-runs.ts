/** What a build that takes workflows away does to work that is under way. */
import type pg from "pg";
import { renamedWorkflows } from "../dsl-to-sql/index.ts";
import { databaseErrors } from "../errors/database-errors.ts";
import type { Diagnostic } from "../errors/diagnostic.ts";
import type { Workflow } from "../model/index.ts";
import { coreText } from "./core-sql.ts";

interface Ending {
  readonly workflow: string;
  /** Not finished. */
  readonly runs: number;
  /** Events that a pause keeps. */
  readonly kept: number;
}

/** One warning (EJS4037) for each workflow that is gone and has runs which are not finished. As a role that may read them. */
export async function endingRuns(
  client: pg.ClientBase,
  before: readonly Workflow[],
  after: readonly Workflow[],
): Promise<readonly Diagnostic[]> {
  const names = new Set(after.map(({ name }) => name));
  const gone = before.map(({ name }) => name).filter((name) => !names.has(name));
  if (gone.length === 0) return [];
  const { rows } = await client.query<Ending>(coreText("queries/ending_runs.sql"), [gone]);
  const newNames = new Map([...renamedWorkflows(before, after)].map(([now, { name }]) => [name, now]));
  return rows.map((ending) => warning(ending, newNames.get(ending.workflow)));
}

function warning({ workflow, runs, kept }: Ending, newName: string | undefined): Diagnostic {
  const what = [
    ...(runs > 0 ? [`${counted(runs, "run")} not finished: each fails (EJS6010) when it would go on`] : []),
    ...(kept > 0 ? [`${counted(kept, "event")} kept by its pause: no run follows`] : []),
  ];
  const renamed = newName === undefined ? "" : ` Under its new name "${newName}" it is another workflow.`;
  return {
    code: "EJS4037",
    severity: "warning",
    message: `The workflow "${workflow}" is removed and has ${what.join(", and ")}.${renamed}`,
    hint: databaseErrors.EJS4037.hint,
  };
}

const counted = (n: number, noun: string): string => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
