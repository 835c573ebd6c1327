/** Messages: who publishes, who receives, what is kept, and what is exactly one. */
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { defineTask } from "../../src/dsl/task.ts";
import type { Queue, Workflow } from "../../src/model/index.ts";
import { asUser, ids, recordBuild, workflowOf } from "./support/invoicing-database.ts";
import { eventually } from "./support/worker.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
beforeAll(async () => {
  world = await WorkflowWorld.make();
});
afterEach(() => world.stopWorker());
afterAll(() => world.end());

const message = z.toJSONSchema(
  z.object({ orderId: z.uuid(), total: z.int().min(1), lines: z.array(z.object({ sku: z.string() })).optional() }),
  {
    io: "input",
  },
) as never;
const orders: Queue = { name: "order-events", message, publishers: ["billing"] };
const orderId = "00000000-0000-7000-8000-0000000000aa";

const consumer = (name: string, change: Partial<Workflow> = {}) =>
  workflowOf({
    name,
    trigger: { kind: "queue", queue: "order-events" },
    input: message,
    nodes: [{ id: "seen", kind: "transform", values: { total: "input.total", who: "actor.id" } }],
    ...change,
  });
const publish = async (value: unknown, queue = "order-events"): Promise<string> =>
  (await world.client.query<{ id: string }>("select enginejs.publish($1, $2) as id", [queue, JSON.stringify(value)]))
    .rows[0]?.id ?? "";
const publishAs = (user: string, value: unknown) => asUser(world.client, user, () => publish(value));

const keptMessages = async (id: string) =>
  (
    await world.client.query(
      "select k.queue from enginejs.workflow_messages_kept k join enginejs.workflow_events e on e.id = k.event_id where e.record_id = $1",
      [id],
    )
  ).rows;
const kept = (id: string) => eventually("it is kept", async () => (await keptMessages(id)).length === 1);

it("each workflow that receives has one run of a message, as its publisher", async () => {
  await world.start([consumer("ship"), consumer("bill")], {}, { queues: [orders] });
  const id = await publishAs(ids.biller, { orderId, total: 3 });
  for (const name of ["ship", "bill"]) {
    const run = await world.ended(name, id);
    expect(run).toMatchObject({ status: "done" });
    expect(await world.steps(run.id)).toEqual({ seen: { total: 3, who: ids.biller } });
  }
  const { rows } = await world.client.query(
    "select r.workflow, count(*)::int as runs from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id where e.record_id = $1 group by 1 order by 1",
    [id],
  );
  expect(rows).toEqual([
    { workflow: "bill", runs: 1 },
    { workflow: "ship", runs: 1 },
  ]);
});

it("only who has a role of the queue publishes; a queue without roles is the platform's", async () => {
  await world.build([consumer("ship")], { queues: [orders, { name: "inner" }] });
  await expect(publishAs(ids.member, { orderId, total: 3 })).rejects.toMatchObject({
    code: "42501",
    message: 'this actor may not publish to the queue "order-events"',
  });
  await expect(asUser(world.client, ids.biller, () => publish({}, "inner"))).rejects.toMatchObject({ code: "42501" });
  await world.client.query("begin");
  await world.client.query("select enginejs.begin_request('enginejs_anonymous', null, null, null, null, 'test')");
  await expect(publish({ orderId, total: 3 })).rejects.toMatchObject({ code: "42501" });
  await world.client.query("rollback");
  await world.client.query("begin");
  await world.client.query("select enginejs.begin_request('enginejs_system', null, null, null, null, 'test')");
  expect(await publish({ any: 1 }, "inner")).toMatch(/^[0-9a-f-]{36}$/);
  await world.client.query("commit");
  expect(await publish("whoever builds", "inner")).toMatch(/^[0-9a-f-]{36}$/);
});

it("a message is checked by the queue's schema: each bad path is named, and nothing is written", async () => {
  await world.build([consumer("ship")], { queues: [orders] });
  await expect(publish({ orderId: "x", lines: [{ sku: 1 }, {}] })).rejects.toMatchObject({
    code: "EJ422",
    message: expect.stringContaining("total: is required"),
    detail: expect.stringContaining("lines[0].sku: must be string"),
  });
  await expect(publish({ orderId: "x", lines: [{ sku: 1 }, {}] })).rejects.toThrow(
    /orderId: .*lines\[1\]\.sku: is required|total: is required.*lines\[1\]/,
  );
  await expect(publish({}, "order-event")).rejects.toMatchObject({
    code: "EJ404",
    message: 'there is no queue "order-event"',
  });
});

it("a message that nobody receives is kept, and delivered to the first that is built", async () => {
  await world.start([], {}, { queues: [{ name: "later" }] });
  const id = await publish({ n: 1 }, "later");
  await kept(id);
  const outbox = () =>
    world.client.query("select status from enginejs.workflow_events_outbox where record_id = $1", [id]);
  expect((await outbox()).rows).toEqual([{ status: "pending" }]);
  await world.build([], { queues: [{ name: "later" }] });
  expect(
    (
      await world.client.query(
        "select queue, messages::int, kept::int from enginejs.workflow_queue_backlog where queue = 'later'",
      )
    ).rows,
  ).toEqual([{ queue: "later", messages: 1, kept: 1 }]);
  const receiver = workflowOf({
    name: "late",
    trigger: { kind: "queue", queue: "later" },
    as: "system",
    nodes: [{ id: "seen", kind: "transform", values: { input: "input" } }],
  });
  await world.build([receiver], { queues: [{ name: "later" }] });
  const run = await world.ended("late", id);
  expect(await world.steps(run.id)).toEqual({ seen: { input: { n: 1 } } });
  expect(await keptMessages(id)).toEqual([]);
  // Once, and for whoever was there first.
  await world.build([receiver, { ...receiver, name: "too-late" }], { queues: [{ name: "later" }] });
  expect(await world.run("too-late", id)).toBeUndefined();
});

it("a message that is published while its first consumer is being built is not missed", async () => {
  await world.start([], {}, { queues: [{ name: "racing" }] });
  const receiver = workflowOf({
    name: "raced",
    trigger: { kind: "queue", queue: "racing" },
    as: "system",
    nodes: [{ id: "seen", kind: "transform", values: { input: "input" } }],
  });
  const builder = await world.database.client();
  await builder.query("begin");
  await recordBuild(builder, { ...world.system, queues: [{ name: "racing" }], workflows: [receiver] });
  const id = await publish({ n: 2 }, "racing");
  // The relay sees no consumer yet, and may keep nothing behind the back of a build that has looked already.
  await eventually("it was taken and put back", async () => {
    const { rows } = await world.client.query(
      "select from enginejs.workflow_events_pending p join enginejs.workflow_events e on e.id = p.event_id where e.record_id = $1 and p.next_run_at is not null",
      [id],
    );
    return rows.length === 1;
  });
  expect(await keptMessages(id)).toEqual([]);
  await builder.query("commit");
  await builder.end();
  expect(await world.ended("raced", id)).toMatchObject({ status: "done" });
});

it("a step publishes once, in one transaction with its checkpoint, as whoever the run acts as", async () => {
  const announce = workflowOf({
    name: "announce",
    trigger: { kind: "manual" },
    as: "inherit",
    input: { type: "object", properties: { total: { type: "integer" } } },
    nodes: [
      {
        id: "told",
        kind: "queue.publish",
        queue: "order-events",
        message: { orderId: `"${orderId}"`, total: "input.total" },
      },
    ],
  });
  await world.start([announce, consumer("ship")], {}, { queues: [orders] });
  const start = async (total: unknown) =>
    (
      await world.client.query<{ id: string }>("select enginejs.workflow_start('announce', $1, null, $2) as id", [
        JSON.stringify({ total }),
        JSON.stringify({ kind: "user", id: ids.member, tenant: ids.tenant }),
      ])
    ).rows[0]?.id ?? "";
  const run = await world.ended("announce", await start(7));
  expect(run).toMatchObject({ status: "done" });
  const { told } = await world.steps(run.id);
  const { id } = told as { id: string };
  const shipped = await world.ended("ship", id);
  // The member has none of the queue's roles: the workflow's declaration answers for its steps.
  expect(await world.steps(shipped.id)).toEqual({ seen: { total: 7, who: ids.member } });
  const { rows } = await world.client.query(
    "select origin ->> 'runId' as run, (origin ->> 'depth')::int as depth from enginejs.workflow_events where record_id = $1",
    [id],
  );
  expect(rows).toEqual([{ run: run.id, depth: 1 }]);
  // A message that is not right fails the run, and is not tried again.
  const failed = await world.ended("announce", await start(0));
  expect(failed).toMatchObject({
    status: "failed",
    failed_step: "told",
    attempts: 1,
    error: expect.stringContaining("total: must be at least 1"),
  });
});

it("a message that an older schema let pass fails its consumer at once", async () => {
  await world.start([], {}, { queues: [{ name: "order-events" }] });
  const id = await publish({ orderId, total: "many" });
  await kept(id);
  await world.build([consumer("ship", { as: "system" })], { queues: [orders] });
  const run = await world.ended("ship", id);
  expect(run).toMatchObject({ status: "failed", attempts: 1, error: expect.stringContaining("total: ") });
});

it("dead letters are redriven by queue", async () => {
  let works = false;
  const task = defineTask({
    run: () => {
      if (!works) throw new Error("the provider is down");
    },
  });
  const mail = consumer("mail", {
    as: "system",
    trigger: { kind: "queue", queue: "mails" },
    retry: { attempts: 1, backoff: "fixed", initialMs: 10, maxMs: 10 },
    nodes: [{ id: "mail", kind: "task", task: "mail", input: {} }],
  });
  const other = { ...mail, name: "other", trigger: { kind: "queue", queue: "other" } } as const;
  await world.start([mail, other], { mail: task }, { queues: [{ name: "mails" }, { name: "other" }] });
  const id = await publish({ orderId, total: 1 }, "mails");
  const otherId = await publish({ orderId, total: 1 }, "other");
  expect(await world.ended("mail", id)).toMatchObject({ status: "failed" });
  expect(await world.ended("other", otherId)).toMatchObject({ status: "failed" });
  works = true;
  const { rows } = await world.client.query(
    "select runs, events, refused from enginejs.redrive_runs(of_queue => 'mails')",
  );
  expect(rows).toEqual([{ runs: 1, events: 0, refused: 0 }]);
  expect(await world.until("mail", id, ({ status }) => status === "done")).toMatchObject({ status: "done" });
  expect(await world.run("other", otherId)).toMatchObject({ status: "failed" });
});

it("metrics tell how deep a queue is, and how old its oldest message", async () => {
  await world.build([], { queues: [{ ...orders, name: "deep" }, { name: "still" }] });
  const metrics = async () =>
    (await world.client.query<{ m: string }>("select enginejs.workflow_metrics() as m")).rows[0]?.m ?? "";
  expect(await metrics()).toContain('enginejs_workflow_queue_depth{queue="deep"} 0');
  await publish({ orderId, total: 1 }, "deep");
  const text = await metrics();
  expect(text).toContain('enginejs_workflow_queue_depth{queue="deep"} 1');
  expect(text).toContain('enginejs_workflow_queue_depth{queue="still"} 0');
  expect(text).toMatch(/enginejs_workflow_queue_message_age_seconds\{queue="deep"\} 0\.\d+/);
});
