/** Webhooks out: what is posted, how often, to whom, and what becomes of what does not arrive. */
import { createHmac } from "node:crypto";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { System } from "../../src/model/index.ts";
import { secondsOf } from "../../src/tasks/webhook-post.ts";
import { ids, makeInvoice, workflowOf } from "./support/invoicing-database.ts";
import { verified, WebhookReceiver } from "./support/webhook-receiver.ts";
import { eventually, startWorkerProcess } from "./support/worker.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

interface Endpoint {
  readonly id: string;
  readonly secret: string;
  readonly events: readonly string[] | null;
  readonly enabled: boolean;
  readonly disabledReason: string | null;
  readonly failingSince: string | null;
}

interface Delivery {
  readonly id: string;
  readonly endpoint: string;
  readonly type: string;
  readonly messageId: string;
  readonly status: string;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly lastAnswer: string | null;
  readonly nextAttemptAt: string | null;
  readonly lastAttemptAt: string | null;
}

const webhooks: NonNullable<System["webhooks"]> = {
  events: [
    { name: "Invoice.created", entity: "Invoice", action: "create" },
    { name: "Invoice.deleted", entity: "Invoice", action: "delete" },
    { name: "Invoice.pay", entity: "Invoice", action: "pay" },
    { name: "Invoice.updated", entity: "Invoice", action: "update" },
    { name: "Tenant.updated", entity: "Tenant", action: "update" },
  ],
  manage: ["billing"],
  privateHosts: ["127.0.0.1"],
};

let world: WorkflowWorld;
let client: pg.Client;
let receiver: WebhookReceiver;
let paths = 0;

beforeAll(async () => {
  world = await WorkflowWorld.make();
  client = world.client;
  receiver = await WebhookReceiver.start();
  await world.build([], { webhooks });
});
beforeEach(() => {
  receiver.received.length = 0;
});
afterEach(async () => {
  await world.stopWorker();
  await asWriter("delete from enginejs.webhook_endpoints");
});
afterAll(async () => {
  await receiver.close();
  await world.end();
});

/** As who owns the tables: what only a clock or the platform would do. */
async function asWriter(text: string, values: unknown[] = []): Promise<void> {
  await client.query("set role enginejs_writer");
  await client.query(text, values).finally(() => client.query("reset role"));
}

/** One answer of a function, as a member of the tenant. */
async function as<T>(user: string, call: string, values: unknown[] = [], tenant = ids.tenant): Promise<T> {
  await client.query("begin");
  try {
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'test')", [user, tenant]);
    const { rows } = await client.query<{ answer: T }>(`select ${call} as answer`, values);
    await client.query("commit");
    return rows[0]?.answer as T;
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

const manage = <T>(call: string, values: unknown[] = []) => as<T>(ids.biller, call, values);

/** A new endpoint at a path of its own. */
async function endpointAt(
  answer: Parameters<WebhookReceiver["answers"]["set"]>[1] = 200,
  events: string[] | null = ["Invoice.created"],
) {
  paths += 1;
  const path = `/hook-${paths}`;
  receiver.answers.set(path, answer);
  const made = await manage<Endpoint>("enginejs.create_webhook_endpoint($1, $2)", [receiver.url(path), events]);
  return { ...made, path };
}

const endpoint = async (id: string) => {
  const { rows } = await client.query<{ e: Endpoint }>(
    "select e from enginejs.list_webhook_endpoints() e where e ->> 'id' = $1",
    [id],
  );
  return rows[0]?.e as Endpoint;
};

async function deliveries(of: string): Promise<Delivery[]> {
  const { rows } = await client.query<{ d: Delivery }>(
    "select d from enginejs.list_webhook_deliveries($1, first => 1000) d",
    [of],
  );
  return rows.map(({ d }) => d);
}

/** The one delivery of an endpoint, once it is as asked. */
const delivery = (of: string, is: (delivery: Delivery) => boolean) =>
  eventually("a delivery as asked", async () => (await deliveries(of)).find(is));

const posts = (path: string, count = 1) =>
  eventually(`${count} posts to ${path}`, async () => receiver.at(path).length >= count && receiver.at(path));

/** The next attempt is due now, however long it would be. */
const jump = (of: string) =>
  asWriter(
    "update enginejs.webhook_deliveries set next_attempt_at = clock_timestamp() where endpoint_id = $1 and status = 'pending' and worker is null",
    [of],
  );

let numbers = 0;
const invoice = () => makeInvoice(client, `hook-${++numbers}`);

describe("what is posted", () => {
  it("is the event as Standard Webhooks have it, signed so that their own library accepts it", async () => {
    const { id, path, secret } = await endpointAt();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    await world.startWorker();
    const made = await invoice();
    const [received] = await posts(path);
    if (received === undefined) throw new Error("nothing was posted");
    const sent = verified(secret, received);
    expect(sent).toEqual({
      type: "Invoice.created",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      data: {
        id: made,
        after: expect.objectContaining({ id: made, tenantId: ids.tenant, customerId: ids.customer, status: "sent" }),
      },
    });
    expect(Object.keys(sent as object)).toEqual(["type", "timestamp", "data"]);
    // The names of the API, none of columns, and no field that has a table of its own.
    const { after } = (sent as { data: { after: Record<string, unknown> } }).data;
    const entity = world.system.entities.find(({ name }) => name === "Invoice");
    const stored =
      entity?.fields.filter(({ storage }) => storage.kind === "column" || storage.kind === "generated") ?? [];
    const names = stored.map(({ name, type }) => (type.kind === "one" ? `${name}Id` : name));
    expect(Object.keys(after).sort()).toEqual(names.sort());
    expect(received.headers["content-type"]).toBe("application/json");
    expect(await delivery(id, ({ status }) => status === "delivered")).toMatchObject({
      attempts: 1,
      lastStatus: 200,
      lastAnswer: "thank you",
    });
    expect(() => verified(secret, { ...received, body: received.body.replace("sent", "paid") })).toThrow();
  });

  it("holds what was before and what has changed, of updates and actions", async () => {
    const { path, secret } = await endpointAt(200, ["Invoice.pay", "Invoice.updated", "Invoice.deleted"]);
    await world.startWorker();
    const paid = await world.paid();
    const [pay] = await posts(path);
    if (pay === undefined) throw new Error("nothing was posted");
    expect(verified(secret, pay)).toMatchObject({
      type: "Invoice.pay",
      data: {
        id: paid,
        before: { status: "sent" },
        after: { status: "paid" },
        changed: expect.arrayContaining(["status"]),
      },
    });
    await client.query("update app.invoice set customer_id = customer_id, number = 'renamed' where id = $1", [paid]);
    const [, update] = await posts(path, 2);
    if (update === undefined) throw new Error("nothing was posted");
    expect(verified(secret, update)).toMatchObject({
      type: "Invoice.updated",
      data: { changed: ["number"], after: { number: "renamed" } },
    });
  });

  it("is nothing where only a field has changed that not everybody may read", async () => {
    const { id, path, secret } = await endpointAt(200, ["Invoice.updated"]);
    await world.startWorker();
    const made = await invoice();
    await client.query("update app.invoice_margin set margin = 7 where id = $1", [made]);
    await client.query("update app.invoice set number = 'seen' where id = $1", [made]);
    const [received] = await posts(path);
    if (received === undefined) throw new Error("nothing was posted");
    expect(verified(secret, received)).toMatchObject({ data: { changed: ["number"], after: { number: "seen" } } });
    await delivery(id, ({ status }) => status === "delivered");
    const { rows } = await client.query(
      "select changed from enginejs.workflow_events where record_id = $1 and action = 'update' order by id",
      [made],
    );
    expect(rows).toEqual([{ changed: ["margin"] }, { changed: ["number"] }]);
    expect(await deliveries(id)).toHaveLength(1);
  });

  it("names keys and changed fields only, where the payload is larger than 64 KB", async () => {
    const { path, secret } = await endpointAt(200, ["Invoice.updated"]);
    await world.startWorker();
    const made = await invoice();
    await client.query("update app.invoice set number = repeat('x', 70000) where id = $1", [made]).catch(async () => {
      // The number has a longest length: whatever the model says, the log's own form is what counts.
      await asWriter(
        `with e as (
           insert into enginejs.workflow_events_current (model, action, record_id, before, after, changed, truncated)
           values ('Invoice', 'update', $1, $2, $2, '{number}', true) returning id, segment
         ) insert into enginejs.workflow_events_pending (event_id, segment, model, action) select id, segment, 'Invoice', 'update' from e`,
        [made, { tenant_id: ids.tenant, id: made }],
      );
    });
    const [received] = await posts(path);
    if (received === undefined) throw new Error("nothing was posted");
    const key = { id: made, tenantId: ids.tenant };
    expect(verified(secret, received)).toMatchObject({
      data: { id: made, before: key, after: key, changed: ["number"], truncated: true },
    });
    expect(received.body.length).toBeLessThan(1_000);
  });

  it("goes to the endpoints of the row's tenant that chose the event, once each, and starts workflows as ever", async () => {
    const chosen = await endpointAt(200, ["Invoice.created", "Invoice.created"]);
    const all = await endpointAt(200, null);
    const other = await endpointAt(200, ["Invoice.deleted"]);
    const off = await endpointAt(200, null);
    await manage("enginejs.update_webhook_endpoint($1, $2)", [off.id, { enabled: false }]);
    const foreign = await client.query<{ e: Endpoint }>(
      "select enginejs.create_webhook_endpoint($1, null, null, $2) as e",
      [receiver.url("/foreign"), ids.otherTenant],
    );
    const onCreate = { kind: "model", entity: "Invoice", event: "create" } as const;
    await world.start(
      [
        workflowOf({
          name: "beside",
          trigger: onCreate,
          as: "system",
          nodes: [{ id: "note", kind: "log", level: "info", message: '"made"', values: {} }],
        }),
      ],
      {},
      { webhooks },
    );
    const made = await invoice();
    await world.ended("beside", made);
    await posts(chosen.path);
    await posts(all.path);
    // A tenant is told of itself, whoever changes it.
    await client.query("update app.tenant set name = name || '!' where id = $1", [ids.otherTenant]);
    const [told] = await posts("/foreign");
    expect(JSON.parse(told?.body ?? "{}")).toMatchObject({ type: "Tenant.updated", data: { id: ids.otherTenant } });
    await delivery(all.id, ({ status }) => status === "delivered");
    expect((await deliveries(chosen.id)).map(({ type }) => type)).toEqual(["Invoice.created"]);
    expect((await deliveries(all.id)).map(({ type }) => type)).toEqual(["Invoice.created"]);
    expect(await deliveries(other.id)).toEqual([]);
    expect(await deliveries(off.id)).toEqual([]);
    expect((await deliveries(foreign.rows[0]?.e.id ?? "")).map(({ type }) => type)).toEqual(["Tenant.updated"]);
    // One event, one body, one id, however many endpoints.
    const [[a], [b]] = [await deliveries(chosen.id), await deliveries(all.id)];
    expect(a?.messageId).toBe(b?.messageId);
    await world.build([], { webhooks });
  });

  it("is also a queue's message: in the tenant that it was published in, and nowhere without one", async () => {
    const queued = { name: "stock-moves", queue: "stock-moves" };
    const change = {
      webhooks: { ...webhooks, events: [...webhooks.events, queued] },
      queues: [{ name: "stock-moves", publishers: ["billing"] }, { name: "kept" }],
    };
    await world.build([], change);
    const chosen = await endpointAt(200, ["stock-moves"]);
    const all = await endpointAt(200, null);
    const other = await endpointAt(200, ["Invoice.created"]);
    const { rows: foreign } = await client.query<{ e: Endpoint }>(
      "select enginejs.create_webhook_endpoint($1, null, null, $2) as e",
      [receiver.url("/theirs"), ids.otherTenant],
    );
    const publish = "enginejs.publish('stock-moves', $1)";
    const message = { pieces: 3, note: `it's "$$" \\ \u{1F980}`, after: { tenant_id: ids.otherTenant } };
    const id = await as<string>(ids.biller, publish, [JSON.stringify(message)]);
    await as(ids.biller, publish, [JSON.stringify({ large: "x".repeat(70_000) })]);
    // Nobody's tenant: whoever builds, the system of no tenant, an actor of a form that no tenant has.
    await client.query(`select ${publish}`, [JSON.stringify({ nobody: 1 })]);
    for (const tenant of ["", "not-a-tenant", `${ids.otherTenant} `])
      await asWriter("select enginejs.workflow_publish('stock-moves', '{}', $1)", [
        { kind: "system", id: null, tenant },
      ]);
    await asWriter("select enginejs.workflow_publish('kept', '{}', $1)", [{ kind: "system", tenant: ids.tenant }]);
    // As the system of the other tenant: there, and not here.
    await asWriter("select enginejs.workflow_publish('stock-moves', '{\"theirs\": true}', $1)", [
      { kind: "system", id: null, tenant: ids.otherTenant },
    ]);
    await world.startWorker();
    const received = await posts(chosen.path, 2);
    await posts(all.path, 2);
    const [theirs] = await posts("/theirs");
    const sent = received.map((one) => verified(chosen.secret, one));
    expect(sent).toContainEqual({
      type: "stock-moves",
      timestamp: expect.any(String),
      data: { id, message },
    });
    expect(sent).toContainEqual(expect.objectContaining({ data: { id: expect.any(String), truncated: true } }));
    expect(JSON.parse(theirs?.body ?? "{}")).toMatchObject({
      type: "stock-moves",
      data: { message: { theirs: true } },
    });
    await eventually(
      "taken",
      async () => (await client.query("select from enginejs.workflow_events_pending")).rowCount === 0,
    );
    expect(await deliveries(chosen.id)).toHaveLength(2);
    expect(await deliveries(all.id)).toHaveLength(2);
    expect(await deliveries(other.id)).toEqual([]);
    expect(await deliveries(foreign[0]?.e.id ?? "")).toHaveLength(1);
    // A queue that nobody receives from, webhooks neither, keeps its messages.
    const { rows: kept } = await client.query("select queue, messages, kept from enginejs.workflow_queue_backlog");
    expect(kept).toEqual([{ queue: "kept", messages: "1", kept: "1" }]);
    await world.build([], { webhooks });
  });

  it("costs an event that is not offered nothing, and one that nobody wants no body", async () => {
    await world.startWorker();
    const { rows: offered } = await client.query(
      "select enginejs.workflow_subscribed('Customer', 'update') as customer, enginejs.workflow_subscribed('Invoice', 'create') as invoice",
    );
    expect(offered).toEqual([{ customer: false, invoice: true }]);
    await invoice();
    await eventually(
      "taken",
      async () => (await client.query("select from enginejs.workflow_events_pending")).rowCount === 0,
    );
    expect((await client.query("select from enginejs.webhook_deliveries")).rowCount).toBe(0);
  });
});

describe("what does not arrive", () => {
  it("is posted again by the schedule, the same id and body each time, and then is a dead letter", async () => {
    const { id, path, secret } = await endpointAt(500);
    await world.startWorker();
    await invoice();
    const schedule = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    for (const [i, seconds] of schedule.entries()) {
      const { nextAttemptAt, lastAttemptAt } = await delivery(
        id,
        ({ attempts, lastStatus, status }) =>
          status === "pending" && attempts === i + 1 && lastStatus === 500 && receiver.at(path).length === i + 1,
      );
      const wait = (Date.parse(nextAttemptAt ?? "") - Date.parse(lastAttemptAt ?? "")) / 1_000;
      expect(wait).toBeGreaterThan(seconds * 0.9 - 1);
      expect(wait).toBeLessThan(seconds * 1.1 + 15);
      // lastStatus is that of the attempt before until the next one is recorded.
      await asWriter("update enginejs.webhook_deliveries set last_status = null where endpoint_id = $1", [id]);
      await jump(id);
    }
    expect(await delivery(id, ({ status }) => status === "failed")).toMatchObject({
      attempts: 10,
      lastStatus: 500,
      lastError: "answers 500",
    });
    const received = receiver.at(path);
    expect(received).toHaveLength(10);
    expect(new Set(received.map(({ headers, body }) => `${headers["webhook-id"]} ${body}`)).size).toBe(1);
    for (const one of received) verified(secret, one);
    expect(await endpoint(id)).toMatchObject({ enabled: true, failingSince: expect.any(String) });

    // Delivered once more it goes the same way from the start, and a success ends the endpoint's failing.
    receiver.answers.set(path, 204);
    const [dead] = await deliveries(id);
    await manage("enginejs.redeliver_webhook($1)", [dead?.id]);
    expect(await delivery(id, ({ status }) => status === "delivered")).toMatchObject({ attempts: 1, lastStatus: 204 });
    expect(receiver.at(path)).toHaveLength(11);
    expect(receiver.at(path)[10]?.headers["webhook-id"]).toBe(received[0]?.headers["webhook-id"]);
    expect((await endpoint(id)).failingSince).toBeNull();
  });

  it("waits as long as Retry-After asks for", async () => {
    const { id } = await endpointAt((response) => response.writeHead(429, { "retry-after": "3600" }).end());
    await world.startWorker();
    await invoice();
    const { nextAttemptAt, lastAttemptAt } = await delivery(id, ({ lastStatus }) => lastStatus === 429);
    const wait = Date.parse(nextAttemptAt ?? "") - Date.parse(lastAttemptAt ?? "");
    expect(wait).toBeGreaterThanOrEqual(3_600_000);
    expect(wait).toBeLessThan(3_700_000);
    const now = Date.parse("2026-11-20T10:00:00Z");
    expect(secondsOf("Fri, 20 Nov 2026 10:02:00 GMT", now)).toBe(120);
    expect(secondsOf("Fri, 20 Nov 2020 10:02:00 GMT", now)).toBe(0);
    // The old forms of HTTP's dates, in UTC whatever the machine's zone; what is far away is far away.
    expect(secondsOf("Friday, 20-Nov-26 10:02:00 GMT", now)).toBe(120);
    expect(secondsOf("Fri Nov 20 10:02:00 2026", now)).toBe(120);
    expect(["99999999999", "Fri, 20 Nov 2099 10:02:00 GMT"].map((text) => secondsOf(text, now))).toEqual([1e9, 1e9]);
    expect(["-1", "1e3", "soon", "", "2026-11-20"].map((text) => secondsOf(text, now))).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  it("switches the endpoint off where it answers 410, and what waits for it becomes dead letters", async () => {
    const { id, path } = await endpointAt(500);
    await world.startWorker();
    await invoice();
    await delivery(id, ({ lastStatus }) => lastStatus === 500);
    receiver.answers.set(path, 410);
    await invoice();
    await delivery(id, ({ lastStatus }) => lastStatus === 410);
    expect(await endpoint(id)).toMatchObject({ enabled: false, disabledReason: "gone" });
    expect((await deliveries(id)).map(({ status }) => status)).toEqual(["failed", "failed"]);
    // Nothing is made for it while it is off, and nothing can be asked of it.
    await invoice();
    await eventually(
      "taken",
      async () => (await client.query("select from enginejs.workflow_events_pending")).rowCount === 0,
    );
    expect(await deliveries(id)).toHaveLength(2);
    await expect(manage("enginejs.redeliver_failed_webhooks($1)", [id])).rejects.toMatchObject({ code: "EJ409" });
    await expect(manage("enginejs.send_test_webhook($1)", [id])).rejects.toMatchObject({ code: "EJ409" });
    // On again, all that failed goes out.
    receiver.answers.set(path, 200);
    await manage("enginejs.update_webhook_endpoint($1, $2)", [id, { enabled: true }]);
    expect(await manage("enginejs.redeliver_failed_webhooks($1, $2)", [id, new Date(Date.now() - 60_000)])).toBe(2);
    await eventually("both arrive", async () => (await deliveries(id)).every(({ status }) => status === "delivered"));
    expect(await endpoint(id)).toMatchObject({ enabled: true, disabledReason: null, failingSince: null });
  });

  it("switches the endpoint off after five days without a success", async () => {
    const { id, path } = await endpointAt(503);
    await world.startWorker();
    await invoice();
    await delivery(id, ({ lastStatus }) => lastStatus === 503);
    await asWriter(
      "update enginejs.webhook_endpoints set failing_since = clock_timestamp() - interval '5 days 1 minute' where id = $1",
      [id],
    );
    await jump(id);
    await posts(path, 2);
    await delivery(id, ({ attempts, status }) => attempts === 2 && status === "pending");
    // One failure after quiet days is no reason: its third attempt is.
    expect((await endpoint(id)).enabled).toBe(true);
    await jump(id);
    await delivery(id, ({ status }) => status === "failed");
    expect(await endpoint(id)).toMatchObject({ enabled: false, disabledReason: "failing" });
    const { rows } = await client.query(
      "select kind from enginejs.administration_log where kind like 'webhook.%' order by id desc limit 1",
    );
    expect(rows).toEqual([{ kind: "webhook.disable" }]);
  });

  it("holds up no other endpoint: one that never answers, with a crowd waiting for it", async () => {
    const dead = await endpointAt(() => undefined);
    const live = await endpointAt();
    await world.startWorker();
    await client.query(
      `insert into app.invoice (tenant_id, number, owner_id, customer_id, status)
       select $1, 'crowd-' || i, $2, $3, 'sent' from generate_series(1, 40) i`,
      [ids.tenant, ids.biller, ids.customer],
    );
    // Each post to the dead one takes 15 seconds, eight at a time, and then one at a time: ten minutes for all of them.
    await eventually(
      "all to the living one",
      async () => (await deliveries(live.id)).filter(({ status }) => status === "delivered").length === 40,
      120,
    );
    expect((await deliveries(dead.id)).filter(({ status }) => status === "pending")).toHaveLength(40);
    expect(receiver.most.get(dead.path)).toBeLessThanOrEqual(8);
    expect(receiver.most.get(live.path)).toBeLessThanOrEqual(8);
    await world.stopWorker();
  });

  it("follows no redirect", async () => {
    const { id } = await endpointAt((response) =>
      response.writeHead(307, { location: receiver.url("/elsewhere") }).end(),
    );
    await world.startWorker();
    await invoice();
    expect(await delivery(id, ({ lastStatus }) => lastStatus === 307)).toMatchObject({
      lastError: "answers 307: redirects are not followed",
    });
    expect(receiver.at("/elsewhere")).toEqual([]);
  });

  it("keeps 1 KB of an answer that never ends, and its status", async () => {
    const { id } = await endpointAt((response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write("ä\0".repeat(400)), 5);
      response.once("close", () => clearInterval(timer));
    });
    await world.startWorker();
    await invoice();
    const { lastAnswer } = await delivery(id, ({ status }) => status === "delivered");
    expect(Buffer.byteLength(lastAnswer ?? "")).toBeLessThanOrEqual(1_024);
    expect(lastAnswer).toMatch(/^ä+$/);
  });
});

describe("where it is posted", () => {
  it("is no private address, however it is written, unless the config names the host", async () => {
    const hostile = [
      "https://127.0.0.2/",
      "https://127.2/",
      "https://2130706434/",
      "https://0x7f.0.0.2/",
      "https://[::1]/",
      "https://[::ffff:127.0.0.1]/",
      "https://169.254.169.254/latest/meta-data/",
      "https://10.0.0.1:8443/",
      "https://localhost/",
      "https://0/",
    ];
    const made: string[] = [];
    for (const url of hostile) {
      made.push((await manage<Endpoint>("enginejs.create_webhook_endpoint($1, $2)", [url, ["Invoice.created"]])).id);
    }
    await world.startWorker();
    await invoice();
    for (const id of made) {
      const { lastError, lastStatus } = await delivery(id, ({ lastError }) => lastError !== null);
      // Nor does it say where a name leads.
      expect({ lastError, lastStatus }).toEqual({ lastError: "the URL leads to no public address", lastStatus: null });
    }
  });

  it("is an https URL: nothing else is taken", async () => {
    for (const url of [
      "http://example.com/",
      "ftp://example.com/",
      "file:///etc/passwd",
      "javascript:alert(1)",
      "example.com",
      "",
      "https://",
      "https:///x",
      "https://user:word@example.com/",
      "https://example.com@127.0.0.1/",
      "https://example.com/#part",
      "https://example.com/a b",
      "https://ex\nample.com/",
      "https://exämple.com/",
      "https:\\\\example.com\\",
      `https://example.com/${"x".repeat(2_050)}`,
      "http://127.0.0.1.example.com/",
      "https://example.com:port/",
    ]) {
      await expect(manage("enginejs.create_webhook_endpoint($1)", [url]), url).rejects.toMatchObject({ code: "EJ422" });
    }
    await expect(
      manage("enginejs.create_webhook_endpoint($1, $2)", ["https://example.com", ["Invoice.crated"]]),
    ).rejects.toMatchObject({
      code: "EJ422",
      message: expect.stringContaining('there is no event "Invoice.crated"; offered are: Invoice.created,'),
    });
    await expect(manage("enginejs.create_webhook_endpoint($1, $2)", ["https://example.com", []])).rejects.toMatchObject(
      { code: "EJ422" },
    );
    await expect(
      manage("enginejs.create_webhook_endpoint($1, $2, $3)", ["https://example.com", null, "x".repeat(501)]),
    ).rejects.toMatchObject({ code: "EJ422" });
  });
});

describe("secrets", () => {
  it("are rotated: both sign for a day, then the new one alone", async () => {
    const { id, path, secret } = await endpointAt();
    const rotated = await manage<Endpoint & { previousSecretUntil: string }>("enginejs.rotate_webhook_secret($1)", [
      id,
    ]);
    expect(rotated.secret).not.toBe(secret);
    const hours = (Date.parse(rotated.previousSecretUntil) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThan(24.1);
    await world.startWorker();
    await invoice();
    const [received] = await posts(path);
    if (received === undefined) throw new Error("nothing was posted");
    expect(verified(secret, received)).toEqual(verified(rotated.secret, received));
    expect(String(received.headers["webhook-signature"]).split(" ")).toHaveLength(2);
    // By the letter of the specification, besides.
    const signed = `${received.headers["webhook-id"]}.${received.headers["webhook-timestamp"]}.${received.body}`;
    const hmac = createHmac("sha256", Buffer.from(rotated.secret.slice(6), "base64"))
      .update(signed)
      .digest("base64");
    expect(String(received.headers["webhook-signature"]).split(" ")[0]).toBe(`v1,${hmac}`);

    await asWriter(
      "update enginejs.webhook_endpoints set previous_until = clock_timestamp() - interval '1 s' where id = $1",
      [id],
    );
    await invoice();
    const [, later] = await posts(path, 2);
    if (later === undefined) throw new Error("nothing was posted");
    verified(rotated.secret, later);
    expect(() => verified(secret, later)).toThrow();
    // One that has leaked counts no more at once.
    const { secret: newest } = await manage<Endpoint>("enginejs.rotate_webhook_secret($1, 0)", [id]);
    await invoice();
    const [, , last] = await posts(path, 3);
    if (last === undefined) throw new Error("nothing was posted");
    verified(newest, last);
    expect(() => verified(rotated.secret, last)).toThrow();
  });

  it("are read by nobody: not by SQL as an actor, not in lists, not in the administration log", async () => {
    const { id, secret } = await endpointAt();
    const { secret: newer } = await manage<Endpoint>("enginejs.rotate_webhook_secret($1)", [id]);
    for (const text of [
      "(select secret from enginejs.webhook_endpoints limit 1)",
      "(select to_jsonb(e) from enginejs.webhook_endpoints e limit 1)",
      "(select count(*) from enginejs.webhook_deliveries)",
      "(select body from enginejs.webhook_messages limit 1)",
      "(select c.secrets from enginejs.webhook_claim(1, 1, 1, 1) c limit 1)",
      "enginejs.webhook_new_secret()",
      "(select enginejs.webhook_find(gen_random_uuid()))",
      "enginejs.webhook_deliver('{1}', '{1}')",
      "enginejs.webhook_note('create', null, '{}')",
    ]) {
      await expect(manage(text), text).rejects.toMatchObject({ code: "42501" });
    }
    await manage("enginejs.update_webhook_endpoint($1, $2)", [id, { description: "changed" }]);
    const shown = JSON.stringify([
      await manage("(select jsonb_agg(e) from enginejs.list_webhook_endpoints() e)"),
      (await client.query("select detail from enginejs.administration_log where kind like 'webhook.%'")).rows,
    ]);
    for (const one of [secret, newer]) expect(shown).not.toContain(one.slice(6));
    expect(shown).toContain("changed");
    // Whoever builds sees everything of an endpoint but that.
    await client.query("set role enginejs_owner");
    await expect(client.query("select secret from enginejs.webhook_endpoints")).rejects.toMatchObject({
      code: "42501",
    });
    await client.query("select id, url from enginejs.webhook_endpoints");
    await client.query("reset role");
    const { rows } = await client.query(
      "select kind, detail ->> 'by' as by from enginejs.administration_log where kind like 'webhook.%' and tenant = $1 order by id desc limit 3",
      [ids.tenant],
    );
    expect(rows).toEqual(
      ["webhook.change", "webhook.rotate", "webhook.create"].map((kind) => ({ kind, by: ids.biller })),
    );
  });
});

describe("who manages", () => {
  it("is a member with a role for it, of his own tenant", async () => {
    const { id } = await endpointAt();
    await manage("enginejs.send_test_webhook($1)", [id]);
    const calls = [
      "(select jsonb_agg(e) from enginejs.list_webhook_endpoints() e)",
      "enginejs.webhook_event_types()",
      "(select jsonb_agg(d) from enginejs.list_webhook_deliveries() d)",
      "enginejs.create_webhook_endpoint('https://example.com')",
      `enginejs.update_webhook_endpoint('${id}', '{"url": "https://example.com"}')`,
      `enginejs.delete_webhook_endpoint('${id}')`,
      `enginejs.rotate_webhook_secret('${id}')`,
      `enginejs.redeliver_webhook('${id}')`,
      `enginejs.redeliver_failed_webhooks('${id}')`,
      `enginejs.send_test_webhook('${id}')`,
    ];
    for (const call of calls) {
      await expect(as(ids.member, call), call).rejects.toMatchObject({ code: "42501" });
      // In a tenant that he is no member of he is nobody.
      await expect(as(ids.biller, call, [], ids.otherTenant), call).rejects.toMatchObject({ code: "42501" });
    }
    // A manager of another tenant sees nothing of this one, and it looks as if it were not there.
    await client.query(
      "insert into app.membership (tenant_id, user_id, roles) values ($1, $2, '{billing}') on conflict do nothing",
      [ids.otherTenant, ids.member],
    );
    const elsewhere = <T>(call: string) => as<T>(ids.member, call, [], ids.otherTenant);
    expect(await elsewhere("(select count(*)::int from enginejs.list_webhook_endpoints())")).toBe(0);
    expect(await elsewhere("(select count(*)::int from enginejs.list_webhook_deliveries())")).toBe(0);
    await expect(
      elsewhere(`(select count(*)::int from enginejs.list_webhook_endpoints('${ids.tenant}'))`),
    ).rejects.toMatchObject({ code: "42501" });
    await expect(
      elsewhere(`enginejs.create_webhook_endpoint('https://example.com', null, null, '${ids.tenant}')`),
    ).rejects.toMatchObject({ code: "42501" });
    for (const call of calls.slice(4)) await expect(elsewhere(call), call).rejects.toMatchObject({ code: "EJ404" });
    expect(await endpoint(id)).toMatchObject({ enabled: true });
  });

  it("may have a hundred endpoints, and test each ten times a minute", async () => {
    const { id, path, secret } = await endpointAt();
    for (let i = 0; i < 10; i += 1) await manage("enginejs.send_test_webhook($1)", [id]);
    await expect(manage("enginejs.send_test_webhook($1)", [id])).rejects.toMatchObject({ code: "EJ409" });
    await world.startWorker();
    const received = await posts(path, 10);
    expect(received.map((one) => verified(secret, one))).toEqual(
      Array(10).fill(expect.objectContaining({ type: "webhook.test", data: { endpoint: id } })),
    );
    for (let i = 1; i < 100; i += 1) await manage("enginejs.create_webhook_endpoint($1)", [`https://example.com/${i}`]);
    await expect(manage("enginejs.create_webhook_endpoint('https://example.com')")).rejects.toMatchObject({
      code: "EJ409",
    });
  });
});

describe("a worker that dies", () => {
  it.each(["webhook:after-claim", "webhook:after-post", "webhook:after-record"])(
    "at %s: posted at least once, the same id, recorded once",
    async (point) => {
      const { id, path, secret } = await endpointAt();
      const doomed = startWorkerProcess(world.database, { ENGINEJS_FAILPOINT: point });
      await doomed.ready;
      await invoice();
      expect(await doomed.ended).toBe("SIGKILL");
      const killed = Date.now();
      await world.startWorker();
      expect(await delivery(id, ({ status }) => status === "delivered")).toMatchObject({
        attempts: point === "webhook:after-record" ? 1 : 2,
      });
      // As soon as it is declared dead, after some 3 seconds: its lease is 60.
      expect(Date.now() - killed).toBeLessThan(58_000);
      const received = receiver.at(path);
      expect(received).toHaveLength(point === "webhook:after-post" ? 2 : 1);
      expect(new Set(received.map(({ headers, body }) => `${headers["webhook-id"]} ${body}`)).size).toBe(1);
      for (const one of received) verified(secret, one);
    },
  );
});

describe("what is kept", () => {
  it("goes with its endpoint: seen by nobody at once, and without anybody who waits for it", async () => {
    const { id } = await endpointAt(500);
    await world.startWorker();
    await invoice();
    const { id: pending } = await delivery(id, ({ lastStatus }) => lastStatus === 500);
    await world.stopWorker();
    await manage("enginejs.delete_webhook_endpoint($1)", [id]);
    expect(await endpoint(id)).toBeUndefined();
    expect(await deliveries(id)).toEqual([]);
    for (const call of [
      `enginejs.redeliver_webhook('${pending}')`,
      `enginejs.rotate_webhook_secret('${id}')`,
      `enginejs.delete_webhook_endpoint('${id}')`,
    ]) {
      await expect(manage(call), call).rejects.toMatchObject({ code: "EJ404" });
    }
    const { rows } = await client.query(
      "select kind from enginejs.administration_log where kind like 'webhook.%' order by id desc limit 1",
    );
    expect(rows).toEqual([{ kind: "webhook.delete" }]);
    await asWriter("select enginejs.webhook_maintain('7 days', '90 days')");
    await client.query("set role enginejs_writer");
    const left = await client.query(
      "select from enginejs.webhook_endpoints where id = $1 union all select from enginejs.webhook_deliveries where endpoint_id = $1",
      [id],
    );
    await client.query("reset role");
    expect(left.rowCount).toBe(0);
  });

  it("goes when it is old: delivered ones with their bodies, dead letters later, and what an endpoint leaves", async () => {
    const done = await endpointAt();
    const dead = await endpointAt(410);
    await world.startWorker();
    await invoice();
    await delivery(done.id, ({ status }) => status === "delivered");
    await delivery(dead.id, ({ status }) => status === "failed");
    await world.stopWorker();
    await asWriter("update enginejs.webhook_deliveries set finished_at = finished_at - interval '8 days'");
    const maintain = () => asWriter("select enginejs.webhook_maintain('7 days', '90 days')");
    const messages = async () =>
      (
        await client.query(
          "select from enginejs.webhook_messages m where exists (select from enginejs.webhook_deliveries d where d.message_id = m.id)",
        )
      ).rowCount;
    await maintain();
    expect([await deliveries(done.id), (await deliveries(dead.id)).length, await messages()]).toEqual([[], 1, 1]);
    await asWriter("update enginejs.webhook_deliveries set finished_at = finished_at - interval '83 days'");
    await asWriter("update enginejs.webhook_messages set created_at = created_at - interval '91 days'");
    await maintain();
    expect(
      (await client.query("select from enginejs.webhook_deliveries union all select from enginejs.webhook_messages"))
        .rowCount,
    ).toBe(0);
  });
});
