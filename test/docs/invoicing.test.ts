/** The workflows of examples/invoicing with their own task files: what they send, wait for, ask and undo. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool } from "../../src/database/pool.ts";
import { loadTasks } from "../../src/project/load-tasks.ts";
import { currentBuild } from "../../src/tasks/build.ts";
import { Definitions } from "../../src/tasks/definitions.ts";
import { startWorkflow } from "../../src/tasks/index.ts";
import { startAtMoments } from "../../src/tasks/scheduler-moments.ts";
import { asUser, ids } from "../tasks/support/invoicing-database.ts";
import { eventually } from "../tasks/support/worker.ts";
import { WorkflowWorld } from "../tasks/support/workflow-world.ts";

const example = join(import.meta.dirname, "../../examples/invoicing");
const folder = mkdtempSync(join(tmpdir(), "invoicing-"));
const iban = "DE89370400440532013000";
const colleague = "00000000-0000-7000-8000-000000000013";

let world: WorkflowWorld;
let client: pg.Client;
beforeAll(async () => {
  process.env.MAIL_FOLDER = join(folder, "mail");
  process.env.BANK_FOLDER = join(folder, "bank");
  world = await WorkflowWorld.make();
  client = world.client;
  await client.query(`insert into app."user" (id, name, email) values ('${colleague}', 'Colleague', 'c@example.com')`);
  await client.query(
    `insert into app.membership (tenant_id, user_id, roles) values ('${ids.tenant}', '${colleague}', '{billing}')`,
  );
  await world.startWorker(Object.fromEntries(await loadTasks(example)));
});
afterAll(async () => {
  await world?.end();
  rmSync(folder, { recursive: true, force: true });
  delete process.env.MAIL_FOLDER;
  delete process.env.BANK_FOLDER;
});

const filesOf = (name: "mail" | "bank"): string[] => {
  try {
    return readdirSync(join(folder, name)).map((file) => readFileSync(join(folder, name, file), "utf8"));
  } catch {
    return [];
  }
};
/** Mails in which all of these words stand. */
const mails = (...words: string[]) => filesOf("mail").filter((text) => words.every((word) => text.includes(word)));
const orders = () => filesOf("bank").map((text) => JSON.parse(text) as { id: string; amount: number; name: string });

/** An invoice that is paid, with one line; the receipt's mail follows. */
const paid = () => world.paid();

/** Asked for as somebody; the refund's id. */
const requested = (invoice: string, amount: number, by = ids.biller, to = iban): Promise<string> =>
  asUser(client, by, async () => {
    const { rows } = await client.query<{ id: string }>(
      "insert into app.refund (invoice_id, amount, iban, reason) values ($1, $2, $3, 'broken') returning id",
      [invoice, amount, to],
    );
    return rows[0]?.id ?? "";
  });
const statusOf = async (refund: string): Promise<string> =>
  (await client.query("select status from app.refund where id = $1", [refund])).rows[0].status;

/** As the server takes in `POST /webhooks/bank` whose signature is right. */
let deliveries = 0;
const bankReports = (report: { transfer: string; executed: boolean; reason?: string }) =>
  client.query("select enginejs.receive_webhook('bank', $1, $2, now(), interval '5 min')", [
    `delivery-${++deliveries}`,
    JSON.stringify(report),
  ]);
const decide = (by: string, run: string, approve: boolean) =>
  asUser(client, by, () => client.query("select enginejs.workflow_decide($1, 'secondPair', $2)", [run, approve]));

describe("a refund", () => {
  test("small: ordered from the bank, paid when the bank says so, and the customer is told", async () => {
    const refund = await requested(await paid(), 300);
    const run = await world.parked("refund", refund);
    expect(run.waiting_for).toMatchObject([{ kind: "signal", name: "transfer-reported" }]);
    const [order] = orders();
    expect(order).toMatchObject({ amount: 300, name: "Customer" });
    expect(await statusOf(refund)).toBe("requested");
    await bankReports({ transfer: order?.id ?? "", executed: true });
    expect(await world.ended("refund", refund)).toMatchObject({ status: "done", error: null });
    expect(await statusOf(refund)).toBe("paid");
    expect(mails("customer@example.com", "The refund of 3.00 is paid")).toHaveLength(1);
    await eventually("bookkeeping's mail", async () => mails("Please book -3.00 for invoice inv-1").length === 1);
  });

  test("large: somebody of billing decides, and not whoever asked for it", async () => {
    const first = await largeInvoice();
    const refund = await requested(first, 60_000);
    const { id } = await world.parked("refund", refund);
    await expect(decide(ids.biller, id, true)).rejects.toMatchObject({ code: "42501" });
    await expect(decide(ids.member, id, true)).rejects.toMatchObject({ code: "42501" });
    const { rows } = await asUser(client, colleague, () =>
      client.query("select question, data from enginejs.workflow_approvals()"),
    );
    expect(rows).toMatchObject([{ question: "Pay this back?", data: { amount: 60_000, reason: "broken" } }]);
    await decide(colleague, id, true);
    const waiting = await world.until("refund", refund, (run) => run.waiting_for?.[0]?.kind === "signal");
    const { key } = (
      await client.query("select key from enginejs.workflow_waits where run_id = $1 and kind = 'signal'", [waiting.id])
    ).rows[0];
    await bankReports({ transfer: key, executed: true });
    expect(await world.ended("refund", refund)).toMatchObject({ status: "done" });

    // What is paid back already is seen by the next one: 600 of 1,000 are gone.
    const second = await requested(first, 45_000);
    expect(await world.ended("refund", second)).toMatchObject({ status: "done" });
    expect(await statusOf(second)).toBe("refused");
    expect(mails("biller@example.com", "The refund of 450.00 is refused")).toHaveLength(1);
  });

  test("large and refused: nothing is ordered", async () => {
    const before = orders().length;
    const refund = await requested(await largeInvoice(), 70_000);
    const { id } = await world.parked("refund", refund);
    await decide(colleague, id, false);
    expect(await world.ended("refund", refund)).toMatchObject({ status: "done" });
    expect(await statusOf(refund)).toBe("refused");
    expect(orders()).toHaveLength(before);
  });

  test("that the bank does not execute: the order is taken back", async () => {
    const known = orders().map(({ id }) => id);
    const refund = await requested(await paid(), 500);
    await world.parked("refund", refund);
    const order = orders().find(({ id }) => !known.includes(id));
    await bankReports({ transfer: order?.id ?? "", executed: false, reason: "account closed" });
    expect(await world.ended("refund", refund)).toMatchObject({
      status: "failed",
      error: expect.stringContaining("the bank has not executed the transfer"),
    });
    expect(orders().map(({ id }) => id)).not.toContain(order?.id);
    expect(await statusOf(refund)).toBe("refused");
  });

  test("of an invoice follows the one before it", async () => {
    const invoice = await paid();
    const [first, second] = [await requested(invoice, 100), await requested(invoice, 200)];
    await world.parked("refund", first);
    const waiting = await world.parked("refund", second);
    expect(waiting.waiting_for).toMatchObject([{ kind: "turn" }]);
  });

  test("with an account that there is not fails at once", async () => {
    const refund = await requested(await paid(), 100, ids.biller, "DE00370400440532013000");
    expect(await world.ended("refund", refund)).toMatchObject({ status: "failed", attempts: 1 });
  });

  test("nobody settles it by hand", async () => {
    const refund = await requested(await paid(), 100);
    await expect(
      asUser(client, colleague, () => client.query("select app.settle_refund($1)", [refund])),
    ).rejects.toMatchObject({ code: "42501" });
  });
});

test("an invoice that is overdue: a reminder, two weeks, and a second one unless it is paid", async () => {
  const open = await dueTomorrow("due-1");
  const settled = await dueTomorrow("due-2");
  const pool = createPool(world.database.workerUrl, { max: 2, applicationName: "test scheduler" });
  try {
    const build = await currentBuild(pool);
    if (build === undefined) throw new Error("nothing is built");
    const log = { debug() {}, info() {}, error() {}, warn() {} };
    const { rows } = await client.query<{ later: string }>("select (now() + interval '3 days')::text as later");
    const own = await pool.connect();
    try {
      const scheduler = { definitions: new Definitions(pool), build: () => build, log };
      while (await startAtMoments(own, scheduler, rows[0]?.later ?? ""));
    } finally {
      own.release();
    }
  } finally {
    await pool.end();
  }
  const waiting = [await world.parked("invoice-reminder", open), await world.parked("invoice-reminder", settled)];
  expect(mails("Subject: Reminder: invoice due-1")).toHaveLength(1);
  for (const { id } of waiting) expect((await world.run("invoice-reminder", id))?.waiting_for?.[0]?.kind).toBe("timer");
  await asUser(client, ids.biller, () => client.query("select app.pay_invoice($1)", [settled]));
  // The two weeks are over.
  await client.query("update enginejs.workflow_waits set until = now() where run_id = any ($1)", [
    waiting.map(({ id }) => id),
  ]);
  await client.query("update enginejs.workflow_runs_parked set next_run_at = now() where id = any ($1)", [
    waiting.map(({ id }) => id),
  ]);
  expect(await world.ended("invoice-reminder", open)).toMatchObject({ status: "done" });
  expect(await world.ended("invoice-reminder", settled)).toMatchObject({ status: "done" });
  expect(mails("Subject: Second reminder: invoice due-1")).toHaveLength(1);
  expect(mails("Second reminder: invoice due-2")).toEqual([]);
});

test("the weekly statement: one mail a customer, with what is open", async () => {
  const run = await startWorkflow(client, "weekly-statement", { input: { scheduledFor: new Date() } });
  expect(await world.ended("weekly-statement", run)).toMatchObject({ status: "done" });
  await eventually("the mail", async () => mails("Your open invoices at First", "due-1").length === 1);
  expect(world.lines.find(({ message }) => message === "statements sent")?.fields).toMatchObject({ customers: 1 });
});

/** A paid one of 1,000.00. */
async function largeInvoice(): Promise<string> {
  const invoice = await paid();
  await client.query("update app.invoice_line set price = 100000 where invoice_id = $1", [invoice]);
  return invoice;
}

async function dueTomorrow(number: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `insert into app.invoice (tenant_id, number, owner_id, customer_id, status, due_at)
     values ($1, $2, $3, $4, 'sent', now() + interval '1 day') returning id`,
    [ids.tenant, number, ids.biller, ids.customer],
  );
  await client.query(
    "insert into app.invoice_line (tenant_id, invoice_id, description, price) values ($1, $2, 'work', 900)",
    [ids.tenant, rows[0]?.id],
  );
  return rows[0]?.id ?? "";
}
