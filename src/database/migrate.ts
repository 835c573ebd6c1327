/** Brings committed migrations into a database by graphile-migrate, and graphile-worker's schema by its own installer. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { migrate as graphileMigrate, Logger } from "graphile-migrate";
import { clearAllPools } from "graphile-migrate/dist/pgReal.js";
import { runMigrations as installGraphileWorker, Logger as WorkerLogger } from "graphile-worker";
import type pg from "pg";
import { connect, driverUrl } from "./connection.ts";
import { connectionFailure, targetOf } from "./connection-failure.ts";
import { coreMigrationsFolder, coreText } from "./core-sql.ts";
import { databaseError } from "./database-error.ts";
import { createPool } from "./pool.ts";
import { requireBuildRights, requireServer } from "./require-server.ts";

export interface MigrateOptions {
  /** The folder that holds `committed/`; the core's own unless given. An app's begins with the core's migrations. */
  readonly folder?: string;
  /** How long to wait for another process that migrates the same database, in milliseconds. */
  readonly lockTimeout?: number;
  /** Told what graphile-migrate and graphile-worker do. */
  readonly log?: (message: string) => void;
}

/** Runs the migrations that the database lacks; then the core, the app's history and graphile-worker are there. */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<void> {
  const folder = options.folder ?? coreMigrationsFolder;
  const client = await connect(url);
  await requireServer(client).finally(() => client.end());
  const settings = {
    connectionString: driverUrl(url),
    databaseOwner: targetOf(url).user || "enginejs_owner",
    migrationsFolder: folder,
    logger: new Logger(() => (_level, message) => options.log?.(message)),
  };
  const until = Date.now() + (options.lockTimeout ?? 60_000);
  try {
    await retryWhileLocked(until, () => graphileMigrate(settings));
  } catch (error) {
    if ((error as pg.DatabaseError).code === "42501") await explainMissingRights(url);
    throw migrationFailure(error, url);
  } finally {
    // Its pools live on for a moment and end the whole process when their connection drops.
    clearAllPools();
  }
  await requireSameHistory(url, folder);
  await installWorkerSchema(url, options.log);
}

/** Throws the list of what the role lacks; returns where it lacks nothing that a build generally needs. */
async function explainMissingRights(url: string): Promise<void> {
  const client = await connect(url);
  await requireBuildRights(client).finally(() => client.end());
}

/** graphile-migrate throws where another one holds its lock; a blocking wait would deadlock with `create index concurrently`. */
async function retryWhileLocked(until: number, run: () => Promise<void>): Promise<void> {
  for (let wait = 50; ; wait = Math.min(wait * 2, 1_000)) {
    try {
      return await run();
    } catch (error) {
      if (!isLocked(error) || Date.now() > until) throw error;
      await delay(wait * (0.5 + Math.random()));
    }
  }
}

function isLocked(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (message === "Failed to get exclusive lock") return true;
  // Two that make graphile_migrate's own schema at the same moment, in databases or roles that they share.
  return code === "23505" || code === "42P06" || code === "42P07" || /tuple concurrently updated/.test(message ?? "");
}

function migrationFailure(error: unknown, url: string): unknown {
  const { code, message, where } = error as pg.DatabaseError;
  if (isLocked(error))
    return databaseError("EJS4021", "The lock of graphile-migrate was not free in time.", { cause: error });
  // Without a severity it is no answer of a server: the connection failed, or a file.
  if ((error as pg.DatabaseError).severity === undefined && code) return connectionFailure(error, url);
  return databaseError("EJS4020", `${message}${where ? ` (${where.split("\n")[0]})` : ""}`, { cause: error });
}

/** graphile-migrate compares the names of files only: it would call a database whose history differs up to date. */
async function requireSameHistory(url: string, folder: string): Promise<void> {
  const client = await connect(url);
  try {
    const { rows } = await client.query<{ filename: string; hash: string }>(
      "select filename, hash from graphile_migrate.migrations",
    );
    const recorded = new Map(rows.map((row) => [row.filename, row.hash]));
    for (const file of await readdir(join(folder, "committed"))) {
      const hash = /^--! Hash: (\S+)$/m.exec(await readFile(join(folder, "committed", file), "utf8"))?.[1];
      const name = `${/^\d+/.exec(file)?.[0]}.sql`;
      if (hash && recorded.get(name) !== hash) {
        throw databaseError("EJS4022", `The database ran another text under the name of migration ${file}.`);
      }
    }
  } finally {
    await client.end();
  }
}

async function installWorkerSchema(url: string, log?: (message: string) => void): Promise<void> {
  const pool = createPool(url, { max: 1 });
  try {
    await installGraphileWorker({
      pgPool: pool,
      logger: new WorkerLogger(() => (_level, message) => log?.(message)),
    });
    await pool.query(coreText("rls/graphile_worker.sql"));
  } finally {
    await pool.end();
  }
}
