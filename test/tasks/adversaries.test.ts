/**
 * What the storm mixes, one at a time and measured: writers that commit late, old snapshots, two relays, processes that stand
 * still in the middle of a transaction, hosts whose clocks are wrong, handlers that block their process, results that nobody
 * can keep, and ten megabytes.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { describe, expect, test } from "vitest";
import type { Workflow, WorkflowNode } from "../../src/model/index.ts";
import { createInvoicingDatabase, ids, loadInvoicing, recordBuild, workflowOf } from "./support/invoicing-database.ts";
import { eventually, startWorkerProcess, type WorkerProcess } from "./support/worker.ts";

const task = (id: string, name: string): WorkflowNode => ({ id, kind: "task", task: name, input: {} });
const made = (name: string): WorkflowNode => ({
  id: "made",
  kind: "crud.create",
  entity: "Customer",
  values: { name: JSON.stringify(name), email: "record.email" },
});
const onCustomer = (name: string, nodes: WorkflowNode[], change: Partial<Workflow> = {}): Workflow =>
  workflowOf({
    name,
    as: "system",
    trigger: { kind: "model", entity: "Customer", event: "create", condition: `after.name == "${name}"` },
    nodes,
    ...change,
  });

/**
 * What a recovery may take beyond what it is meant to, in milliseconds: 5 s, and as many times that as there are processes in the
 * queue for each core, because a machine that does twenty other things starts no process in a second.
 */
const noise = () => 5_000 * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());

/** Loaded before anything else of a process: its host's clock is wrong by CLOCK_SHIFT milliseconds. */
const wrongClock = new URL("./support/wrong-clock-process.ts", import.meta.url).href;

async function makeWorld() {
  const database = await createInvoicingDatabase();
  const client: pg.Client = await database.client();
  const workers: WorkerProcess[] = [];
  const rows = async <Row extends object>(text: string, values: unknown[] = []) =>
    (await client.query<Row>(text, values)).rows;
  return {
    database,
    client,
    rows,
    start(environment: Readonly<Record<string, string>> = {}): WorkerProcess {
      const worker = startWorkerProcess(database, environment, "adversary-worker.ts");
      workers.push(worker);
      return worker;
    },
    build: async (...workflows: Workflow[]) => recordBuild(client, { ...(await loadInvoicing()), workflows }),
    /** Customers whose names begin something; their emails are `<name>-1` and so on. */
    add: (name: string, count = 1, on: pg.ClientBase = client) =>
      on.query(
        "insert into app.customer (tenant_id, name, email) select $1, $2, $2 || '-' || n from generate_series(1, $3) n",
        [ids.tenant, name, count],
      ),
    statuses: () =>
      rows<{ workflow: string; status: string; n: number }>(
        "select workflow, status, count(*)::int as n from enginejs.workflow_runs group by 1, 2 order by 1, 2",
      ),
    ended: (workflow: string, count: number, seconds = 240) =>
      eventually(
        `${count} runs of ${workflow} at their end`,
        async () => {
          const [row] = await rows<{ n: number }>(
            "select count(*)::int as n from enginejs.workflow_runs where workflow = $1 and finished_at is not null",
            [workflow],
          );
          return row?.n === count;
        },
        seconds,
      ),
    begun: async (kind: string) =>
      (await rows<{ key: string }>("select key from test.effects where kind = $1 order by id", [kind])).map(
        ({ key }) => key,
      ),
    /** Ids of this database's sessions that a worker has, by their application's name. */
    sessions: async (name: string) =>
      (
        await (
          await database.administrator()
        ).query<{ pid: number }>(
          "select pid from pg_stat_activity where datname = current_database() and application_name = $1",
          [name],
        )
      ).rows.map(({ pid }) => pid),
    async end() {
      await Promise.all(workers.map((worker) => worker.kill()));
      await database.drop();
    },
  };
}

const it = test.extend<{ world: Awaited<ReturnType<typeof makeWorld>> }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from the pattern
  world: async ({}, use) => {
    const world = await makeWorld();
    await use(world);
    await world.end();
  },
});

describe("writers", () => {
  it("rows that are committed long after greater ids have been done are done then", async ({ world }) => {
    await world.build(onCustomer("late", [made("of late")]), onCustomer("soon", [made("of soon")]));
    await world.start().ready;
    const writers = await Promise.all([world.database.client(), world.database.client(), world.database.client()]);
    for (const [i, writer] of writers.entries()) {
      await writer.query("begin");
      await world.add("late", 30, writer);
      await world.add("soon", 10 * (i + 1));
    }
    await world.ended("soon", 60);
    for (const writer of writers) {
      await writer.query(writer === writers[1] ? "rollback" : "commit");
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await world.ended("late", 60);
    expect(await world.statuses()).toEqual([
      { workflow: "late", status: "done", n: 60 },
      { workflow: "soon", status: "done", n: 60 },
    ]);
    expect(await world.rows("select count(*)::int as n from app.customer where name = 'of late'")).toEqual([{ n: 60 }]);
  });

  it("an old snapshot held open slows nothing down to a stop, and nothing is seen twice", async ({ world }) => {
    await world.build(onCustomer("plain", [made("of plain")]));
    await world.start().ready;
    const old = await world.database.client();
    await old.query("begin isolation level repeatable read");
    await old.query("select count(*) from enginejs.workflow_events_pending");
    const times: number[] = [];
    for (let round = 1; round <= 3; round++) {
      const from = performance.now();
      await world.add("plain", 200);
      await world.ended("plain", 200 * round);
      times.push(Math.round(performance.now() - from));
    }
    console.log(`with an old snapshot, 200 runs each: ${times.join(", ")} ms`);
    expect(await world.rows("select count(*)::int as n from app.customer where name = 'of plain'")).toEqual([
      { n: 600 },
    ]);
    // It sees what it saw.
    expect((await old.query("select count(*)::int as n from enginejs.workflow_runs")).rows).toEqual([{ n: 0 }]);
    await old.query("commit");
  });
});

describe("a process that stands still", { concurrent: true }, () => {
  it("as the relay that leads: another one leads, and it follows when it wakes", async ({ world }) => {
    await world.build(onCustomer("plain", [made("of plain")]));
    const first = world.start();
    await first.ready;
    await world.add("plain", 20);
    await world.ended("plain", 20);
    const [relay] = await world.sessions("enginejs relay");
    const second = world.start();
    await second.ready;
    first.process.kill("SIGSTOP");
    const stopped = performance.now();
    await world.add("plain", 20);
    await world.ended("plain", 40);
    console.log(`another relay leads ${Math.round(performance.now() - stopped)} ms after the first one stopped`);
    // 3 s of silence, and what it takes to notice: far less than until the process counts as dead.
    expect(performance.now() - stopped).toBeLessThan(10_000 + noise());
    expect(second.log.map(({ message }) => message)).toContain("the relay that led stood still: another one leads");
    expect(await world.sessions("enginejs relay")).not.toContain(relay);
    first.process.kill("SIGCONT");
    await eventually("its waking", async () => first.log.find(({ message }) => /^relay: /.test(message)));
    await second.kill();
    await world.add("plain", 20);
    await world.ended("plain", 60);
    expect(
      await world.rows(
        "select email, count(*)::int as n from app.customer where name = 'of plain' group by 1 having count(*) <> 3",
      ),
    ).toEqual([]);
  });

  it("in the middle of a step's transaction: its locks are taken from it, and recovery waits for nobody", async ({
    world,
  }) => {
    await world.build(
      onCustomer("held", [task("hold", "hold"), made("of held")]),
      onCustomer("plain", [made("of plain")]),
    );
    const first = world.start();
    await first.ready;
    await world.add("held");
    // The task asks the database to sleep, in a transaction that has the run's row locked.
    await eventually(
      "a query of the task",
      async () =>
        (
          await world.rows(
            "select from pg_locks where locktype = 'advisory' and classid = 7714009 and mode = 'ShareLock' and objsubid = 2",
          )
        ).length > 1,
    );
    first.process.kill("SIGSTOP");
    const stopped = performance.now();
    const second = world.start({ HOLD: "0" });
    await second.ready;
    await world.ended("held", 1);
    console.log(
      `a run whose worker stood still in a transaction was done ${Math.round(performance.now() - stopped)} ms later`,
    );
    expect(performance.now() - stopped).toBeLessThan(20_000 + noise());
    first.process.kill("SIGCONT");
    await world.add("plain", 20);
    await world.ended("plain", 20);
    expect(await world.statuses()).toEqual([
      { workflow: "held", status: "done", n: 1 },
      { workflow: "plain", status: "done", n: 20 },
    ]);
    expect(await world.rows("select count(*)::int as n from app.customer where name = 'of held'")).toEqual([{ n: 1 }]);
  });

  it("a handler that blocks its process for longer than the lease is not taken for dead", async ({ world }) => {
    await world.build(
      onCustomer("blocks", [task("block", "block"), made("of blocks")]),
      onCustomer("plain", [made("of plain")]),
    );
    const folder = await mkdtemp(join(tmpdir(), "enginejs-block-"));
    const environment = { BLOCK_UNTIL: join(folder, "seen") };
    const [first, second] = [world.start(environment), world.start(environment)];
    await Promise.all([first.ready, second.ready]);
    await world.add("blocks");
    await eventually("a beginning", async () => (await world.begun("block")).length === 1);
    await world.add("plain", 30);
    // The relay was blocked with it, in most cases: the other worker's has taken over, and nobody waits for the handler.
    await world.ended("plain", 30);
    expect((await world.statuses()).filter(({ workflow }) => workflow === "blocks")).toEqual([
      { workflow: "blocks", status: "processing", n: 1 },
    ]);
    await writeFile(environment.BLOCK_UNTIL, "");
    await world.ended("blocks", 1);
    await rm(folder, { recursive: true });
    expect(await world.begun("block")).toHaveLength(1);
    expect([...first.log, ...second.log].filter(({ message }) => /is dead|registers anew/.test(message))).toEqual([]);
    expect(await world.statuses()).toEqual([
      { workflow: "blocks", status: "done", n: 1 },
      { workflow: "plain", status: "done", n: 30 },
    ]);
  });

  it("hosts whose clocks are hours and years apart work as one", async ({ world }) => {
    const pausing = onCustomer(
      "naps",
      // Fails once in each process.
      [task("shaky", "shaky"), { id: "nap", kind: "sleep", until: { ms: 300 } }, made("of naps")],
      { retry: { attempts: 10, backoff: "fixed", initialMs: 100, maxMs: 100 } },
    );
    const ticking = workflowOf({
      name: "ticks",
      as: "system",
      trigger: { kind: "interval", everyMs: 1_000, catchUp: "none" },
      nodes: [task("tick", "count")],
    });
    await world.build(pausing, ticking);
    const workers = ["-7200000", "0", "315360000000"].map((CLOCK_SHIFT) =>
      world.start({ CLOCK_SHIFT, NODE_OPTIONS: `--import=${wrongClock}` }),
    );
    await Promise.all(workers.map(({ ready }) => ready));
    for (let i = 0; i < 5; i++) {
      await world.add("naps", 20);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    await world.ended("naps", 100);
    expect(await world.rows("select count(*)::int as n from app.customer where name = 'of naps'")).toEqual([
      { n: 100 },
    ]);
    // None before its time, none twice, and none left out.
    const [ticks] = await world.rows<{ n: number; seconds: number; early: number }>(
      `select count(*)::int as n, extract(epoch from max(tick_at) - min(tick_at))::int as seconds,
         count(*) filter (where emitted_at < tick_at)::int as early
       from enginejs.workflow_ticks`,
    );
    expect(ticks?.n).toBeGreaterThanOrEqual(4);
    expect(ticks).toMatchObject({ n: (ticks?.seconds ?? 0) + 1, early: 0 });
    // Nobody thought anybody dead.
    expect(workers.flatMap(({ log }) => log).filter(({ message }) => /is dead|registers anew/.test(message))).toEqual(
      [],
    );
  });
});

describe("poison", () => {
  it("a result that nobody can keep fails its own run at once, says why, and holds up no other", async ({ world }) => {
    const kinds = ["nul", "half", "circle", "toJSON", "error-nul", "error-half"];
    await world.build(
      ...kinds.flatMap((kind) => [
        // Also where it is the last step, whose result is kept with the run's end.
        onCustomer(`${kind}-first`, [task("bad", `bad-${kind}`), made("never")]),
        onCustomer(`${kind}-last`, [task("bad", `bad-${kind}`)]),
      ]),
      onCustomer("good", [task("one", "count"), task("two", "count"), made("of good")]),
    );
    await world.start().ready;
    await world.client.query("begin");
    for (let i = 0; i < 5; i++) {
      for (const kind of kinds) for (const place of ["first", "last"]) await world.add(`${kind}-${place}`);
      await world.add("good", 20);
    }
    await world.client.query("commit");
    await world.ended("good", 100);
    for (const kind of kinds) for (const place of ["first", "last"]) await world.ended(`${kind}-${place}`, 5);
    const failed = await world.rows<{ workflow: string; status: string; error: string }>(
      "select distinct workflow, status, error from enginejs.workflow_runs where workflow <> 'good' order by 1",
    );
    expect(failed.every(({ status }) => status === "failed")).toBe(true);
    const said = Object.fromEntries(failed.map(({ workflow, error }) => [workflow, error]));
    expect(said["nul-first"]).toMatch(/EJS6020.*step bad: its result holds the character U\+0000/);
    expect(said["half-last"]).toMatch(/EJS6020.*half of a surrogate pair/);
    expect(said["circle-first"]).toMatch(/EJS6020.*no JSON/);
    expect(said["toJSON-last"]).toMatch(/EJS6020.*no JSON/);
    expect(said["error-nul-first"]).toBe("a zero: ␀");
    expect(said["error-half-last"]).toMatch(/^x{1999}�$/);
    // What a step did outside is not done again for a result that cannot be kept.
    expect(await world.begun("bad-nul")).toHaveLength(10);
    expect(await world.rows("select count(*)::int as n from app.customer where name = 'of good'")).toEqual([
      { n: 100 },
    ]);
  });
});

describe("poison that PostgreSQL takes", () => {
  it("what is nested too deeply for JavaScript fails the run that reads it, and no other of its batch", async ({
    world,
  }) => {
    await world.client.query("alter table app.customer add column note jsonb");
    await world.build(
      onCustomer("deep", [{ id: "read", kind: "transform", values: { name: "event.after.name" } }]),
      onCustomer("unread", [task("one", "count")]),
      onCustomer("fine", [task("one", "count"), made("of fine")]),
    );
    await world.start().ready;
    // The number is one that must not be read as JavaScript would: that is the way that walks through all of it.
    await world.client.query(
      `insert into app.customer (tenant_id, name, email, note)
       select $1, name, name || n, case when name <> 'fine' then (repeat('[', 6000) || '12345678901234567890' || repeat(']', 6000))::jsonb end
       from (values ('deep', 3), ('unread', 2), ('fine', 40)) v (name, count), generate_series(1, count) n order by n`,
      [ids.tenant],
    );
    for (const [workflow, count] of Object.entries({ fine: 40, unread: 2, deep: 3 }))
      await world.ended(workflow, count);
    expect(
      await world.rows(
        "select workflow, status, count(*)::int as n, max(attempts) as attempts, max(error) as error from enginejs.workflow_runs group by 1, 2 order by 1",
      ),
    ).toEqual([
      {
        workflow: "deep",
        status: "failed",
        n: 3,
        attempts: 1,
        error: expect.stringContaining("nested more than 500 deep"),
      },
      { workflow: "fine", status: "done", n: 40, attempts: 1, error: null },
      { workflow: "unread", status: "done", n: 2, attempts: 1, error: null },
    ]);
  });
});

describe("ten megabytes", () => {
  it("in a row: its events carry the key and what changed", async ({ world }) => {
    await world.client.query("alter table app.customer add column note text");
    await world.build(
      onCustomer("never", []),
      workflowOf({
        name: "large",
        as: "system",
        trigger: { kind: "model", entity: "Customer", event: "update" },
        nodes: [task("count", "count")],
      }),
    );
    await world.start().ready;
    await world.add("x", 3);
    await world.client.query("update app.customer set note = repeat('0123456789', 1000000) || id where name = 'x'");
    await world.ended("large", 3);
    expect(await world.statuses()).toEqual([{ workflow: "large", status: "done", n: 3 }]);
    const events = await world.rows<{ bytes: number; truncated: boolean }>(
      "select octet_length(to_jsonb(e)::text) as bytes, truncated from enginejs.workflow_events e where action = 'update'",
    );
    expect(events).toHaveLength(3);
    for (const event of events) {
      expect(event.truncated).toBe(true);
      expect(event.bytes).toBeLessThan(2_000);
    }
  });

  it("as an input: it comes to its run, many at once do not spoil the relay; more than 16 MB are refused", async ({
    world,
  }) => {
    const byHand = workflowOf({
      name: "large-input",
      as: "system",
      trigger: { kind: "manual" },
      nodes: [task("count", "count"), { id: "length", kind: "log", level: "info", message: "done", values: {} }],
    });
    await world.build(byHand, onCustomer("good", [made("of good")]));
    await world.start().ready;
    const start = (bytes: number, runs: number) =>
      world.client.query(
        "select enginejs.workflow_start('large-input', jsonb_build_object('text', repeat('0123456789', $1 / 10))) from generate_series(1, $2)",
        [bytes, runs],
      );
    await start(10_000_000, 8);
    await world.add("good", 20);
    await world.ended("good", 20);
    await world.ended("large-input", 8);
    await expect(start(17_000_000, 1)).rejects.toThrow('the input of the workflow "large-input" is larger than 16 MB');
    expect(await world.statuses()).toEqual([
      { workflow: "good", status: "done", n: 20 },
      { workflow: "large-input", status: "done", n: 8 },
    ]);
  });

  it("as a result: they are kept, and read by the steps after it; more than 16 MB fail the run and say so", async ({
    world,
  }) => {
    const give = (id: string, name: string): WorkflowNode => task(id, name);
    await world.build(
      onCustomer("ten", [give("large", "ten-megabytes"), task("count", "count"), made("of ten")]),
      onCustomer("twenty", [give("large", "twenty-megabytes"), made("never")]),
      // Results of one run that are too large together.
      onCustomer("sum", [
        {
          id: "each",
          kind: "forEach",
          items: "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]",
          item: { schema: { type: "integer" } },
          as: "item",
          limit: 1,
          body: { nodes: [task("large2", "ten-megabytes")], edges: [] },
        },
      ]),
      onCustomer("good", [task("count", "count"), made("of good")]),
    );
    await world.start().ready;
    await world.add("ten", 6);
    await world.add("twenty");
    await world.add("good", 50);
    await world.ended("good", 50);
    await world.ended("ten", 6);
    await world.ended("twenty", 1);
    await world.add("sum");
    await world.ended("sum", 1);
    const failed = await world.rows<{ error: string }>(
      "select error from enginejs.workflow_runs where status <> 'done' order by workflow",
    );
    expect(failed).toEqual([
      {
        error: expect.stringMatching(
          /EJS6020.*each\[13\]\.large2: with it the results of the run are larger than 128 MB/,
        ),
      },
      { error: expect.stringMatching(/EJS6020.*step large: its result is larger than 16 MB: 19 MB/) },
    ]);
    expect(
      await world.rows(
        "select name, count(*)::int as n from app.customer where name like 'of %' group by 1 order by 1",
      ),
    ).toEqual([
      { name: "of good", n: 50 },
      { name: "of ten", n: 6 },
    ]);
  });
});

describe("recovery, measured", () => {
  it("a kill: the run begins again within 5 s", async ({ world }) => {
    await world.build(onCustomer("slow", [task("wait", "wait")]));
    const workers = [world.start(), world.start()];
    await Promise.all(workers.map(({ ready }) => ready));
    await world.add("slow");
    await eventually("a beginning", async () => (await world.begun("wait")).length === 1);
    const [holder] = await world.rows<{ process_id: number }>(
      "select w.process_id from enginejs.workflow_runs_active r join enginejs.workflow_workers w on w.id = r.worker_id",
    );
    const killed = performance.now();
    await workers.find(({ process }) => process.pid === holder?.process_id)?.kill();
    await eventually("a second beginning", async () => (await world.begun("wait")).length === 2);
    const took = performance.now() - killed;
    console.log(`a killed worker's run begins again after ${Math.round(took)} ms`);
    expect(took).toBeLessThan(5_000 + noise());
    expect(new Set(await world.begun("wait")).size).toBe(1);
  });

  it("a cut of all connections: what was under way is done within 20 s", async ({ world }) => {
    await world.build(
      onCustomer("chain", ["a", "b", "c", "d"].map((id) => task(id, "count")).concat(made("of chain"))),
    );
    await world.start().ready;
    const administrator = await world.database.administrator();
    await world.add("chain", 200);
    await eventually("a beginning", async () => (await world.begun("count")).length > 20);
    await administrator.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'enginejs %' and application_name <> 'enginejs test'",
    );
    const cut = performance.now();
    await world.ended("chain", 200);
    const took = performance.now() - cut;
    console.log(`after a cut all is done within ${Math.round(took)} ms`);
    expect(took).toBeLessThan(20_000 + noise());
    expect(await world.rows("select count(*)::int as n from app.customer where name = 'of chain'")).toEqual([
      { n: 200 },
    ]);
  });

  it("no failure of a step: attempts are for steps alone", async ({ world }) => {
    // One attempt, and the connection is cut while the step waits for the database.
    await world.build(
      onCustomer("once", [task("hold", "hold"), made("of once")], {
        retry: { attempts: 1, backoff: "fixed", initialMs: 1, maxMs: 1 },
      }),
    );
    await world.start({ HOLD: "2" }).ready;
    await world.add("once");
    await eventually("a beginning", async () => (await world.begun("hold")).length === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const administrator = await world.database.administrator();
    await administrator.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'enginejs worker steps'",
    );
    await world.ended("once", 1);
    expect(await world.statuses()).toEqual([{ workflow: "once", status: "done", n: 1 }]);
    expect(new Set(await world.begun("hold")).size).toBe(1);
  });
});
