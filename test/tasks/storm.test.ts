/**
 * The storm: workers are killed, frozen and replaced, PostgreSQL is restarted, connections are cut, administrators meddle, and
 * all the while rows are written. Afterwards everything that was committed has had its runs, and these their effects.
 *
 * STORM_SECONDS is the length of both storms together, STORM_SEED repeats the decisions of one (not its moments);
 * SHOW_STORM=1 tells what happens. `npm run test:storm` is the long form.
 */
import { describe, expect, it } from "vitest";
import type { Workflow } from "../../src/model/index.ts";
import { rage, WORKERS } from "./support/storm-adversaries.ts";
import {
  expectKeysAndCheckpoints,
  expectRunsAndEffects,
  expectTicks,
  expectTurns,
  leftOver,
  watchLimits,
} from "./support/storm-checks.ts";
import { randomOf } from "./support/storm-random.ts";
import { plainShapes, plainWorkflows, type Shape, stormShapes, stormWorkflows } from "./support/storm-workflows.ts";
import { StormWorld } from "./support/storm-world.ts";
import { sendSignals, write } from "./support/storm-writers.ts";
import { eventually } from "./support/worker.ts";

const seconds = Number(process.env.STORM_SECONDS ?? 40);
const seed = Number(process.env.STORM_SEED ?? Date.now() % 1_000_000);

interface Storm {
  readonly workflows: readonly Workflow[];
  readonly shapes: readonly Shape[];
  readonly entity: "team" | "customer";
  readonly seconds: number;
}

/** How long it may take, after the last blow, until all is done: 12 s where nobody else uses the machine; many times that where twenty others do. */
const CALM = 400;

async function storm({ workflows, shapes, entity, seconds }: Storm): Promise<void> {
  console.log(`STORM_SEED=${seed} STORM_SECONDS=${seconds} ${entity}`);
  const world = await StormWorld.make();
  try {
    await world.build(workflows);
    while (world.workers.length < WORKERS) world.startWorker();
    await Promise.all(world.workers.map(({ ready }) => ready));

    const [writing, raging, signalling] = [new AbortController(), new AbortController(), new AbortController()];
    const names = entity === "team" ? [] : shapes.map(({ name }) => name);
    const writers = Promise.all(
      ["w1", "w2", "w3"].map((name, i) =>
        write({ world, random: randomOf(seed + i + 1), name, shapes: names, signal: writing.signal, most: 300 }),
      ),
    );
    const signals = sendSignals(world, signalling.signal);
    const limits = watchLimits(world, signalling.signal);
    const raged = rage(world, randomOf(seed), raging.signal, entity);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    raging.abort();
    writing.abort();
    const [written, damage] = await Promise.all([writers, raged]);

    const calmAt = Date.now();
    let left: string[] = [];
    await eventually(
      "the end of all that was begun",
      async () => {
        // One that a kill had just begun with.
        while (world.workers.length < 2) world.startWorker();
        left = await leftOver(world);
        return left.length === 0;
      },
      CALM,
    ).catch(async (error: Error) => {
      const active = await world.rows("select * from enginejs.workflow_runs where finished_at is null limit 5");
      const jobs = await world.rows("select * from graphile_worker._private_jobs limit 5");
      throw new Error(
        `${error.message}; left: ${left.join(", ")}\n${JSON.stringify({ active, jobs, said: world.complaints().slice(-10) }, null, 1)}`,
      );
    });
    const drained = Date.now() - calmAt;
    signalling.abort();
    await signals;
    expect(await limits).toEqual([]);
    expect(world.collapsed).toEqual([]);

    const rows = await expectRunsAndEffects(world, shapes, written, entity);
    if (entity === "customer") {
      await expectTurns(world);
      await expectTicks(world);
    }
    const { kept, begun } = await expectKeysAndCheckpoints(world);
    const [events] = await world.rows<{ n: number }>("select count(*)::int as n from enginejs.workflow_events");
    expect(rows).toBeGreaterThan(seconds);
    console.log(
      `${events?.n} events, ${rows} of them with ${shapes.length} shapes of runs; ${kept} outside results of ${begun} beginnings;`,
      `${[...damage.counts].map(([what, n]) => `${what} ${n}`).join(", ")}; all done ${drained} ms after the last blow`,
    );
  } finally {
    await world.end();
  }
}

describe("a storm", () => {
  const limit = (part: number) => (part + CALM + 120) * 1_000;
  const [most, rest] = [Math.ceil(seconds * 0.7), Math.ceil(seconds * 0.3)];

  it("over workflows of every shape", { timeout: limit(most) }, () =>
    storm({ workflows: stormWorkflows, shapes: stormShapes, entity: "customer", seconds: most }),
  );

  it("over workflows whose events the relay takes by one statement", { timeout: limit(rest) }, () =>
    storm({ workflows: plainWorkflows, shapes: plainShapes, entity: "team", seconds: rest }),
  );
});
