/** graphile-worker in a worker's process: what it does when its connections are lost must not end that process. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool } from "../../src/database/pool.ts";
import { startJobRunner } from "../../src/tasks/job-runner.ts";
import { startGate } from "./support/gate.ts";
import { createInvoicingDatabase, type InvoicingDatabase } from "./support/invoicing-database.ts";
import { SilentProxy } from "./support/silent-proxy.ts";
import { eventually } from "./support/worker.ts";

let database: InvoicingDatabase;
beforeAll(async () => {
  database = await createInvoicingDatabase();
});
afterAll(() => database.drop());

test("a pool that ends with jobs in hand while the server is not there harms nobody", async () => {
  const client = await database.client();
  const gate = await startGate(database.workerUrl);
  const pool = createPool(database.workerUrl, { max: 2 });
  const free = Promise.withResolvers<void>();
  const done: number[] = [];
  const rejected: unknown[] = [];
  const note = (reason: unknown) => void rejected.push(reason);
  process.on("unhandledRejection", note);
  const { rows } = await client.query<{ id: number }>(
    "insert into enginejs.workflow_workers (host, process_id) values ('test', 1) returning id",
  );
  const jobs = startJobRunner({
    url: gate.url,
    pool,
    concurrency: 1,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    worker: () => rows[0]?.id ?? 0,
    tasks: () => ({
      "enginejs:run": async (payload) => {
        await free.promise;
        done.push((payload as { n: number }).n);
      },
    }),
  });
  try {
    await client.query(
      "select graphile_worker.add_job('enginejs:run', json_build_object('n', n)) from generate_series(1, 3) as n",
    );
    // One is at work, one lies in the queue of this process; for a second, then it is given back.
    await eventually("two jobs in hand", async () => {
      const { rows } = await client.query("select from graphile_worker._private_jobs where locked_by is not null");
      return rows.length === 2;
    });
    gate.close();
    jobs.restart("a test");
    await new Promise((resolve) => setTimeout(resolve, 200));
    free.resolve();
    gate.open();
    await eventually("no job is left", async () => {
      const { rows } = await client.query("select from graphile_worker._private_jobs");
      return rows.length === 0;
    });
    expect(new Set(done)).toEqual(new Set([1, 2, 3]));
    expect(rejected).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
    await jobs.stop();
    await pool.end();
    gate.end();
  }
});

test("a pool that can neither delete what is done nor give back what it keeps harms nobody", async () => {
  const client = await database.client();
  const gate = await startGate(database.workerUrl);
  const pool = createPool(database.workerUrl, { max: 2 });
  const free = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const said: string[] = [];
  const rejected: unknown[] = [];
  const note = (reason: unknown) => void rejected.push(reason);
  process.on("unhandledRejection", note);
  const say = (line: string) => void said.push(line);
  const isSaid = (text: string) => async () => said.some((line) => line.includes(text));
  const jobs = startJobRunner({
    url: gate.url,
    pool,
    concurrency: 2,
    log: { debug: say, info: say, warn: say, error: say },
    worker: () => 0,
    tasks: () => ({
      "enginejs:run": async (payload) => {
        await free[(payload as { n: number }).n]?.promise;
      },
    }),
  });
  try {
    await client.query(
      "select graphile_worker.add_job('enginejs:run', json_build_object('n', n)) from generate_series(0, 3) as n",
    );
    const locked = async () =>
      (await client.query("select from graphile_worker._private_jobs where locked_by is not null")).rowCount;
    await eventually("two jobs at work, two in the queue of this process", async () => (await locked()) === 4);
    gate.close();
    // Their time in that queue is over, and they cannot be given back; where this machine stood still they were, before the end.
    await eventually(
      "jobs are not given back",
      async () => (await locked()) === 2 || isSaid("Failed to return jobs")(),
    );
    // Nor can one that is done be deleted.
    free[0]?.resolve();
    await eventually("the pool ends", isSaid("Attempting graceful shutdown"));
    if (await isSaid("Failed to return jobs")()) {
      await eventually("and cannot", isSaid("Releasing local queue failed"));
      free[1]?.resolve();
      await eventually("so it is ended by force", isSaid("Error occurred during graceful shutdown"));
    }
    free[1]?.resolve();
    gate.open();
    await eventually("no job is left", async () => {
      const { rows } = await client.query("select from graphile_worker._private_jobs");
      return rows.length === 0;
    });
    expect(rejected).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
    await jobs.stop();
    await pool.end();
    gate.end();
  }
});

test("a pool that ends while `listen` was never answered, and whose connection is lost then, harms nobody", async () => {
  const proxy = await SilentProxy.before(database.workerUrl, 'LISTEN "jobs:insert"');
  const pool = createPool(database.workerUrl, { max: 2 });
  const lost: string[] = [];
  const rejected: unknown[] = [];
  const note = (reason: unknown) => void rejected.push(reason);
  process.on("unhandledRejection", note);
  const jobs = startJobRunner({
    url: proxy.url,
    pool,
    concurrency: 1,
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (line) => void lost.push(line),
      error: () => undefined,
    },
    worker: () => 0,
    tasks: () => ({ "enginejs:run": () => undefined }),
  });
  try {
    await eventually("it has asked to listen", async () => proxy.silent > 0);
    await jobs.stop();
    // It waits for the answer to `listen` still, and for that to `unlisten`.
    proxy.close();
    await eventually("both are lost", async () => lost.some((line) => line.includes("UNLISTEN")));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(rejected).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
    proxy.close();
    await pool.end();
  }
});

test("a pool whose connection falls silent while it starts is given up, and a new one is started", async () => {
  const proxy = await SilentProxy.before(database.workerUrl, "server_version_num");
  const pool = createPool(database.workerUrl, { max: 2 });
  const lost: string[] = [];
  const jobs = startJobRunner({
    url: proxy.url,
    pool,
    concurrency: 1,
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (line) => void lost.push(line),
      error: () => undefined,
    },
    worker: () => 0,
    tasks: () => ({ "enginejs:run": () => undefined }),
  });
  try {
    await eventually("it is given up", async () =>
      lost.some((line) => line.includes("its pool hangs; starting again")),
    );
  } finally {
    proxy.close();
    await jobs.stop();
    await pool.end();
  }
});
