/**
 * The embedded server: a real PostgreSQL 18 with its data below the project's
 * folder, for those who give no database URL. See embedded-place.ts for what
 * lies where and embedded-usage.ts for who stops it.
 */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { EngineError } from "../errors/engine-error.ts";
import { connect } from "./connection.ts";
import { ensureCluster, superuser } from "./embedded-cluster.ts";
import { removeForgotten, removeOrphans } from "./embedded-garbage.ts";
import { type EmbeddedPlace, findPlace, placeFailure, placePaths } from "./embedded-place.ts";
import { freePort, launch, type RunningServer, stopRunning, waitForRunning } from "./embedded-process.ts";
import { hasUsers, Registration, waitForLeavers } from "./embedded-usage.ts";

export interface EmbeddedServerOptions {
  /** The project's folder; the data goes to `.enginejs/postgres` in it. */
  readonly folder: string;
  /** Taken where it is free and no other one was used before. */
  readonly port?: number;
  /** Made where it is missing; `enginejs` unless said otherwise. */
  readonly database?: string;
  /** Further settings of the server, `{ fsync: "off" }`; they count only when this call starts it. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** One process's use of the project's embedded server. */
export interface EmbeddedServer {
  /** The superuser's URL of the database; it holds the password. */
  readonly url: string;
  readonly port: number;
  /** True where the server was running already: another process's, or one that a killed process left. */
  readonly adopted: boolean;
  /** The superuser's URL of another database of this server. */
  urlOf(database: string): string;
  /** Ends this use; the last user's call stops the server. */
  stop(): Promise<void>;
}

/** An unlikely one, so that a PostgreSQL of the system keeps 5432. */
const defaultPort = 54180;

/**
 * Starts the project's server or joins the one that runs.
 *
 * @example const server = await startEmbeddedServer({ folder: process.cwd() });
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const { place, registration } = await register(options.folder);
  try {
    await removeForgotten(place);
    await removeOrphans(place);
    const password = await ensureCluster(place);
    const urlAt = (port: number, database: string) =>
      `postgresql://${superuser}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
    const database = options.database ?? "enginejs";
    const { running, adopted } = await startOrAdopt(place, options, (port) =>
      ensureDatabase(urlAt(port, "postgres"), database),
    );
    const urlOf = (name: string) => urlAt(running.port, name);
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= leave(place, registration, running);
      return stopped;
    };
    return { url: urlOf(database), port: running.port, adopted, urlOf, stop };
  } catch (error) {
    await leave(place, registration);
    throw placeFailure(error, place.folder);
  }
}

/** Shows this process as a user of the place; whoever was about to stop its server, or to remove it, has done so then. */
async function register(folder: string): Promise<{ place: EmbeddedPlace; registration: Registration }> {
  for (;;) {
    const place = await findPlace(folder);
    const { users } = placePaths(place);
    const registration = new Registration(users);
    await waitForLeavers(users);
    if (registration.stands) return { place, registration };
    // The place was removed together with it: the project had been gone until just now.
    registration.remove();
  }
}

/** Stops the server of a folder unless a living process uses it; true when none runs any more. */
export async function stopAbandonedServer(folder: string): Promise<boolean> {
  if (!existsSync(join(folder, ".enginejs", "postgres"))) return true;
  return stopUnlessUsed(await findPlace(folder));
}

/**
 * A server that looks alive may be going down, or be dying of a SIGKILL whose backends still hold
 * its memory: that passes within moments, so what fails is tried again for a while.
 */
async function startOrAdopt(
  place: EmbeddedPlace,
  options: EmbeddedServerOptions,
  isReachable: (port: number) => Promise<void>,
): Promise<{ running: RunningServer; adopted: boolean }> {
  let preferred = rememberedPort(place) ?? options.port ?? defaultPort;
  const until = Date.now() + 15_000;
  for (;;) {
    try {
      const found = await waitForRunning(place);
      const port = found ? found.port : await freePort(preferred);
      const running = found ?? (await launch(place, port, options.settings ?? {}));
      if (running === "port taken") {
        // Somebody took it between our look and the start: let the system choose.
        preferred = 0;
      } else if (running) {
        await isReachable(running.port);
        await writeFile(placePaths(place).port, `${running.port}\n`);
        return { running, adopted: found !== undefined };
      }
    } catch (error) {
      const passes = error instanceof EngineError && (error.code === "EJS4010" || /still in use/.test(error.message));
      if (!passes || Date.now() > until) throw error;
    }
    await delay(50);
  }
}

function rememberedPort(place: EmbeddedPlace): number | undefined {
  try {
    return Number(readFileSync(placePaths(place).port, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

async function leave(place: EmbeddedPlace, registration: Registration, running?: RunningServer): Promise<void> {
  registration.remove();
  await stopUnlessUsed(place, running);
}

async function stopUnlessUsed(place: EmbeddedPlace, running?: RunningServer): Promise<boolean> {
  const { users } = placePaths(place);
  if (!existsSync(users)) {
    // Somebody deleted the folder below the running server.
    await stopRunning(place, running);
    return true;
  }
  const stopping = new Registration(users, "stopping-");
  try {
    if (hasUsers(users)) return false;
    await stopRunning(place);
    return true;
  } finally {
    stopping.remove();
  }
}

async function ensureDatabase(url: string, name: string): Promise<void> {
  const client = await connect(url);
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (!rowCount) await client.query(`create database ${client.escapeIdentifier(name)}`);
  } catch (error) {
    // Two processes at once: 42P04 and 23505 both mean that the other one made it.
    if (!["42P04", "23505"].includes((error as pg.DatabaseError).code ?? "")) throw error;
  } finally {
    await client.end();
  }
}
