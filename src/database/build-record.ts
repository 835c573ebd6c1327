/** What a database remembers of its builds: `enginejs.build`. */
import { readFileSync } from "node:fs";
import type pg from "pg";
import type { CompiledSystem, Plan } from "../dsl-to-sql/index.ts";
import { modelHash, type SourceMap, type System, sourceMap, system as systemSchema } from "../model/index.ts";
import { accessRecord } from "./access-impact/access-record.ts";
import type { AccessImpact } from "./access-impact/impact.ts";
import { type CatalogFact, type CatalogFacts, objectOf, readBuiltFacts, readFacts } from "./catalog-facts.ts";
import { coreText } from "./core-sql.ts";
import { foreignFacts } from "./find-drift.ts";
import { type ForeignObject, factsBeforeBuild, factsOf, foreignObjects } from "./foreign-objects.ts";

/** The newest build of a database. */
export interface StoredBuild {
  readonly id: string;
  readonly system: System;
  readonly irHash: string;
  /** Of the catalogue, right after the build. */
  readonly fingerprint: string;
  /** Which way of reading the catalogue the fingerprint and the facts come from. */
  readonly factsFormat: string;
  /** What was in the schema and in no model. */
  readonly foreign: readonly ForeignObject[];
  readonly engineVersion: string;
  readonly sourceMap: SourceMap;
  readonly builtAt: Date;
}

interface BuildRow {
  readonly id: string;
  readonly ir: unknown;
  readonly ir_hash: string;
  readonly fingerprint: string;
  readonly facts_format: string;
  readonly foreign_objects: readonly ForeignObject[];
  readonly engine_version: string;
  readonly source_map: unknown;
  readonly built_at: Date;
}

/** The version of this package, which a build records. */
export const engineVersion: string = (
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }
).version;

/** Whether anything was built into this database. Not inside a transaction of the caller's. */
export async function hasBuild(client: pg.ClientBase): Promise<boolean> {
  if (!(await hasBuildTable(client))) return false;
  return asOwner(client, async () => (await client.query("select from enginejs.build limit 1")).rowCount !== 0);
}

async function hasBuildTable(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query("select to_regclass('enginejs.build') is not null as there");
  return rows[0]?.there === true;
}

/** Reads the newest build; null where the database holds none, or no core. Not inside a transaction of the caller's. */
export async function readBuild(client: pg.ClientBase): Promise<StoredBuild | null> {
  if (!(await hasBuildTable(client))) return null;
  const row = await asOwner(client, async () => {
    const { rows } = await client.query<BuildRow>(
      `select id, ir, ir_hash, fingerprint, facts_format, foreign_objects, engine_version, plan -> 'sourceMap' as source_map, built_at
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
    factsFormat: row.facts_format,
    foreign: row.foreign_objects,
    engineVersion: row.engine_version,
    sourceMap: places.success ? places.data : {},
    builtAt: row.built_at,
  };
}

/** What the catalogue says now; another value than the build's means that somebody changed something by hand. */
export async function catalogFingerprint(client: pg.ClientBase, schema: string): Promise<string> {
  return (await catalogState(client, schema)).fingerprint;
}

export interface CatalogState {
  readonly fingerprint: string;
  /** Fingerprints and facts of different formats cannot be compared. */
  readonly format: string;
}

/** Not inside a transaction of the caller's. */
export async function catalogState(client: pg.ClientBase, schema: string): Promise<CatalogState> {
  return asOwner(client, () => stateOf(client, schema));
}

async function stateOf(client: pg.ClientBase, schema: string): Promise<CatalogState> {
  const { rows } = await client.query<CatalogState>(coreText("queries/build_fingerprint.sql"), [schema]);
  const [row] = rows;
  if (row === undefined) throw new TypeError("the fingerprint is one row");
  return row;
}

/** The facts of the newest build and those of now. Not inside a transaction of the caller's. */
export async function readBothFacts(
  client: pg.ClientBase,
  schema: string,
): Promise<{ readonly built: CatalogFacts; readonly now: CatalogFacts }> {
  return asOwner(client, async () => ({ built: await readBuiltFacts(client), now: await readFacts(client, schema) }));
}

/** What stands in the schema and in no model. */
export interface Foreign {
  readonly facts: readonly CatalogFact[];
  readonly objects: readonly ForeignObject[];
}

/**
 * Finds it before a plan is applied. Not inside a transaction of the caller's.
 *
 * @param drifted the catalogue is not as the last build has left it
 */
export async function readForeign(client: pg.ClientBase, schema: string, drifted: boolean): Promise<Foreign> {
  return asOwner(client, async () => {
    const { rows } = await client.query<{ format: string; known: readonly ForeignObject[] }>(
      "select facts_format as format, foreign_objects as known from enginejs.build order by id desc limit 1",
    );
    const [stored] = rows;
    if (stored !== undefined && !drifted && stored.known.length === 0) return { facts: [], objects: [] };
    const now = await readFacts(client, schema);
    if (stored === undefined) {
      const facts = factsBeforeBuild(now);
      return { facts, objects: foreignObjects(facts, new Map()) };
    }
    if (stored.format !== (await stateOf(client, schema)).format) {
      return { facts: factsOf(stored.known, now), objects: stored.known };
    }
    const built = await readBuiltFacts(client);
    const facts = foreignFacts(built, now);
    return { facts, objects: foreignObjects(facts, built) };
  });
}

/** Records a build, inside its transaction. The insert's trigger takes over the workflows. */
export async function recordBuild(
  client: pg.ClientBase,
  { system, places }: CompiledSystem,
  plan: Plan & { readonly access?: AccessImpact },
  foreign: Foreign,
): Promise<void> {
  await client.query("set local role enginejs_owner");
  const done = {
    changes: plan.changes,
    steps: plan.steps
      .filter((step) => !step.quiet)
      .map(({ verb, kind, object, hazards }) => ({ verb, kind, object, hazards })),
    sourceMap: places,
    ...(plan.access === undefined ? {} : { access: accessRecord(plan.access) }),
  };
  const { fingerprint, format } = await stateOf(client, system.schema);
  await client.query(coreText("queries/record_build.sql"), [
    JSON.stringify(system),
    await modelHash(system),
    fingerprint,
    format,
    JSON.stringify(done),
    foreign.facts.map(objectOf),
    foreign.facts.map(({ detail }) => detail),
    JSON.stringify(foreign.objects),
    system.schema,
    engineVersion,
  ]);
}

/** Reads as the owner of all that a build makes. Not inside a transaction of the caller's. */
export async function asOwner<T>(client: pg.ClientBase, read: () => Promise<T>): Promise<T> {
  await client.query("begin");
  try {
    await client.query("set local role enginejs_owner");
    return await read();
  } finally {
    await client.query("rollback");
  }
}
