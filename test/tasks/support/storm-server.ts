/** A PostgreSQL of a test's own, which it may restart as it likes; with the example and a worker's login. */
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { ensureCluster, superuser } from "../../../src/database/embedded-cluster.ts";
import { findPlace } from "../../../src/database/embedded-place.ts";
import { freePort, launch, type RunningServer } from "../../../src/database/embedded-process.ts";
import { isAlive } from "../../../src/database/process-identity.ts";
import { buildInvoicing, loadInvoicing } from "./invoicing-database.ts";

export interface StormServer {
  /** The superuser's. */
  readonly url: string;
  readonly workerUrl: string;
  /** Fast: what is under way is rolled back. Immediate: as if it had crashed. */
  restart(mode: "fast" | "immediate", downMs?: number): Promise<void>;
  /** A connection as the superuser; the caller ends it. */
  connect(): Promise<pg.Client>;
  stop(): Promise<void>;
}

const settings = {
  // Processes die here, the machine does not: what was written to the kernel stays.
  fsync: "off",
  // What a commit has answered must be there after a crash of the server.
  synchronous_commit: "on",
  max_connections: "200",
};

export async function startStormServer(): Promise<StormServer> {
  const folder = await mkdtemp(join(tmpdir(), "enginejs-storm-"));
  const place = await findPlace(folder);
  const password = await ensureCluster(place);
  // Below those that the system gives to whoever connects: while the server is down, one of them could be this one.
  const port = await freePort(randomInt(15_000, 32_000));
  const start = async (): Promise<RunningServer> => {
    for (const until = Date.now() + 180_000; ; await delay(100)) {
      // After an immediate shutdown its backends may hold their memory for a moment.
      const running = await launch(place, port, settings).catch((error: Error) => error);
      if (typeof running === "object" && "pid" in running) return running;
      if (Date.now() > until) throw running;
    }
  };
  let running = await start();
  // It is detached: where the tests end without stopping it, it would stay.
  const quit = () => void (isAlive(running.pid) && process.kill(running.pid, "SIGQUIT"));
  process.once("exit", quit);
  const end = async (signal: "SIGINT" | "SIGQUIT") => {
    process.kill(running.pid, signal);
    while (isAlive(running.pid)) await delay(10);
  };
  const urlOf = (database: string) => `postgresql://${superuser}:${password}@127.0.0.1:${port}/${database}`;
  const url = urlOf("storm");
  const connect = async (to = url) => {
    const client = new pg.Client({ connectionString: to, application_name: "storm", connectionTimeoutMillis: 5_000 });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  const workerUrl = new URL(url);
  workerUrl.username = "storm_worker";
  workerUrl.password = "of no use elsewhere";
  const stop = async () => {
    process.off("exit", quit);
    await end("SIGQUIT");
    await rm(folder, { recursive: true, force: true });
    // Where root's server lies.
    if (!place.folder.startsWith(folder)) await rm(place.folder, { recursive: true, force: true });
  };
  try {
    await fill(connect, urlOf("postgres"), url);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    workerUrl: workerUrl.href,
    async restart(mode, downMs = 0) {
      await end(mode === "fast" ? "SIGINT" : "SIGQUIT");
      await delay(downMs);
      running = await start();
    },
    connect: () => connect(),
    stop,
  };
}

async function fill(connect: (to: string) => Promise<pg.Client>, maintenance: string, url: string): Promise<void> {
  const administrator = await connect(maintenance);
  await administrator.query("create database storm template template0 encoding 'UTF8'");
  await administrator.end();
  await buildInvoicing(url, await loadInvoicing());
  const builder = await connect(url);
  await builder.query("create role storm_worker login inherit password 'of no use elsewhere'");
  await builder.query("select enginejs.admit_login('storm_worker', 'worker')");
  await builder.end();
}
