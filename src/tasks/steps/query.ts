import type pg from "pg";
import { stepStatement } from "../../dsl-to-sql/workflow/step-statement.ts";
import { nearest } from "../../errors/nearest.ts";
import { workflowError } from "../../errors/workflow-error.ts";
import type { NodeOf } from "../../model/index.ts";
import { inTransaction } from "../database-step.ts";
import { queryTypes } from "../query-types.ts";
import type { Step, StepContext } from "../run.ts";
import { stepValues } from "../step-values.ts";

/** More rows than these are refused: they would be kept as a checkpoint. */
const MOST_ROWS = 10_000;

/**
 * Runs a statement of the project's by its name, with the rights of the run's actor.
 *
 * @throws EJS6005 where the newest build has no such statement, EJS6006 where a policy or a grant says no
 */
export function queryStep(context: StepContext, step: Step, node: NodeOf<"db.query">): Promise<unknown> {
  const { build, definition } = step.run;
  const queries = build.system.queries ?? [];
  const query = queries.find(({ name }) => name === node.query);
  const what = `Workflow ${definition.workflow.name}, step ${step.path}`;
  if (query === undefined) {
    const near = nearest(
      node.query,
      queries.map(({ name }) => name),
    );
    const meant = near === undefined ? "" : ` Did you mean "${near}"?`;
    throw workflowError("EJS6005", `${what}: the model has no query "${node.query}" any more.${meant}`);
  }
  const text = stepStatement(build, definition.workflow, { id: node.id, kind: "values", values: node.parameters });
  return inTransaction(context, step, `run the query ${node.query}`, async (client) => {
    const { rows: given } = await client.query<{ value: Record<string, unknown> }>(text, stepValues(step, text));
    const values = query.parameters.map((name) => given[0]?.value[name] ?? null);
    const types = values.some(Array.isArray) ? await parameterTypes(client, query.sql) : [];
    const parameters = values.map((value, i) => parameterOf(value, types[i]));
    // One statement and no more, also where there are no parameters.
    const statement: pg.QueryConfig & { queryMode: "extended" } = {
      text: query.sql,
      values: parameters,
      types: queryTypes,
      queryMode: "extended",
    };
    const { rows, rowCount } = await client.query<Record<string, unknown>>(statement);
    if (rows.length > MOST_ROWS) throw workflowError("EJS6005", `${what}: more than ${MOST_ROWS} rows.`);
    return { rows, count: rowCount ?? rows.length };
  });
}

/** As node-postgres takes it: JSON as its text, a list as an array where the parameter is one. */
const parameterOf = (value: unknown, type: string | undefined): unknown =>
  typeof value === "object" && value !== null && (!Array.isArray(value) || type === "json" || type === "jsonb")
    ? JSON.stringify(value)
    : value;

/** The types that PostgreSQL gives the parameters of a statement. A list may be an array (`any(:ids::uuid[])`) or JSON. */
async function parameterTypes(client: pg.ClientBase, sql: string): Promise<readonly string[]> {
  const prepare: pg.QueryConfig & { queryMode: "extended" } = {
    text: `prepare enginejs_parameters as ${sql}`,
    queryMode: "extended",
  };
  await client.query(prepare);
  const { rows } = await client.query<{ types: string[] }>(
    "select parameter_types::text[] as types from pg_prepared_statements where name = 'enginejs_parameters'",
  );
  await client.query("deallocate enginejs_parameters");
  return rows[0]?.types ?? [];
}
