/** A database with a project of JSON processes built into it, and a login for its worker. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../../../src/database/migrate.ts";
import type { System } from "../../../src/model/index.ts";
import { applySystem } from "../../support/apply-system.ts";
import { createTestDatabase } from "../../support/database.ts";
import { type WorkerDatabase, withWorkerLogin } from "../../support/worker-login.ts";

export const user = "00000000-0000-7000-8000-000000000001";

export type ProcessDatabase = WorkerDatabase;

export async function createProcessDatabase(system: System): Promise<ProcessDatabase> {
  const core = readFileSync(join(import.meta.dirname, "../../../migrations/committed/000001-enginejs.sql"));
  const version = createHash("sha256").update(core).update(JSON.stringify(system)).digest("hex");
  const template = { name: `process ${version.slice(0, 8)}`, version, build: (url: string) => build(url, system) };
  return withWorkerLogin(await createTestDatabase({ template }));
}

async function build(url: string, system: System): Promise<void> {
  await migrate(url);
  const builder = new pg.Client({ connectionString: url });
  await builder.connect();
  try {
    await applySystem(builder, system);
    await builder.query("create schema test; create table test.effects (kind text, key text)");
    await builder.query("grant usage on schema test to public; grant insert on test.effects to public");
    await builder.query("insert into app.user (id, email) values ($1, 'ada@example.com')", [user]);
  } finally {
    await builder.end();
  }
}

export interface Run {
  readonly status: string;
  readonly output: unknown;
  readonly error: string | null;
}

/** Starts a process as the platform, by hand; the run's id. */
export async function start(client: pg.ClientBase, name: string, input: unknown): Promise<string> {
  const { rows } = await client.query<{ id: string }>("select enginejs.workflow_start($1, $2) as id", [
    name,
    JSON.stringify(input),
  ]);
  return rows[0]?.id ?? "";
}

/** The run, where it has ended. */
export async function endedRun(client: pg.ClientBase, id: string): Promise<Run | undefined> {
  const { rows } = await client.query<Run>(
    "select status, output, error from enginejs.workflow_runs where id = $1 and status in ('done', 'failed', 'cancelled')",
    [id],
  );
  return rows[0];
}
