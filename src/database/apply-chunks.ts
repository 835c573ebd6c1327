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
import { databaseError } from "./database-error.ts";
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
  if (await isMarked(client, schema)) await dropAll(client, { ...undo, dropSchema: false });
  // What is dropped after a failure must be this build's and nobody else's.
  if ((await tablesOf(client, schema)).length > 0) {
    throw databaseError(
      "EJS4030",
      `The schema "${schema}" holds tables already, and this build is too large for one transaction.`,
      {
        hint: "Raise max_locks_per_transaction and restart the server, or build into an empty schema.",
      },
    );
  }
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
    await dropAll(client, undo);
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

/** Whether a build of this schema was cut off. */
export async function isMarked(client: pg.ClientBase, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ mark: string | null }>(
    "select obj_description(oid, 'pg_namespace') as mark from pg_namespace where nspname = $1",
    [schema],
  );
  return rows[0]?.mark === MARK;
}

/** The tables of a schema that a build has made. */
async function tablesOf(client: pg.ClientBase, schema: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = to_regnamespace($1) and relkind in ('r', 'p') and relowner = 'enginejs_owner'::regrole`,
    [quoteIdentifier(schema)],
  );
  return rows.map(({ name }) => name);
}

interface UndoOptions {
  readonly schema: string;
  readonly maxLocks: number;
  readonly dropSchema: boolean;
}

/** Drops all tables and functions of a schema that belong to the engine's roles, and the schema itself where this build made it. */
async function dropAll(client: pg.ClientBase, { schema, maxLocks, dropSchema }: UndoOptions): Promise<void> {
  const quoted = quoteIdentifier(schema);
  const { rows: there } = await client.query("select from pg_namespace where nspname = $1", [schema]);
  if (there.length === 0) return;
  const tables = await tablesOf(client, schema);
  // A table's indexes are locked as well, and what its foreign keys reach.
  const size = Math.max(1, Math.floor(maxLocks / (4 * LOCKS_PER_TABLE)));
  for (let at = 0; at < tables.length; at += size) {
    const names = tables.slice(at, at + size).map((name) => `${quoted}.${quoteIdentifier(name)}`);
    await transaction(client, async () => {
      await client.query(`set local role enginejs_owner; drop table ${names.join(", ")} cascade; reset role`);
    });
  }
  await transaction(client, async () => {
    await client.query("set local role enginejs_owner");
    const { rows } = await client.query<{ drop: string }>(
      `select format('drop routine %s cascade', oid::regprocedure) as drop from pg_proc
       where pronamespace = to_regnamespace($1)
         and proowner in ('enginejs_reader'::regrole, 'enginejs_action'::regrole, 'enginejs_owner'::regrole)`,
      [quoted],
    );
    // The schema's owner may drop whatever stands in it.
    for (const { drop } of rows) await client.query(drop);
    await client.query(dropSchema ? `drop schema ${quoted}` : `comment on schema ${quoted} is null`);
  });
}
