/** Functions of the core that answer with JSON, as steps of a plan; called as the request's actor. */
import { loadManyWithPgClient, loadOneWithPgClient, sideEffectWithPgClient } from "postgraphile/@dataplan/pg";
import type { FieldArgs, Step } from "postgraphile/grafast";

type Executor = Parameters<typeof sideEffectWithPgClient>[0];

/** Whom the functions are called by: the one database of the schema. */
export function executorOf(build: GraphileBuild.Build): Executor {
  const [executor] = Object.values(build.input.pgRegistry.pgExecutors);
  if (executor === undefined) throw new TypeError("the schema has no database");
  return executor as Executor;
}

/** `select enginejs.list_runs($1, …)`: a row of JSON for each of what it returns. */
export function coreList(executor: Executor, text: string, args: FieldArgs, names: readonly string[]): Step {
  return loadManyWithPgClient(executor, valuesOf(args, names), (client, lookups) =>
    Promise.all(
      lookups.map(async (values) => {
        const { rows } = await client.query<{ answer: string }>({ text, values: given(values), name: text });
        return rows.map(({ answer }) => JSON.parse(answer) as object);
      }),
    ),
  );
}

/** The same for one answer; null where there is none. */
export function coreOne(executor: Executor, text: string, $values: readonly Step[]): Step {
  return loadOneWithPgClient(executor, [...$values] as [Step], (client, lookups) =>
    Promise.all(
      lookups.map(async (values) => {
        const { rows } = await client.query<{ answer: string | null }>({ text, values: given(values), name: text });
        const [row] = rows;
        return row?.answer == null ? null : (JSON.parse(row.answer) as object);
      }),
    ),
  );
}

/** A function that changes something; once per field, in the order of the document. */
export function coreChange(executor: Executor, text: string, args: FieldArgs, names: readonly string[]): Step {
  return sideEffectWithPgClient(executor, valuesOf(args, names), async (client, values) => {
    const { rows } = await client.query<{ answer: string | null }>({ text, values: given(values), name: text });
    const answer = rows[0]?.answer;
    return answer == null ? null : (JSON.parse(answer) as unknown);
  });
}

/** A tuple of steps is one step to those who look it up. */
const valuesOf = (args: FieldArgs, names: readonly string[]) => names.map((name) => args.getRaw(name)) as [Step];

/** Parameters are texts: lists and input objects leave as JSON. */
const given = (values: unknown): unknown[] =>
  (values as readonly unknown[]).map((value) =>
    typeof value === "object" && value !== null ? JSON.stringify(value) : (value ?? null),
  );
