/** One batch of moments that rows name: taken, compared with the rows as they are now, and followed by events, in one transaction. */
import type pg from "pg";
import type { Log } from "../dsl/task.ts";
import { entityOf, tableOf } from "../dsl-to-sql/workflow/entity-table.ts";
import { workflowError } from "../errors/workflow-error.ts";
import { check, toCondition } from "../expression/index.ts";
import type { Entity, Workflow } from "../model/index.ts";
import { printExpression, printName } from "../sql-ast/print-expression.ts";
import { quoteIdentifier } from "../sql-ast/quote.ts";
import type { Build } from "./build.ts";
import type { Definitions } from "./definitions.ts";
import { failpoint } from "./failpoint.ts";

export interface MomentOptions {
  readonly definitions: Definitions;
  readonly build: () => Build;
  readonly log: Log;
  /** The id under which this process is registered now. */
  readonly worker?: () => number;
}

interface Moment {
  readonly workflow: string;
  readonly definition_id: number;
  readonly tenant_id: string | null;
  readonly record_id: string;
  /** Text, so that no microsecond is lost. */
  readonly moment: string;
  readonly attempts: number;
}

/** One that its row still names, with that row as JSON. */
interface Due extends Moment {
  readonly row: string;
}

/** Moments of one workflow per transaction. */
const BATCH = 200;

/**
 * Starts the workflows of a batch of moments that have come. A row that is gone, was moved meanwhile, or does not match
 * the condition starts none.
 *
 * @param now in place of the database's clock, for tests
 * @returns whether there may be more
 */
export async function startAtMoments(client: pg.ClientBase, options: MomentOptions, now?: string): Promise<boolean> {
  await client.query("begin");
  // Where this process stands still from here on, whoever reaps it ends the transaction (workflow_reap).
  if (options.worker !== undefined) {
    await client.query("select pg_advisory_xact_lock_shared(7714009, $1)", [options.worker()]);
  }
  const { rows: moments } = await client.query<Moment>(
    "select workflow, definition_id, tenant_id, record_id, moment::text, attempts from enginejs.workflow_take_moments($1, coalesce($2, clock_timestamp()))",
    [BATCH, now ?? null],
  );
  failpoint("moments:after-take");
  for (const ofOne of Map.groupBy(moments, ({ definition_id }) => definition_id).values()) {
    await start(client, await stillTrue(client, ofOne, options));
  }
  failpoint("moments:before-commit");
  await client.query("commit");
  failpoint("moments:after-commit");
  return moments.length >= BATCH;
}

async function start(client: pg.ClientBase, moments: readonly Due[]): Promise<void> {
  if (moments.length === 0) return;
  await client.query("select enginejs.workflow_start_moments($1, $2, $3, $4, $5::jsonb[])", [
    moments.map(({ workflow }) => workflow),
    ...columns(moments),
    moments.map(({ row }) => row),
  ]);
}

const columns = (moments: readonly Moment[]) => [
  moments.map(({ tenant_id }) => tenant_id),
  moments.map(({ record_id }) => record_id),
  moments.map(({ moment }) => moment),
];

/**
 * Those whose rows still say so. Where the condition cannot be evaluated for all at once, each row is tried alone, and those
 * that fail are put back: one row that nobody can evaluate stops no other.
 */
async function stillTrue(
  client: pg.ClientBase,
  moments: readonly Moment[],
  options: MomentOptions,
): Promise<readonly Due[]> {
  const [first] = moments;
  if (first === undefined) return [];
  await client.query("savepoint moments");
  try {
    const { workflow } = await options.definitions.get(first.definition_id);
    const text = momentStatement(options.build(), workflow);
    // With the rights of the platform, which passes every policy: the worker's own login can read no table of the model.
    await client.query("set local role enginejs_system");
    const { rows } = await client.query<{ place: string; row: string }>(text, columns(moments));
    await client.query("reset role");
    await client.query("release savepoint moments");
    return rows.flatMap(({ place, row }) =>
      moments.slice(Number(place) - 1, Number(place)).map((due) => ({ ...due, row })),
    );
  } catch (error) {
    // Sets the role back as well. Fails where the connection is lost: then the whole batch does.
    await client.query("rollback to savepoint moments");
    if (moments.length > 1) {
      const passed: Due[] = [];
      for (const moment of moments) passed.push(...(await stillTrue(client, [moment], options)));
      return passed;
    }
    const { workflow, record_id, moment, attempts, tenant_id } = first;
    const message = (error as Error).message.slice(0, 2000);
    options.log.warn(`${workflow} cannot be started at its moment: ${message}`, { record: record_id });
    await client.query("select enginejs.workflow_defer_moment($1, $2, $3, $4, $5, $6)", [
      workflow,
      tenant_id,
      record_id,
      moment,
      attempts + 1,
      message,
    ]);
    return [];
  }
}

/** Of the moments of tenants $1, records $2 and times $3: the places of those that the row still names and the condition lets pass. */
function momentStatement(build: Build, workflow: Workflow): string {
  const { trigger } = workflow;
  if (trigger.kind !== "datetime") throw new TypeError(`${workflow.name}: no trigger of moments`);
  const entity = entityOf(build, workflow, trigger.entity);
  const tenant = entity.primaryKey.columns.includes("tenant_id") ? ' and "row"."tenant_id" = "moment"."tenant_id"' : "";
  return [
    `select "moment"."place", to_jsonb("row")::text as "row" from unnest($1::uuid[], $2::uuid[], $3::timestamptz[])`,
    `with ordinality as "moment" ("tenant_id", "record_id", "at", "place")`,
    `join ${printName(tableOf(build, entity))} as "row" on "row"."id" = "moment"."record_id"${tenant}`,
    `where ${time(entity, workflow, trigger.field)} + ${trigger.offsetMs} * interval '1 ms' = "moment"."at"`,
    `and ${condition(build, entity, workflow, trigger.condition)}`,
  ].join("\n");
}

/** A date is its midnight in UTC, as the triggers have it. */
function time(entity: Entity, workflow: Workflow, name: string): string {
  const field = entity.fields.find((candidate) => candidate.name === name);
  if (field?.storage.kind !== "column" && field?.storage.kind !== "generated") {
    throw workflowError("EJS6005", `Workflow ${workflow.name}: ${entity.name} stores no field ${name} any more.`);
  }
  const column = `"row".${quoteIdentifier(field.storage.column)}`;
  return field.type.kind === "scalar" && field.type.scalar === "date"
    ? `(${column}::timestamp at time zone 'UTC')`
    : column;
}

function condition(build: Build, entity: Entity, workflow: Workflow, text: string | undefined): string {
  if (text === undefined) return "true";
  const row = { kind: "row", entity: entity.name, nullable: false, alias: "row" } as const;
  const result = check(text, { catalog: build.catalog, variables: { row } }, { kind: "bool" });
  if (!result.ok) {
    const findings = result.errors.map((error) => error.message).join("; ");
    throw workflowError("EJS6005", `Workflow ${workflow.name}, condition: ${findings} (${text}).`);
  }
  return `(${printExpression(toCondition(result.core, true, { reserved: ["moment", "row"] }))})`;
}
