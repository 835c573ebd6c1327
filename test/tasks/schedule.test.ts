/** Workflows that the clock starts: one run per tick, whoever schedules, dies, or has a wrong clock. */
import { spawn } from "node:child_process";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createPool } from "../../src/database/pool.ts";
import { defineTask } from "../../src/dsl/task.ts";
import type { Workflow } from "../../src/model/index.ts";
import { currentBuild } from "../../src/tasks/build.ts";
import { Definitions } from "../../src/tasks/definitions.ts";
import { startScheduler } from "../../src/tasks/scheduler.ts";
import { workflowOf } from "./support/invoicing-database.ts";
import { eventually } from "./support/worker.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
let client: pg.Client;
beforeAll(async () => {
  world = await WorkflowWorld.make();
  client = world.client;
});
beforeEach(() => client.query("delete from enginejs.workflow_ticks"));
afterEach(() => world.stopWorker());
afterAll(() => world.end());

type CatchUp = Extract<Workflow["trigger"], { kind: "interval" }>["catchUp"];
const scheduled = (name: string, everyMs: number, catchUp: CatchUp = "one") =>
  workflowOf({ name, as: "system", execution: "scheduled", trigger: { kind: "interval", everyMs, catchUp } });

/** Calls the scheduler at a logical time. */
const scheduleAt = async (now: string, on = client) =>
  (await on.query<{ emitted: number; next_in: number }>("select * from enginejs.workflow_schedule($1)", [now])).rows[0];
/** The events of a workflow, by what they were scheduled for. */
const emitted = async (workflow: string) =>
  (
    await client.query<{ at: Date }>(
      `select (input ->> 'scheduledFor')::timestamptz as at from enginejs.workflow_events
       where model = 'workflow:' || $1 and origin ->> 'scheduledFor' = input ->> 'scheduledFor' order by 1`,
      [workflow],
    )
  ).rows.map(({ at }) => at.toISOString().slice(0, 19));
const nextIs = (workflow: string, at: string) =>
  client.query("update enginejs.workflow_schedules set next_at = $2 where workflow = $1", [workflow, at]);

describe("ticks", () => {
  it("eight schedulers at a thousand ticks emit a thousand", async () => {
    await world.build([scheduled("busy", 1_000, { most: 1_000 })]);
    await nextIs("busy", "2030-01-01T00:00:01Z");
    const pool = createPool(world.database.workerUrl, { max: 8, applicationName: "test schedulers" });
    const start = Date.parse("2030-01-01T00:00:00Z");
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const own = await pool.connect();
        for (let tick = 1; tick <= 1_000; tick++) {
          await own.query("select enginejs.workflow_schedule($1)", [new Date(start + tick * 1_000)]);
        }
        own.release();
      }),
    );
    await pool.end();
    // The last one that asks may have found another at it.
    await scheduleAt("2030-01-01T00:16:40Z");
    const events = await emitted("busy");
    expect(events).toHaveLength(1_000);
    expect(new Set(events).size).toBe(1_000);
    const { rows } = await client.query(
      "select count(*)::int as n, count(distinct run_id)::int as runs from enginejs.workflow_ticks",
    );
    expect(rows).toEqual([{ n: 1_000, runs: 1_000 }]);
    const pending = "select count(*)::int as n from enginejs.workflow_events_pending where model = 'workflow:busy'";
    expect((await client.query(pending)).rows).toEqual([{ n: 1_000 }]);
    await client.query("delete from enginejs.workflow_events_pending");
  });

  it("count from the build on, and are told until the next", async () => {
    await world.build([scheduled("from-now", 3_600_000)]);
    const { rows } = await client.query(
      `select next_at > clock_timestamp() and next_at <= clock_timestamp() + interval '1 h'
         and extract(epoch from next_at)::numeric % 3600 = 0 as next from enginejs.workflow_schedules`,
    );
    expect(rows).toEqual([{ next: true }]);
    await nextIs("from-now", "2031-01-01T01:00Z");
    expect(await scheduleAt("2031-01-01T00:59:30Z")).toEqual({ emitted: 0, next_in: 30 });
    expect(await scheduleAt("2031-01-01T01:00Z")).toEqual({ emitted: 1, next_in: 3_600 });
  });

  it("a schedule that is as it was keeps its next time through a build, a changed one begins anew, a removed one ends", async () => {
    await world.build([scheduled("same", 60_000), scheduled("changed", 60_000), scheduled("removed", 60_000)]);
    for (const name of ["same", "changed", "removed"]) await nextIs(name, "2032-01-01T00:00Z");
    await world.build([{ ...scheduled("same", 60_000), description: "another text" }, scheduled("changed", 30_000)]);
    const { rows } = await client.query(
      "select workflow, next_at = '2032-01-01T00:00Z' as kept from enginejs.workflow_schedules order by 1",
    );
    expect(rows).toEqual([
      { workflow: "changed", kept: false },
      { workflow: "same", kept: true },
    ]);
    await scheduleAt("2032-01-01T00:00Z");
    expect(await emitted("removed")).toEqual([]);
    expect(await emitted("same")).toEqual(["2032-01-01T00:00:00"]);
  });

  it("are not emitted twice, even if somebody sets the time back", async () => {
    await world.build([scheduled("back", 60_000, { most: 10 })]);
    await nextIs("back", "2033-01-01T00:00Z");
    expect(await scheduleAt("2033-01-01T00:02Z")).toMatchObject({ emitted: 3 });
    await nextIs("back", "2033-01-01T00:00Z");
    expect(await scheduleAt("2033-01-01T00:03Z")).toMatchObject({ emitted: 1 });
    expect(await emitted("back")).toHaveLength(4);
  });

  it("one that cannot be emitted says why and keeps no other from it", async () => {
    await world.build([scheduled("broken", 60_000), scheduled("whole", 60_000)]);
    for (const name of ["broken", "whole"]) await nextIs(name, "2034-01-01T00:00Z");
    await client.query("delete from enginejs.workflow_subscriptions where workflow = 'broken'");
    expect(await scheduleAt("2034-01-01T00:00Z")).toMatchObject({ emitted: 1 });
    const { rows } = await client.query("select workflow, error from enginejs.workflow_schedules order by 1");
    expect(rows).toEqual([
      { workflow: "broken", error: 'there is no workflow "broken"' },
      { workflow: "whole", error: null },
    ]);
    expect(await emitted("broken")).toEqual([]);
  });
});

describe("after a time without any scheduler", () => {
  const missed = async (name: string, catchUp: CatchUp) => {
    await world.build([scheduled(name, 600_000, catchUp)]);
    await nextIs(name, "2035-01-01T00:00Z");
    await scheduleAt("2035-01-01T03:05Z");
    return emitted(name);
  };

  it("none, one or some of the ticks are made up for, the newest", async () => {
    expect(await missed("none", "none")).toEqual([]);
    expect(await missed("one", "one")).toEqual(["2035-01-01T03:00:00"]);
    expect(await missed("some", { most: 3 })).toEqual([
      "2035-01-01T02:40:00",
      "2035-01-01T02:50:00",
      "2035-01-01T03:00:00",
    ]);
  });

  it("a tick of the last minute was not missed", async () => {
    await world.build([scheduled("late", 600_000, "none")]);
    await nextIs("late", "2035-01-01T00:00Z");
    await scheduleAt("2035-01-01T03:00:59Z");
    expect(await emitted("late")).toEqual(["2035-01-01T03:00:00"]);
  });

  it("of a year, for a schedule of every minute, takes no time", async () => {
    const cron = { kind: "cron", expression: "* * * * *", zone: "Europe/Berlin", catchUp: { most: 5 } } as const;
    await world.build([workflowOf({ name: "minutes", as: "system", trigger: cron })]);
    await nextIs("minutes", "2036-01-01T00:00Z");
    const started = performance.now();
    expect(await scheduleAt("2037-01-01T00:00Z")).toMatchObject({ emitted: 5, next_in: 60 });
    // Half a million ticks, one by one, would take minutes.
    expect(performance.now() - started).toBeLessThan(60_000);
    expect((await emitted("minutes")).at(-1)).toBe("2037-01-01T00:00:00");
  });

  it("a paused workflow has no ticks, and does not make up for them", async () => {
    await world.build([scheduled("paused", 600_000, { most: 100 })]);
    await nextIs("paused", "2035-01-01T00:00Z");
    await client.query("insert into enginejs.workflow_pauses (workflow) values ('paused')");
    expect(await scheduleAt("2035-01-01T01:00Z")).toMatchObject({ emitted: 0 });
    await client.query("delete from enginejs.workflow_pauses");
    expect(await scheduleAt("2035-01-01T01:10Z")).toMatchObject({ emitted: 1 });
    expect(await emitted("paused")).toEqual(["2035-01-01T01:10:00"]);
  });
});

describe("schedulers", () => {
  it("one that is killed between emission and commit has done nothing; the next one does it, once", async () => {
    await world.build([scheduled("killed", 600_000)]);
    await nextIs("killed", "2038-01-01T00:00Z");
    const script = `import pg from "pg";
      const client = new pg.Client(process.argv[1]);
      await client.connect();
      await client.query("begin");
      await client.query("select enginejs.workflow_schedule('2038-01-01T00:00Z')");
      console.log("emitted");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, world.database.workerUrl], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    expect(await emitted("killed")).toEqual([]);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    await eventually("it is emitted", async () => (await scheduleAt("2038-01-01T00:00Z"))?.emitted === 1);
    await scheduleAt("2038-01-01T00:00Z");
    expect(await emitted("killed")).toEqual(["2038-01-01T00:00:00"]);
  });

  it("go by the database's clock, whatever the host's says", async () => {
    await world.build([scheduled("clocks", 1_000, "none")]);
    const pool = createPool(world.database.workerUrl, { max: 4, applicationName: "test schedulers" });
    const build = await currentBuild(pool);
    if (build === undefined) throw new Error("nothing is built");
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("1999-12-31T23:59:59Z") });
    const options = { pool, definitions: new Definitions(pool), build: () => build, log };
    const early = startScheduler(options);
    vi.setSystemTime(Date.parse("2077-01-01T00:00:00Z"));
    const late = startScheduler(options);
    try {
      // The host's clock stands still: only the database's moves.
      await eventually("several ticks", async () => (await emitted("clocks")).length >= 2);
      await Promise.all([early.stop(), late.stop()]);
      const events = await emitted("clocks");
      expect(new Set(events).size).toBe(events.length);
      const { rows: off } = await client.query(
        "select from enginejs.workflow_ticks where abs(extract(epoch from emitted_at - tick_at)) > 60 and workflow = 'clocks'",
      );
      expect(off).toEqual([]);
    } finally {
      vi.useRealTimers();
      await Promise.all([early.stop(), late.stop()]);
      await pool.end();
    }
  });

  it("survive cut connections and rights that are gone for a moment, and their runs run", async () => {
    const seen: unknown[] = [];
    const note = defineTask({ run: ({ input }) => void seen.push(input) });
    const workflow = workflowOf({
      name: "survives",
      as: "system",
      trigger: { kind: "interval", everyMs: 1_000, catchUp: "one" },
      input: { type: "object", properties: { scheduledFor: { type: "string", format: "date-time" } } },
      nodes: [{ id: "note", kind: "task", task: "note", input: { at: "input.scheduledFor" } }],
    });
    await world.start([workflow], { note });
    await eventually("a first tick runs", async () => seen.length > 0);
    // Whoever builds may end no connection of another login.
    const writer = await world.database.administrator();
    await writer.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'enginejs worker%'",
    );
    const before = seen.length;
    await eventually("it goes on after its connections were cut", async () => seen.length > before + 1);
    await writer.query("alter table enginejs.workflow_schedules rename to workflow_schedules_away");
    await eventually("the scheduler has said so", async () =>
      world.lines.some(({ message }) => /^scheduler: .*workflow_schedules/.test(message)),
    );
    await writer.query("alter table enginejs.workflow_schedules_away rename to workflow_schedules");
    const after = seen.length;
    await eventually("it goes on when the table is back", async () => seen.length > after + 1);
    const { rows } = await client.query(
      "select input ->> 'scheduledFor' from enginejs.workflow_events where model = 'workflow:survives' group by 1 having count(*) > 1",
    );
    expect(rows).toEqual([]);
  });
});

describe("keys", () => {
  it("of ticks are forgotten after a while", async () => {
    await client.query(
      `insert into enginejs.workflow_ticks (workflow, tick_at, emitted_at)
       values ('old', now(), now() - interval '8 days'), ('young', now(), now() - interval '6 days')`,
    );
    expect((await client.query("select enginejs.workflow_maintain_keys('7 days') as n")).rows).toEqual([{ n: 1 }]);
    expect(
      (await client.query("select workflow from enginejs.workflow_ticks where workflow in ('old', 'young')")).rows,
    ).toEqual([{ workflow: "young" }]);
  });
});
