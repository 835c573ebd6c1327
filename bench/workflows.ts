/**
 * Durable workflows, from the insert of a row to the end of its run, beside DBOS, bare graphile-worker and pg-boss on the
 * same server: throughput, the time from a commit to the handler, and the drain of a backlog.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureLogins } from "../src/database/logins.ts";
import { enginejs, startBenchServer } from "./bench-server.ts";
import { type Bench, inTurns, median, moreIsBetter, type Result } from "./measure.ts";
import { withClient } from "./with-client.ts";
import { insertAndWait, pause, unfinished } from "./workflows/drain.ts";
import { latency } from "./workflows/latency.ts";
import { writeWorkflowsProject } from "./workflows/project.ts";
import { Side } from "./workflows/side.ts";

/** How many runs at a time: what is best here. */
const concurrency = "128";

const bench: Bench = {
  async *run({ smoke, turns: most, progress }) {
    const server = await startBenchServer();
    const folder = await mkdtemp(join(import.meta.dirname, ".projects-"));
    try {
      await writeWorkflowsProject(folder);
      const ours = await server.create("workflows_ours");
      await enginejs("sql", "build", "--project", folder, "--database", ours);
      const { workerUrl } = await ensureLogins(ours);
      const turns = smoke ? 1 : Math.min(3, most);

      progress("3 steps: ours and DBOS");
      yield* threeSteps(ours, workerUrl, await server.create("workflows_dbos"), turns, smoke ? 200 : 10_000);
      progress("no-op: ours, graphile-worker, pg-boss");
      yield* noOp(ours, workerUrl, server.create, turns, smoke ? 500 : 30_000);
      progress("latency: ours and graphile-worker");
      yield* latency(ours, workerUrl, await server.create("workflows_latency"), smoke ? 10 : 200);
      progress("backlog");
      yield* backlog(ours, workerUrl, smoke ? 5_000 : 1_000_000, progress);
    } finally {
      await rm(folder, { recursive: true, force: true });
      await server.stop();
    }
  },
};
export default bench;

async function* threeSteps(
  url: string,
  workerUrl: string,
  dbosUrl: string,
  turns: number,
  count: number,
): AsyncIterable<Result> {
  const worker = await Side.start("serve-ours.ts", workerUrl, concurrency);
  const dbos = await Side.start("serve-dbos.ts", dbosUrl);
  const cost = { wal: 0, transactions: 0 };
  try {
    const perSecond = async (most: number) => {
      const few = Math.max(50, Math.floor(count / 10));
      const report = await dbos.order({ kind: "run", count: few, concurrency: most });
      return few / (report.kind === "ran" ? report.seconds : Number.NaN);
    };
    // At its best: whichever of these is most.
    let best = { concurrency: 8, rate: 0 };
    for (const most of [8, 32, 128]) {
      await perSecond(most);
      const rate = await perSecond(most);
      if (rate > best.rate) best = { concurrency: most, rate };
    }
    await insertAndWait(url, "three_steps", Math.floor(count / 10));
    const figures = await inTurns(
      turns,
      async () => {
        const { seconds, walBytes, transactions } = await insertAndWait(url, "three_steps", count);
        cost.wal = walBytes / count;
        cost.transactions = transactions / count;
        return count / seconds;
      },
      () => perSecond(best.concurrency),
    );
    yield {
      case: "3 steps",
      ours: median(figures.ours),
      peer: median(figures.peer),
      peerName: "dbos",
      unit: "workflows/s",
      ratio: moreIsBetter(median(figures.ours), median(figures.peer)),
      notes: {
        peerConcurrency: best.concurrency,
        walBytesPerRun: Math.round(cost.wal),
        transactionsPerRun: Number(cost.transactions.toFixed(2)),
      },
    };
  } finally {
    await worker.stop();
    await dbos.stop();
  }
}

async function* noOp(
  url: string,
  workerUrl: string,
  create: (name: string) => Promise<string>,
  turns: number,
  count: number,
): AsyncIterable<Result> {
  const graphileUrl = await create("workflows_graphile");
  const bossUrl = await create("workflows_boss");
  const worker = await Side.start("serve-ours.ts", workerUrl, concurrency);
  const graphile = await Side.start("serve-graphile-worker.ts", graphileUrl);
  const cost = { wal: 0, transactions: 0 };
  const boss = await Side.start("serve-pg-boss.ts", bossUrl);
  const runOurs = async () => {
    const { seconds, walBytes, transactions } = await insertAndWait(url, "one_step", count);
    cost.wal = walBytes / count;
    cost.transactions = transactions / count;
    return count / seconds;
  };
  const drained = async (at: string, add: string, left: string) => {
    const begin = performance.now();
    await withClient(at, async (client) => {
      await client.query(add, [count]);
      while ((await client.query<{ n: number }>(left)).rows[0]?.n !== 0) await pause(10);
    });
    return count / ((performance.now() - begin) / 1000);
  };
  const runGraphile = () =>
    drained(
      graphileUrl,
      `select from graphile_worker.add_jobs((select array_agg(json_populate_record(null::graphile_worker.job_spec,
        '{"identifier": "noop", "payload": {}}')) from generate_series(1, $1)))`,
      "select (exists (select from graphile_worker._private_jobs))::int as n",
    );
  try {
    await insertAndWait(url, "one_step", Math.floor(count / 10));
    await runGraphile();
    const figures = await inTurns(turns, runOurs, runGraphile);
    yield {
      case: "no-op",
      ours: median(figures.ours),
      peer: median(figures.peer),
      peerName: "graphile-worker",
      unit: "runs/s",
      ratio: moreIsBetter(median(figures.ours), median(figures.peer)),
      notes: { walBytesPerRun: Math.round(cost.wal), transactionsPerRun: Number(cost.transactions.toFixed(2)) },
    };
    await graphile.stop();
    const ofBoss = await drained(
      bossUrl,
      "insert into pgboss.job (name, data) select 'noop', '{}' from generate_series(1, $1)",
      "select (exists (select from pgboss.job where name = 'noop' and state < 'completed'))::int as n",
    );
    yield {
      case: "no-op vs pg-boss (shown)",
      ours: median(figures.ours),
      peer: ofBoss,
      peerName: "pg-boss",
      unit: "runs/s",
      ratio: moreIsBetter(median(figures.ours), ofBoss),
    };
  } finally {
    await Promise.all([worker.stop(), graphile.stop(), boss.stop()]);
  }
}

async function* backlog(
  url: string,
  workerUrl: string,
  count: number,
  progress: (text: string) => void,
): AsyncIterable<Result> {
  await withClient(url, async (client) => {
    for (let left = count; left > 0; left -= 50_000) {
      await client.query("insert into app.one_step (n) select n from generate_series(1, $1) n", [
        Math.min(left, 50_000),
      ]);
    }
  });
  const worker = await Side.start("serve-ours.ts", workerUrl, concurrency);
  const tenths: number[] = [];
  try {
    await withClient(url, async (client) => {
      const finished = async () =>
        Number(
          (await client.query<{ n: string }>("select count(*) as n from enginejs.workflow_events_pending")).rows[0]?.n,
        );
      let begin = performance.now();
      let goal = count - count / 10;
      for (let left = await finished(); goal >= 0; left = await finished()) {
        if (left <= goal) {
          tenths.push(count / 10 / ((performance.now() - begin) / 1000));
          progress(`backlog: ${left} left, ${Math.round(tenths.at(-1) ?? 0)} a second`);
          begin = performance.now();
          goal -= count / 10;
        }
        await pause(count > 100_000 ? 250 : 20);
      }
      while (await unfinished(client)) await pause(50);
    });
    const [first, last] = [tenths[1] ?? 0, tenths.at(-2) ?? 0];
    yield {
      case: `backlog of ${count}`,
      ours: last,
      peer: first,
      peerName: "its own beginning",
      unit: "events/s",
      ratio: moreIsBetter(last, first),
      notes: { peakMemoryMb: Math.round(worker.peakMemory / 1e6), slowestTenth: Math.round(Math.min(...tenths)) },
    };
  } finally {
    await worker.stop();
  }
}
