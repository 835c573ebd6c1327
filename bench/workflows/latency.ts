/** From the commit of a raw SQL writer to the begin of the handler: on an idle system, and under load. */
import { inTurns, lessIsBetter, type Result } from "../measure.ts";
import { withClient } from "../with-client.ts";
import { insertAndWait, pause } from "./drain.ts";
import { now } from "./protocol.ts";
import { Side } from "./side.ts";

export async function* latency(
  url: string,
  workerUrl: string,
  graphileUrl: string,
  samples: number,
): AsyncIterable<Result> {
  const worker = await Side.start("serve-ours.ts", workerUrl, "10", "timed");
  const graphile = await Side.start("serve-graphile-worker.ts", graphileUrl, "timed");
  const insert = "insert into app.one_step (id, n) values ($1, 1)";
  const addJob = "select from graphile_worker.add_job('noop', json_build_object('key', $1::text))";
  try {
    const figures = await inTurns(
      2,
      () => latencies(url, worker, insert, samples),
      () => latencies(graphileUrl, graphile, addJob, samples),
    );
    const at = (share: number) => (all: number[][]) => percentile(all.flat(), share);
    for (const [name, share] of [
      ["latency p50", 0.5],
      ["latency p99", 0.99],
    ] as const) {
      const [ours, peer] = [at(share)(figures.ours), at(share)(figures.peer)];
      yield { case: name, ours, peer, peerName: "graphile-worker", unit: "ms", ratio: lessIsBetter(ours, peer) };
    }
    // A fixed share of what 3 steps showed would not do for one step: so many a second as it drains, and four fifths of it.
    const most = 2_000 / (await insertAndWait(url, "one_step", 2_000)).seconds;
    let loading = true;
    const load = withClient(url, async (client) => {
      while (loading) {
        const begin = performance.now();
        await client.query("insert into app.one_step (n) select 1 from generate_series(1, $1)", [
          Math.ceil(most * 0.8 * 0.05),
        ]);
        await pause(Math.max(0, 50 - (performance.now() - begin)));
      }
    });
    const loaded = await latencies(url, worker, insert, samples).finally(() => {
      loading = false;
    });
    await load;
    const [half, worst] = [percentile(loaded, 0.5), percentile(loaded, 0.99)];
    yield {
      case: "latency p50 under 80 % load (shown)",
      ours: half,
      peer: half,
      peerName: "itself",
      unit: "ms",
      ratio: 1,
    };
    yield {
      case: "latency p99 under 80 % load (shown)",
      ours: worst,
      peer: worst,
      peerName: "itself",
      unit: "ms",
      ratio: 1,
    };
  } finally {
    await Promise.all([worker.stop(), graphile.stop()]);
  }
}

/** From the end of a raw SQL writer's commit to the begin of the handler, one after the other on an idle system. */
async function latencies(url: string, side: Side, sql: string, samples: number): Promise<number[]> {
  return withClient(url, async (client) => {
    const found: number[] = [];
    for (let sample = 0; sample < samples + 5; sample++) {
      const key = crypto.randomUUID();
      await client.query(sql, [key]);
      const committed = now();
      let started = side.started.get(key);
      for (const end = now() + 60_000; started === undefined && now() < end; started = side.started.get(key))
        await pause(1);
      if (started === undefined) throw new Error("a handler did not start within a minute");
      if (sample >= 5) found.push(Math.max(0.01, started - committed));
      await pause(20 + Math.random() * 20);
    }
    return found;
  });
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
