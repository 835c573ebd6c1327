/** docs/workflows.md is a project: it is built, a worker runs it, and what the page says of it is looked at. */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderDiagnostics } from "../../src/cli/render-diagnostics.ts";
import { EngineError } from "../../src/errors/engine-error.ts";
import { loadProject } from "../../src/project/load-project.ts";
import { loadTasks } from "../../src/project/load-tasks.ts";
import { callWorkflow, type RunningWorker, signalWorkflow, startWorker, startWorkflow } from "../../src/tasks/index.ts";
import { verified, WebhookReceiver } from "../tasks/support/webhook-receiver.ts";
import { eventually } from "../tasks/support/worker.ts";
import { buildPage, type PageProject } from "./support/page-project.ts";

const text = readFileSync(join(import.meta.dirname, "../../docs/workflows.md"), "utf8");
const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const acme = id(1);
const people = { eva: id(11), max: id(12), sam: id(13) };

let page: PageProject;
let receiver: WebhookReceiver;
let client: pg.Client;
let worker: RunningWorker | undefined;
const lines: string[] = [];
beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  // The receiver of this test is on this machine.
  page = await buildPage("workflows", (system) => ({
    ...system,
    ...(system.webhooks && { webhooks: { ...system.webhooks, privateHosts: ["127.0.0.1"] } }),
  }));
  client = page.client;
  process.env.OUTBOX = join(page.folder, "outbox.jsonl");
  process.env.CHARGES = join(page.folder, "charges.jsonl");
  process.env.CARRIER_URL = receiver.url("/");
  process.env.CARRIER_KEY = "the carrier's key";
  for (const file of [process.env.OUTBOX, process.env.CHARGES]) writeFileSync(file, "");
  await client.query(`
    insert into app.tenant (id, name) values ('${acme}', 'Acme');
    insert into app."user" (id, name, email) values
      ('${people.eva}', 'Eva', 'eva@example.org'), ('${people.max}', 'Max', 'max@example.org'), ('${people.sam}', 'Sam', 'sam@example.org');
    insert into app.membership (tenant_id, user_id, roles) values
      ('${acme}', '${people.eva}', '{sales}'), ('${acme}', '${people.sam}', '{sales}'), ('${acme}', '${people.max}', '{}');
  `);
  const log = (message: string) => void lines.push(message);
  worker = await startWorker({
    url: page.database.administratorUrl,
    tasks: await loadTasks(page.folder),
    log: { debug: () => undefined, info: log, warn: log, error: log },
  });
});
afterAll(async () => {
  await worker?.stop();
  await receiver?.close();
  await page?.remove();
  delete process.env.OUTBOX;
  delete process.env.CHARGES;
  delete process.env.CARRIER_URL;
  delete process.env.CARRIER_KEY;
});

/** In one transaction as a person; what it gives. */
async function as(
  person: keyof typeof people,
  sql: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  await client.query("begin");
  try {
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'docs')", [
      people[person],
      acme,
    ]);
    const { rows } = await client.query(sql, values);
    await client.query("commit");
    return rows;
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

let orders = 0;
async function order(total = 500, email = `customer-${orders}@example.com`): Promise<string> {
  const [row] = await as("eva", "insert into app.orders (number, email, total) values ($1, $2, $3) returning id", [
    `o-${++orders}`,
    email,
    total,
  ]);
  return row?.id as string;
}
const pay = (order: string, reference = "card") => as("eva", "select app.pay_order($1, $2)", [order, reference]);

interface Run {
  readonly id: string;
  readonly status: string;
  readonly error: string | null;
  readonly output: unknown;
  readonly waiting_for: { kind: string }[] | null;
}
async function run(workflow: string, record: string): Promise<Run | undefined> {
  const { rows } = await client.query<Run>(
    `select r.id, r.status, r.error, r.output, r.waiting_for
     from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
     where r.workflow = $1 and (e.record_id = $2 or r.id = $2)`,
    [workflow, record],
  );
  return rows[0];
}
const until = (workflow: string, record: string, ...statuses: string[]): Promise<Run> =>
  eventually(`${workflow} ${statuses.join(" or ")}`, async () => {
    const found = await run(workflow, record);
    return found !== undefined && statuses.includes(found.status) && found;
  });

type Line = Record<string, unknown>;
const linesOf = (file: string | undefined): Line[] =>
  readFileSync(file ?? "", "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
const mails = () => linesOf(process.env.OUTBOX);

describe("docs/workflows.md", () => {
  test("its blocks are a whole project, and its types are right", async () => {
    expect(page.files.length).toBeGreaterThan(12);
    writeFileSync(join(page.folder, "generated.d.ts"), page.declarations);
    writeFileSync(
      join(page.folder, "tsconfig.json"),
      JSON.stringify({ extends: "../../../examples/invoicing/tsconfig.json", include: ["**/*.ts"] }),
    );
    const tsc = join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", page.folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
  });

  test("a misspelt field is said as the page says it", async () => {
    const file = join(page.folder, "domain/shipping.workflow.ts");
    const right = readFileSync(file, "utf8");
    writeFileSync(file, right.replace("label: record.number", "label: record.nummer"));
    const error = await loadProject(page.folder).then(
      () => undefined,
      (error: unknown) => error,
    );
    writeFileSync(file, right);
    expect(error).toBeInstanceOf(EngineError);
    const lines = renderDiagnostics((error as EngineError).diagnostics).split("\n");
    expect(lines.filter((line) => !text.includes(line))).toEqual([]);
  });

  test("its links lead to its headings", () => {
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\d -]/gu, "")
        .replace(/ /g, "-"),
    );
    for (const [, target = ""] of text.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(target);
  });

  test("a first workflow: a row and a mail, with the rights of whoever ships", async () => {
    const id = await order();
    await pay(id);
    await as("eva", "select app.ship_order($1)", [id]);
    expect(await until("parcel-on-ship", id, "done")).toMatchObject({ error: null });
    const { rows } = await client.query("select label from app.parcel where order_id = $1", [id]);
    expect(rows).toEqual([{ label: `o-${orders}` }]);
    expect(mails()).toContainEqual(expect.objectContaining({ subject: `o-${orders}`, text: `o-${orders}` }));
    const { rows: events } = await client.query(
      "select action, before ->> 'status' as before, after ->> 'status' as after from enginejs.workflow_events_outbox where record_id = $1 and action <> 'start' order by id",
      [id],
    );
    expect(events.slice(0, 2)).toEqual([
      { action: "create", before: null, after: "open" },
      { action: "pay", before: "open", after: "paid" },
    ]);
  });

  test("whoever may not, starts nothing", async () => {
    await expect(
      as("max", "select enginejs.start_workflow('close-month', '{\"month\": \"2026-11\"}')"),
    ).rejects.toThrow(/is not started by this actor/);
    await expect(
      as("eva", "select enginejs.start_workflow('close-month', '{\"month\": \"soon\"}')"),
    ).rejects.toMatchObject({ code: "EJ422", message: expect.stringContaining("month") });
    const [row] = await as("eva", "select enginejs.start_workflow('close-month', '{\"month\": \"2026-11\"}') as run");
    expect(await until("close-month", row?.run as string, "done")).toMatchObject({ error: null });
  });

  test("the steps in the database", async () => {
    const id = await order();
    await pay(id);
    expect(await until("overview", id, "done", "failed")).toMatchObject({ error: null });
    const { rows } = await client.query("select reminders from app.orders where id = $1", [id]);
    expect(rows).toEqual([{ reminders: 1 }]);
  });

  test("a plugin's step, with its secret from the worker's environment", async () => {
    receiver.answers.set("/pickups", (response, { body }) => response.end(`pickup of ${JSON.parse(body).parcel}`));
    const id = await order();
    const [row] = await as("eva", "insert into app.parcel (order_id, label) values ($1, 'plugin') returning id", [id]);
    const parcel = row?.id as string;
    const { id: found } = await until("pickup", parcel, "done");
    const { rows } = await client.query(
      "select output from enginejs.workflow_run_steps where run_id = $1 and step = 'book'",
      [found],
    );
    expect(rows).toEqual([{ output: { pickup: `pickup of ${parcel}` } }]);
    const posted = receiver.at("/pickups").find(({ body }) => body.includes(parcel));
    expect(posted?.headers).toMatchObject({
      authorization: "Bearer the carrier's key",
      "idempotency-key": `${found}:book`,
    });
    const { rows: builds } = await client.query("select ir::text as ir from enginejs.build");
    expect(builds.filter(({ ir }) => ir.includes("the carrier's key"))).toEqual([]);
    expect(builds[0]?.ir).toContain("carrier/book-pickup");
  });

  test("an error that another attempt would not mend ends at once", async () => {
    const id = await order();
    await as("eva", "select app.pay_order($1, null)", [id]);
    const failed = await until("payment", id, "failed");
    expect(failed.error).toContain("there is no card to charge");
    expect(mails().filter(({ to }) => to === "bank@example.com")).toEqual([]);
    const { rows } = await client.query("select from enginejs.workflow_dead_letters where run_id = $1", [failed.id]);
    expect(rows).toHaveLength(1);
  });

  test("what was done is undone", async () => {
    const id = await order(2_000_000);
    await pay(id);
    expect(await until("payment", id, "failed")).toMatchObject({ error: expect.stringContaining("more than we take") });
    const charges = linesOf(process.env.CHARGES).filter(({ amount }) => amount === 2_000_000);
    expect(charges).toHaveLength(1);
    expect(mails().filter(({ to }) => to === "bank@example.com")).toEqual([
      expect.objectContaining({ subject: "refund", text: charges[0]?.id }),
    ]);
  });

  test("a signal reaches the run that waits for it, through the webhook's workflow too", async () => {
    const id = await order();
    const [one, two] = await Promise.all([parcel(id), parcel(id)]);
    await until("delivery", one, "waiting");
    await until("delivery", two, "waiting");
    expect(await signalWorkflow(client, "parcel-reported", one, { state: "delivered" })).toBe(1);
    await client.query("select enginejs.receive_webhook('carrier', 'delivery-1', $1, now(), interval '5 min')", [
      JSON.stringify({ parcel: two, state: "lost" }),
    ]);
    await until("delivery", one, "done");
    await until("delivery", two, "done");
    const { rows } = await client.query("select label from app.parcel where id = $1", [one]);
    expect(rows).toEqual([{ label: "delivered" }]);
    expect(mails()).toContainEqual(expect.objectContaining({ to: "eva@example.org", text: "Where is it?" }));
  });

  test("a sleeping run says until when", async () => {
    const id = await order();
    expect((await until("remind", id, "waiting")).waiting_for).toMatchObject([{ kind: "timer", step: "grace" }]);
  });

  test("somebody else of sales decides", async () => {
    const id = await order();
    await as("eva", "select app.cancel_order($1)", [id]);
    const { id: waiting } = await until("second-pair", id, "waiting");
    const decide = (who: keyof typeof people) =>
      as(who, "select enginejs.workflow_decide($1, 'release', true, 'fine')", [waiting]);
    await expect(decide("eva")).rejects.toMatchObject({ code: "42501" });
    await expect(decide("max")).rejects.toMatchObject({ code: "42501" });
    const asked = await as("sam", "select question, data from enginejs.workflow_approvals()");
    expect(asked).toEqual([{ question: "Give the goods free?", data: { number: `o-${orders}`, total: 500 } }]);
    await decide("sam");
    await until("second-pair", id, "done");
    expect(mails()).toContainEqual(expect.objectContaining({ subject: `o-${orders}`, text: "cancelled" }));
  });

  test("many at once, and a workflow that waits for another", async () => {
    const email = "many@example.com";
    for (let n = 0; n < 3; n++) await order(500, email);
    const started = await startWorkflow(client, "both", { input: { email } });
    const done = await until("both", started, "done");
    expect(done.output).toMatchObject({ sent: 3 });
    expect(mails().filter(({ to, text }) => to === email && text === "open")).toHaveLength(3);
  });

  test("a queue's message reaches a workflow and a handler, once each; an action's event a handler", async () => {
    const id = await order();
    await pay(id);
    await as("eva", "select app.ship_order($1)", [id]);
    await until("stock-on-ship", id, "done");
    await eventually("both consumers", async () => mails().some(({ text }) => text === `-1 of ${id}`));
    const [row] = await as("eva", `select enginejs.publish('stock-moves', '{"order": "${id}", "pieces": 3}') as id`);
    await until("stock-count", row?.id as string, "done");
    await until("on-tell-warehouse", row?.id as string, "done");
    expect(mails().filter(({ text }) => text === `3 of ${id}`)).toHaveLength(1);
    await expect(
      as("eva", `select enginejs.publish('stock-moves', '{"order": "${id}", "pieces": "three"}')`),
    ).rejects.toThrow(/pieces/);
    await expect(
      as("max", `select enginejs.publish('stock-moves', '{"order": "${id}", "pieces": 3}')`),
    ).rejects.toMatchObject({ code: "42501" });
    const cancelled = await order();
    await as("eva", "select app.cancel_order($1)", [cancelled]);
    await until("on-tell-sales", cancelled, "done");
    expect(mails()).toContainEqual(expect.objectContaining({ text: `cancelled: o-${orders}` }));
  });

  test("an endpoint of the tenant gets the events that it asks for, signed", async () => {
    const create = "select enginejs.create_webhook_endpoint($1, array['Order.pay']) as made";
    await expect(as("max", create, [receiver.url("/hook")])).rejects.toMatchObject({ code: "42501" });
    const [row] = await as("eva", create, [receiver.url("/hook")]);
    const id = await order();
    await pay(id);
    const posted = await eventually("the post", async () => receiver.at("/hook")[0]);
    const { secret } = (row as { made: { secret: string } }).made;
    expect(verified(secret, posted)).toMatchObject({ type: "Order.pay", timestamp: expect.any(String) });
    expect(JSON.stringify(verified(secret, posted))).toContain(id);
    expect(receiver.at("/hook")).toHaveLength(1);
  });

  test("a call waits for what the workflow gives, and hears its errors by name", async () => {
    expect(await callWorkflow(client, "quote", { pieces: 2, price: 50 })).toMatchObject({ value: { total: 100 } });
    await expect(callWorkflow(client, "quote", { pieces: 2_000, price: 50 })).rejects.toThrow(/at most 1,000/);
    await expect(callWorkflow(client, "quote", { pieces: 0, price: 50 })).rejects.toThrow(/pieces/);
  });

  test("a process in JSON is a function: both rows or neither, and canonical", async () => {
    const take = (total: number) =>
      as("eva", "select app.orders_take($1) as result", [{ email: "p@example.com", number: `p-${total}`, total }]);
    expect(await take(700)).toEqual([
      { result: { output: "taken", value: { id: expect.any(String), number: "p-700" } } },
    ]);
    const { rows } = await client.query("select label from app.parcel where label = 'p-700'");
    expect(rows).toHaveLength(1);
    await expect(take(0)).rejects.toMatchObject({ code: "EJ422", message: "NothingToPay" });
    await expect(
      as("max", "select app.orders_take($1)", [{ email: "p", number: "p", total: 1 }]),
    ).rejects.toMatchObject({ code: "42501" });
  });

  test("what comes within the pause is one run", async () => {
    const runs: string[] = [];
    for (let n = 0; n < 3; n++) runs.push(await startWorkflow(client, "reindex", { input: { shelf: "a" } }));
    await until("reindex", runs[2] ?? "", "done");
    expect(lines.filter((line) => line === "reindexed")).toHaveLength(1);
  });
});

async function parcel(order: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    "insert into app.parcel (tenant_id, order_id) values ($1, $2) returning id",
    [acme, order],
  );
  return rows[0]?.id ?? "";
}
