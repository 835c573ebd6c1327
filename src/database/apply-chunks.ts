/**
 * A first build that takes more locks than the server's lock table holds: every
 * table and index that a transaction makes stays locked until it ends. It runs
 * in several transactions. A mark on the schema tells a later build that one
 * was cut off; whatever fails or is found half-made is dropped again.
 */
import type pg from "pg";
import type { PlanStep } from "../dsl-to-sql/index.ts";
import { quoteIdentifier, quoteLiteral } from "../sql-ast/quote.ts";
import { buildFailure } from "./build-failure.ts";
import { runSteps, transaction } from "./run-steps.ts";

const MARK = "enginejs: a build of this schema is under way";

/** A table with its TOAST table and that one's index, a primary key, a unique or two, some indexes: on average fewer than this. */
const LOCKS_PER_TABLE = 4;

/** Half of what the lock table holds: others work at the same time. */
export async function lockLimit(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ locks: number }>(
    `select current_setting('max_locks_per_transaction')::int
       * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) / 2 as locks`,
  );
  return rows[0]?.locks ?? 0;
}

/** How many locks a transaction of these steps takes, roughly and rather too many. */
export function locksOf(steps: readonly PlanStep[]): number {
  const tables = new Set(steps.map(tableOf).filter((table) => table !== undefined));
  return tables.size * LOCKS_PER_TABLE + steps.filter((step) => step.kind === "index").length;
}

/** `policy app.invoice.tenancy` → `app.invoice` */
function tableOf({ object, kind }: PlanStep): string | undefined {
  if (kind === "schema" || object.startsWith("function ") || object.startsWith("schema ")) return undefined;
  return object.split(" ", 2)[1]?.split(".").slice(0, 2).join(".");
}

export interface ChunkOptions {
  readonly schema: string;
  readonly maxLocks: number;
  /** Records the build, in the last transaction. */
  readonly record: () => Promise<void>;
  readonly onProgress?: (done: number, total: number, step: PlanStep) => void;
}

export async function applyInChunks(
  client: pg.ClientBase,
  steps: readonly PlanStep[],
  { schema, maxLocks, record, onProgress }: ChunkOptions,
): Promise<void> {
  // What the core has already is replaced last, together with the record.
  const ofCore = steps.filter((step) => step.object.includes(" enginejs."));
  const own = steps.filter((step) => !step.object.includes(" enginejs."));
  const undo = { schema, maxLocks, dropSchema: steps.some((step) => step.kind === "schema") };
  if (await isMarked(client, schema)) await dropAll(client, own, { ...undo, dropSchema: false });
  let done = 0;
  const progress = (at: number, _total: number, step: PlanStep): void => onProgress?.(done + at, steps.length, step);
  const options = { together: 100, ...(onProgress === undefined ? {} : { onProgress: progress }) };
  try {
    for (const chunk of chunksOf(own, maxLocks)) {
      await transaction(client, async () => {
        await runSteps(client, chunk, options);
        if (done === 0) await mark(client, schema, MARK);
      });
      done += chunk.length;
    }
    await transaction(client, async () => {
      await runSteps(client, ofCore, options);
      await mark(client, schema, null);
      await record();
    });
  } catch (error) {
    await dropAll(client, own, undo);
    throw buildFailure(error);
  }
}

function* chunksOf(steps: readonly PlanStep[], limit: number): Generator<readonly PlanStep[]> {
  let chunk: PlanStep[] = [];
  let locks = new Set<string>();
  let count = 0;
  for (const step of steps) {
    const table = tableOf(step);
    const more = (table === undefined || locks.has(table) ? 0 : LOCKS_PER_TABLE) + (step.kind === "index" ? 1 : 0);
    if (count + more > limit && chunk.length > 0) {
      yield chunk;
      chunk = [];
      locks = new Set();
      count = 0;
    }
    if (table !== undefined) locks.add(table);
    count += more;
    chunk.push(step);
  }
  if (chunk.length > 0) yield chunk;
}

async function mark(client: pg.ClientBase, schema: string, text: string | null): Promise<void> {
  await client.query(
    `set local role enginejs_owner; comment on schema ${quoteIdentifier(schema)} is ${text === null ? "null" : quoteLiteral(text)}; reset role`,
  );
}

async function isMarked(client: pg.ClientBase, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ mark: string | null }>(
    "select obj_description(oid, 'pg_namespace') as mark from pg_namespace where nspname = $1",
    [schema],
  );
  return rows[0]?.mark === MARK;
}

/** Drops what the steps make, as far as it is there: tables with all that hangs on them, functions, the schema itself where it was made. */
async function dropAll(
  client: pg.ClientBase,
  steps: readonly PlanStep[],
  {
    schema,
    maxLocks,
    dropSchema,
  }: { readonly schema: string; readonly maxLocks: number; readonly dropSchema: boolean },
): Promise<void> {
  const { rows: there } = await client.query("select from pg_namespace where nspname = $1", [schema]);
  if (there.length === 0) return;
  const tables = steps.filter((step) => step.kind === "table").map((step) => step.object.slice("table ".length));
  // A table's indexes and those that its foreign keys reach are locked as well.
  const size = Math.max(1, Math.floor(maxLocks / (4 * LOCKS_PER_TABLE)));
  for (let at = 0; at < tables.length; at += size) {
    const names = tables
      .slice(at, at + size)
      .map(qualified)
      .join(", ");
    await transaction(client, async () => {
      await client.query(`set local role enginejs_owner; drop table if exists ${names} cascade; reset role`);
    });
  }
  await transaction(client, async () => {
    await client.query("set local role enginejs_owner");
    const { rows } = await client.query<{ drop: string }>(
      `select format('drop routine if exists %s cascade', p.oid::regprocedure) as drop, pg_get_userbyid(p.proowner) as owner
         from pg_proc p where p.pronamespace = to_regnamespace($1)
           and pg_get_userbyid(p.proowner) in ('enginejs_reader', 'enginejs_action', 'enginejs_owner')`,
      [quoteIdentifier(schema)],
    );
    // The schema's owner may drop whatever stands in it.
    for (const { drop } of rows) await client.query(drop);
    if (dropSchema) await client.query(`drop schema if exists ${quoteIdentifier(schema)}`);
    else await client.query(`comment on schema ${quoteIdentifier(schema)} is null`);
  });
}

const qualified = (name: string): string => name.split(".").map(quoteIdentifier).join(".");
