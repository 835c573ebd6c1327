/** Workflows that start at a time which each row says: once per row and time, whoever writes, whatever is moved. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createPool } from "../../src/database/pool.ts";
import { defineTask } from "../../src/dsl/task.ts";
import type { Workflow } from "../../src/model/index.ts";
import { currentBuild } from "../../src/tasks/build.ts";
import { Definitions } from "../../src/tasks/definitions.ts";
import { startAtMoments } from "../../src/tasks/scheduler-moments.ts";
import { applySystem } from "../support/apply-system.ts";
import { ids, workflowOf } from "./support/invoicing-database.ts";
import { startWorkerProcess } from "./support/worker.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
let client: pg.Client;
let pool: pg.Pool;
let schedulers: pg.Pool;
let invoices = 0;
const warnings: string[] = [];

beforeAll(async () => {
  world = await WorkflowWorld.make();
  client = world.client;
  pool = createPool(world.database.workerUrl, { max: 4, applicationName: "test look-ups" });
  schedulers = createPool(world.database.workerUrl, { max: 8, applicationName: "test schedulers" });
});
beforeEach(async () => {
  warnings.length = 0;
  await client.query("update app.invoice set due_at = null");
});
afterEach(() => world.stopWorker());
afterAll(async () => {
  await Promise.all([pool.end(), schedulers.end()]);
  await world.end();
});

type Trigger = Extract<Workflow["trigger"], { kind: "datetime" }>;
const reminder = (change: Partial<Trigger> = {}, rest: Partial<Workflow> = {}) =>
  workflowOf({
    name: "remind",
    as: "system",
    trigger: { kind: "datetime", entity: "Invoice", field: "dueAt", offsetMs: -2 * 86_400_000, ...change },
    ...rest,
  });

/** Really builds: the triggers are there. */
async function build(...workflows: Workflow[]): Promise<void> {
  const system = { ...world.system, workflows: [...workflows] };
  await applySystem(client, system);
}

async function invoice(dueAt: string | null): Promise<string> {
  invoices += 1;
  const { rows } = await client.query<{ id: string }>(
    `insert into app.invoice (tenant_id, number, owner_id, customer_id, due_at) values ($1, $2, $3, $4, $5) returning id`,
    [ids.tenant, `d-${invoices}`, ids.biller, ids.customer, dueAt],
  );
  return rows[0]?.id ?? "";
}
const move = (id: string, dueAt: string | null) =>
  client.query("update app.invoice set due_at = $2 where id = $1", [id, dueAt]);

/** One scheduler at a logical time. */
async function fireAt(now: string): Promise<void> {
  const known = await currentBuild(pool);
  if (known === undefined) throw new Error("nothing is built");
  const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
  // Eight at a time, each with a connection in its hands: what they look up is not taken from the same pool.
  const own = await schedulers.connect();
  try {
    while (await startAtMoments(own, { definitions: new Definitions(pool), build: () => known, log }, now));
  } finally {
    own.release();
  }
}

/** When it was started for a row, as the events say. */
const fired = async (record: string, workflow = "remind") =>
  (
    await client.query<{ at: Date }>(
      `select (origin ->> 'scheduledFor')::timestamptz as at from enginejs.workflow_events
       where model = 'workflow:' || $2 and record_id = $1 order by id`,
      [record, workflow],
    )
  ).rows.map(({ at }) => at.toISOString().slice(0, 10));
const moments = async (record: string) =>
  (
    await client.query<{ moment: Date }>("select moment from enginejs.workflow_moments where record_id = $1", [record])
  ).rows.map(({ moment }) => moment.toISOString().slice(0, 10));

describe("a row", () => {
  beforeAll(() => build(reminder()));

  it("fires once, when its time has come and not before", async () => {
    const id = await invoice("2040-03-10T12:00Z");
    expect(await moments(id)).toEqual(["2040-03-08"]);
    await fireAt("2040-03-08T11:59:59Z");
    expect(await fired(id)).toEqual([]);
    await fireAt("2040-03-08T12:00Z");
    await fireAt("2040-03-09T12:00Z");
    expect(await fired(id)).toEqual(["2040-03-08"]);
    expect(await moments(id)).toEqual([]);
  });

  it("moved before it fires, at its new time only", async () => {
    const id = await invoice("2040-03-10T12:00Z");
    await move(id, "2040-04-10T12:00Z");
    await fireAt("2040-03-20T00:00Z");
    expect(await fired(id)).toEqual([]);
    await fireAt("2040-04-09T00:00Z");
    expect(await fired(id)).toEqual(["2040-04-08"]);
  });

  it("moved to a later time after it has fired, again; to one that is over, not", async () => {
    const id = await invoice("2040-03-10T12:00Z");
    await fireAt("2040-03-09T00:00Z");
    await move(id, "2040-05-10T12:00Z");
    await fireAt("2040-05-09T00:00Z");
    expect(await fired(id)).toEqual(["2040-03-08", "2040-05-08"]);
    // By the database's clock.
    await client.query("update app.invoice set due_at = clock_timestamp() + interval '1 day' where id = $1", [id]);
    expect(await moments(id)).toEqual([]);
  });

  it("that comes due while its writer's transaction is open fires when that is committed; one over before that does not", async () => {
    const make = async (due: string): Promise<string> => {
      const { rows } = await client.query<{ due: string }>("select (now() + interval '2 days' + $1)::text as due", [
        due,
      ]);
      return invoice(rows[0]?.due ?? null);
    };
    await client.query("begin");
    // By the time it is written, it is over.
    await client.query("select pg_sleep(0.05)");
    const [due, now, over] = [await make("10 ms"), await make("0"), await make("-1 ms")];
    const moved = await invoice(null);
    await client.query("update app.invoice set due_at = now() + interval '2 days 20 ms' where id = $1", [moved]);
    await client.query("commit");
    await fireAt(new Date(Date.now() + 60_000).toISOString());
    const counts: number[] = [];
    for (const id of [due, now, over, moved]) counts.push((await fired(id)).length);
    expect(counts).toEqual([1, 1, 0, 1]);
  });

  it("moved there and back, or written as it was, has one moment", async () => {
    const id = await invoice("2040-03-10T12:00Z");
    await move(id, "2040-04-10T12:00Z");
    await move(id, "2040-03-10T12:00Z");
    await move(id, "2040-03-10T12:00Z");
    await fireAt("2040-03-09T00:00Z");
    await move(id, "2040-03-10T12:00Z");
    await fireAt("2040-06-01T00:00Z");
    expect(await fired(id)).toEqual(["2040-03-08"]);
  });

  it("without a time, deleted, or with one at the end of time, not at all", async () => {
    const cleared = await invoice("2040-03-10T12:00Z");
    await move(cleared, null);
    const deleted = await invoice("2040-03-10T12:00Z");
    await client.query("delete from app.invoice where id = $1", [deleted]);
    const never = await invoice("infinity");
    expect(await moments(deleted)).toEqual([]);
    await fireAt("2040-06-01T00:00Z");
    for (const id of [cleared, deleted, never]) expect(await fired(id)).toEqual([]);
  });

  it("gone behind the triggers' back does not fire either", async () => {
    const id = await invoice("2040-03-10T12:00Z");
    const administrator = await world.database.administrator();
    await administrator.query("set session_replication_role = replica");
    await administrator.query("delete from app.invoice where id = $1", [id]);
    await administrator.query("reset session_replication_role");
    expect(await moments(id)).toHaveLength(1);
    await fireAt("2040-06-01T00:00Z");
    expect(await fired(id)).toEqual([]);
    expect(await moments(id)).toEqual([]);
  });

  it("of many, each once, by eight schedulers", async () => {
    await client.query(
      `insert into app.invoice (tenant_id, number, owner_id, customer_id, due_at)
       select $1, 'many-' || n, $2, $3, '2041-01-03T00:00Z'::timestamptz + n * interval '1 second' from generate_series(1, 1000) n`,
      [ids.tenant, ids.biller, ids.customer],
    );
    await Promise.all(Array.from({ length: 8 }, () => fireAt("2041-01-02T00:00Z")));
    const { rows } = await client.query(
      `select count(*)::int as n, count(distinct record_id)::int as records from enginejs.workflow_events
       where model = 'workflow:remind' and origin ->> 'scheduledFor' like '2041-01-01%'`,
    );
    expect(rows).toEqual([{ n: 1_000, records: 1_000 }]);
  });

  it("committed after its time is not lost", async () => {
    const writer = await world.database.client();
    await writer.query("begin");
    const id = await invoice(null);
    await writer.query("update app.invoice set due_at = '2040-03-10T12:00Z' where id = $1", [id]);
    await fireAt("2040-03-09T00:00Z");
    await writer.query("commit");
    await fireAt("2040-03-09T00:00Z");
    expect(await fired(id)).toEqual(["2040-03-08"]);
  });

  it("costs no scan: the index finds what is due", async () => {
    await client.query("set enable_seqscan = off");
    const { rows } = await client.query<{ "QUERY PLAN": string }>(
      "explain select from enginejs.workflow_moments m where m.workflow = 'remind' and m.due_at <= now() order by m.due_at limit 200",
    );
    await client.query("reset enable_seqscan");
    expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("workflow_moments_workflow_idx");
  });
});

describe("the scheduler is told no time to look again", () => {
  const nextIn = async () =>
    (await client.query<{ next_in: number | null }>("select next_in from enginejs.workflow_schedule()")).rows[0]
      ?.next_in;
  beforeAll(() => build(reminder()));

  it("by what is due of a paused workflow, which stays where it is", async () => {
    const id = await invoice("2040-03-10T12:00Z");
    await client.query("update enginejs.workflow_moments set due_at = now() - interval '1 h' where record_id = $1", [
      id,
    ]);
    expect(await nextIn()).toBeLessThan(0);
    await client.query("insert into enginejs.workflow_pauses (workflow) values ('remind')");
    try {
      expect(await nextIn()).toBeNull();
      await fireAt("2040-03-09T00:00Z");
      expect(await moments(id)).toEqual(["2040-03-08"]);
    } finally {
      await client.query("delete from enginejs.workflow_pauses");
    }
    await fireAt("2040-03-09T00:00Z");
    expect(await fired(id)).toEqual(["2040-03-08"]);
  });

  it("by one that was given up: infinity has no distance", async () => {
    const id = await invoice("2040-03-10T12:00Z");
    await client.query("update enginejs.workflow_moments set due_at = 'infinity' where record_id = $1", [id]);
    expect(await nextIn()).toBeNull();
  });
});

describe("a condition", () => {
  it("that does not hold when the time has come keeps the row from firing", async () => {
    await build(reminder({ condition: 'row.status == "sent"' }));
    const draft = await invoice("2040-03-10T12:00Z");
    const sent = await invoice("2040-03-10T12:00Z");
    await client.query('alter table app.invoice disable trigger "30_transition"');
    await client.query("update app.invoice set status = 'sent' where id = $1", [sent]);
    await client.query('alter table app.invoice enable trigger "30_transition"');
    await fireAt("2040-03-09T00:00Z");
    expect(await fired(sent)).toEqual(["2040-03-08"]);
    expect(await fired(draft)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it("that cannot be evaluated for one row stops no other, and is tried again", async () => {
    // A hundred years beyond it there are no more times.
    await build(reminder({ condition: 'row.dueAt + duration("876000h") > row.createdAt' }));
    const whole = await invoice("2040-03-10T12:00Z");
    const broken = await invoice("294200-01-01T00:00Z");
    await fireAt("294250-01-01T00:00Z");
    expect(await fired(whole)).toEqual(["2040-03-08"]);
    expect(await fired(broken)).toEqual([]);
    expect(warnings).toEqual([
      expect.stringContaining("remind cannot be started at its moment: timestamp out of range"),
    ]);
    const { rows } = await client.query(
      "select attempts, error, due_at < clock_timestamp() + interval '10 s' as soon from enginejs.workflow_moments where record_id = $1",
      [broken],
    );
    expect(rows).toEqual([{ attempts: 1, error: "timestamp out of range", soon: true }]);
  });
});

describe("a build", () => {
  it("counts rows that were there before it, what was due before it does not fire", async () => {
    await build();
    const ahead = await invoice("2040-03-10T12:00Z");
    const over = await invoice(null);
    await client.query("update app.invoice set due_at = clock_timestamp() + interval '1 day' where id = $1", [over]);
    await build(reminder());
    expect(await moments(ahead)).toEqual(["2040-03-08"]);
    expect(await moments(over)).toEqual([]);
  });

  it("with another offset moves what has not fired; without the workflow nothing fires", async () => {
    await build(reminder());
    const id = await invoice("2040-03-10T12:00Z");
    await build(reminder({ offsetMs: 86_400_000 }));
    expect(await moments(id)).toEqual(["2040-03-11"]);
    await build(reminder({ offsetMs: 86_400_000 }, { description: "as it was, in other words" }));
    expect(await moments(id)).toEqual(["2040-03-11"]);
    await build();
    expect(await moments(id)).toEqual([]);
    const { rows } = await client.query("select from pg_trigger where tgname like '91_moments%'");
    expect(rows).toEqual([]);
  });

  it("two workflows for one field have each its own time", async () => {
    await build(reminder(), reminder({ offsetMs: 0 }, { name: "due" }));
    const id = await invoice("2040-03-10T12:00Z");
    await fireAt("2040-03-11T00:00Z");
    expect(await fired(id)).toEqual(["2040-03-08"]);
    expect(await fired(id, "due")).toEqual(["2040-03-10"]);
  });
});

describe("in a worker", () => {
  it("the run has the row, as it was and as it is, in its tenant", async () => {
    const seen: unknown[] = [];
    const note = defineTask({ run: ({ input }) => void seen.push(input) });
    const workflow = reminder(
      { offsetMs: -1_000 },
      {
        name: "note-due",
        as: { impersonate: "event.after.owner.id" },
        nodes: [
          { id: "note", kind: "task", task: "note", input: { number: "record.number", was: "event.after.number" } },
        ],
      },
    );
    await build(workflow);
    await world.startWorker({ note });
    const id = await invoice(null);
    await client.query("update app.invoice set due_at = clock_timestamp() + interval '2.5 s' where id = $1", [id]);
    expect(await world.ended("note-due", id)).toMatchObject({ status: "done", error: null });
    expect(seen).toEqual([{ number: `d-${invoices}`, was: `d-${invoices}` }]);
    const { rows } = await client.query(
      "select extract(epoch from created_at - (origin ->> 'scheduledFor')::timestamptz) < 20 as soon from enginejs.workflow_events where model = 'workflow:note-due'",
    );
    expect(rows).toEqual([{ soon: true }]);
  });

  it.each(["schedule:after", "moments:after-take", "moments:before-commit", "moments:after-commit"] as const)(
    "killed at %s, it fires once",
    async (point) => {
      const workflow = reminder({ offsetMs: -1_000 }, { name: "survive", nodes: [] });
      await build(workflow);
      const id = await invoice(null);
      const doomed = startWorkerProcess(world.database, { ENGINEJS_FAILPOINT: point });
      await client.query("update app.invoice set due_at = clock_timestamp() + interval '2 s' where id = $1", [id]);
      expect(await doomed.ended).toBe("SIGKILL");
      await world.startWorker();
      expect(await world.ended("survive", id)).toMatchObject({ status: "done" });
      await client.query("select pg_sleep(0.3)");
      expect(await fired(id, "survive")).toHaveLength(1);
    },
    60_000,
  );
});
