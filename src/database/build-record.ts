/** What a database remembers of its builds: `enginejs.build`. */
import { readFileSync } from "node:fs";
import type pg from "pg";
import type { Plan } from "../dsl-to-sql/index.ts";
import { modelHash, type SourceMap, type System, sourceMap, system as systemSchema } from "../model/index.ts";
import { coreText } from "./core-sql.ts";

/** The newest build of a database. */
export interface StoredBuild {
  readonly id: string;
  readonly system: System;
  readonly irHash: string;
  /** Of the catalogue, right after the build. */
  readonly fingerprint: string;
  readonly engineVersion: string;
  readonly sourceMap: SourceMap;
  readonly builtAt: Date;
}

interface BuildRow {
  readonly id: string;
  readonly ir: unknown;
  readonly ir_hash: string;
  readonly fingerprint: string;
  readonly engine_version: string;
  readonly source_map: unknown;
  readonly built_at: Date;
}

/** The version of this package, which a build records. */
export const engineVersion: string = (
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }
).version;

/** Reads the newest build; null where the database holds none, or no core. Not inside a transaction of the caller's. */
export async function readBuild(client: pg.ClientBase): Promise<StoredBuild | null> {
  const { rows: present } = await client.query("select to_regclass('enginejs.build') is not null as there");
  if (!present[0]?.there) return null;
  const row = await asOwner(client, async () => {
    const { rows } = await client.query<BuildRow>(
      `select id, ir, ir_hash, fingerprint, engine_version, plan -> 'sourceMap' as source_map, built_at
       from enginejs.build order by id desc limit 1`,
    );
    return rows[0];
  });
  if (row === undefined) return null;
  const places = sourceMap.safeParse(row.source_map);
  return {
    id: row.id,
    system: systemSchema.parse(row.ir),
    irHash: row.ir_hash,
    fingerprint: row.fingerprint,
    engineVersion: row.engine_version,
    sourceMap: places.success ? places.data : {},
    builtAt: row.built_at,
  };
}

/** What the catalogue says now; another value than the build's means that somebody changed something by hand. */
export async function catalogFingerprint(client: pg.ClientBase, schema: string): Promise<string> {
  return asOwner(client, () => fingerprint(client, schema));
}

async function fingerprint(client: pg.ClientBase, schema: string): Promise<string> {
  const { rows } = await client.query<{ fingerprint: string }>(coreText("queries/build_fingerprint.sql"), [schema]);
  const [row] = rows;
  if (row === undefined) throw new TypeError("the fingerprint is one row");
  return row.fingerprint;
}

/** Records a build, inside its transaction. The insert's trigger takes over the workflows. */
export async function recordBuild(client: pg.ClientBase, system: System, places: SourceMap, plan: Plan): Promise<void> {
  await client.query("set local role enginejs_owner");
  const done = {
    changes: plan.changes,
    steps: plan.steps.filter((step) => !step.quiet).map(({ verb, object, hazards }) => ({ verb, object, hazards })),
    sourceMap: places,
  };
  await client.query(
    "insert into enginejs.build (ir, ir_hash, fingerprint, plan, engine_version) values ($1, $2, $3, $4, $5)",
    [
      JSON.stringify(system),
      await modelHash(system),
      await fingerprint(client, system.schema),
      JSON.stringify(done),
      engineVersion,
    ],
  );
}

async function asOwner<T>(client: pg.ClientBase, read: () => Promise<T>): Promise<T> {
  await client.query("begin");
  try {
    await client.query("set local role enginejs_owner");
    return await read();
  } finally {
    await client.query("rollback");
  }
}
