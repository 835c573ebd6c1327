/** What workflows do, with a worker in this process. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { defineTask, type Log } from "../../src/dsl/task.ts";
import type { System, Workflow } from "../../src/model/index.ts";
import { NonRetryableError, type RunningWorker, startWorker } from "../../src/tasks/index.ts";
import {
  asUser,
  createInvoicingDatabase,
  type InvoicingDatabase,
  ids,
  loadInvoicing,
  makeInvoice,
  pay,
  recordBuild,
  workflowOf,
} from "./support/invoicing-database.ts";
import { eventually } from "./support/worker.ts";

let database: InvoicingDatabase;
let client: pg.Client;
let system: System;
let worker: RunningWorker | undefined;
const lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
const line =
  (level: string): Log["info"] =>
  (message, fields = {}) =>
    void lines.push({ level, message, fields });
const log: Log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };

const onPay = { kind: "model", entity: "Invoice", event: "action", action: "pay" } as const;
let numbers = 0;

beforeAll(async () => {
  database = await createInvoicingDatabase();
  client = await database.client();
  system = await loadInvoicing();
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  lines.length = 0;
});
afterAll(() => database.drop());

/** Builds the model with exactly these workflows and starts a worker with these tasks. */
async function start(workflows: readonly Workflow[], tasks: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await recordBuild(client, { ...system, workflows: [...workflows] });
  worker = await startWorker({ url: database.workerUrl, tasks: new Map(Object.entries(tasks)), log, patience: 3_000 });
}

const paid = async (user = ids.biller): Promise<string> => {
  numbers += 1;
  const invoice = await makeInvoice(client, `inv-${numbers}`);
  await pay(client, invoice, user);
  return invoice;
};

interface Outcome {
  readonly status: string;
  readonly attempts: number;
  readonly error: string | null;
  readonly next_run_at: Date | null;
}

/** The newest event of a record, once its status is no longer one of the unfinished. */
const settled = (record: string): Promise<Outcome> =>
  eventually(`an end for ${record}`, async () => {
    const outcome = await eventOf(record);
    return outcome !== undefined && ["done", "failed"].includes(outcome.status) ? outcome : undefined;
  });

async function eventOf(record: string): Promise<Outcome | undefined> {
  const { rows } = await client.query<Outcome>(
    `select status, attempts, error, next_run_at from enginejs.workflow_events_outbox
      where record_id = $1 order by id desc limit 1`,
    [record],
  );
  return rows[0];
}

describe("a run", () => {
  it("does its steps in order; later ones see the results of earlier ones, and the record as it is", async () => {
    const inputs: unknown[] = [];
    await start(system.workflows, {
      "send-receipt": defineTask({
        output: z.object({ messageId: z.string() }),
        run: async ({ input, event, actor, idempotencyKey }) => {
          inputs.push({ input, action: event.action, status: event.after?.status, actor, idempotencyKey });
          return { messageId: "m" };
        },
      }),
    });
    const invoice = await paid();
    expect(await settled(invoice)).toMatchObject({ status: "done", attempts: 1 });
    const { rows } = await client.query("select id, amount from app.receipt where invoice_id = $1", [invoice]);
    expect(rows).toEqual([{ id: expect.any(String), amount: "1000" }]);
    expect(inputs).toEqual([
      {
        input: { to: "customer@example.com", number: `inv-${numbers}`, amount: 1_000, receipt: rows[0].id },
        action: "pay",
        status: "paid",
        actor: { kind: "user", id: ids.biller, tenant: ids.tenant },
        idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}:mail$/),
      },
    ]);
    expect(lines.find(({ message }) => message === "receipt sent")?.fields).toMatchObject({ number: `inv-${numbers}` });
    // What the step wrote is an event itself, and says which run it came from.
    const { rows: caused } = await client.query(
      `select actor, origin ->> 'depth' as depth, origin ->> 'runId' as run, status from enginejs.workflow_events_outbox where record_id = $1`,
      [rows[0].id],
    );
    expect(caused).toEqual([
      {
        actor: { kind: "user", id: ids.biller, tenant: ids.tenant },
        depth: "1",
        run: expect.any(String),
        status: "done",
      },
    ]);
  });

  it("reads what a task returned, and what an update held before and after", async () => {
    await start(
      [
        workflowOf({
          name: "reads",
          trigger: { kind: "model", entity: "Invoice", event: "update" },
          as: "system",
          nodes: [
            {
              id: "mail",
              kind: "task",
              task: "send-receipt",
              input: { previous: "event.before.number", owner: "event.after.owner.id" },
            },
            {
              id: "say",
              kind: "log",
              level: "info",
              message: "sent",
              values: { message: "mail.messageId", total: "record.subtotal + 1", customer: "record.customer.name" },
            },
          ],
        }),
      ],
      { "send-receipt": defineTask({ run: ({ input }) => ({ messageId: JSON.stringify(input) }) }) },
    );
    const invoice = await makeInvoice(client, "inv-before");
    await client.query("update app.invoice set number = 'inv-after' where id = $1", [invoice]);
    expect(await settled(invoice)).toMatchObject({ status: "done" });
    expect(lines.find(({ message }) => message === "sent")?.fields).toMatchObject({
      message: JSON.stringify({ owner: ids.biller, previous: "inv-before" }),
      total: 1_001,
      customer: "Customer",
      step: "say",
      // Of a row that somebody wrote by hand, too.
      tenant: ids.tenant,
    });
  });

  it("is tried again with growing pauses, visibly, and then goes on where it was", async () => {
    let calls = 0;
    await start(
      [
        workflowOf({
          name: "again",
          trigger: onPay,
          retry: { attempts: 4, backoff: "exponential", initialMs: 1_000, maxMs: 10_000 },
          nodes: [
            { id: "receipt", kind: "crud.create", entity: "Receipt", values: { invoice: "record.id", amount: "7" } },
            { id: "call", kind: "task", task: "flaky", input: {} },
          ],
        }),
      ],
      {
        flaky: defineTask({
          run: () => {
            calls += 1;
            if (calls < 3) throw new Error(`no line ${calls}`);
          },
        }),
      },
    );
    const invoice = await paid();
    const waiting = await eventually("a pause", async () => {
      const event = await eventOf(invoice);
      return event?.next_run_at ? event : undefined;
    });
    expect(waiting).toMatchObject({ status: "processing", error: expect.stringContaining("no line") });
    expect(await settled(invoice)).toMatchObject({ status: "done", attempts: 3 });
    expect(calls).toBe(3);
    const { rows } = await client.query("select amount from app.receipt where invoice_id = $1", [invoice]);
    expect(rows).toEqual([{ amount: "7" }]);
    const pauses = lines.flatMap(({ message }) => /again in (\d+) ms/.exec(message)?.[1] ?? []).map(Number);
    expect(pauses).toHaveLength(2);
    expect(pauses[0]).toBeGreaterThanOrEqual(800);
    expect(pauses[0]).toBeLessThanOrEqual(1_200);
    expect(pauses[1]).toBeGreaterThanOrEqual(1_600);
    expect(pauses[1]).toBeLessThanOrEqual(2_400);
  });

  it("fails when its attempts are used up, and stands among the dead letters", async () => {
    await start(
      [
        workflowOf({
          name: "broken",
          trigger: onPay,
          nodes: [{ id: "call", kind: "task", task: "broken", input: {} }],
        }),
      ],
      { broken: defineTask({ run: () => Promise.reject(new Error("it never works")) }) },
    );
    const invoice = await paid();
    expect(await settled(invoice)).toMatchObject({ status: "failed", attempts: 3, error: "it never works" });
    const { rows } = await client.query(
      "select workflow, failed_step, error, attempts from enginejs.workflow_dead_letters where record_id = $1",
      [invoice],
    );
    expect(rows).toEqual([{ workflow: "broken", failed_step: "call", error: "it never works", attempts: 3 }]);
  });

  it.for([
    ["a NonRetryableError", () => Promise.reject(new NonRetryableError("no address")), "no address"],
    ["an output that does not fit", () => Promise.resolve({ messageId: 7 }), "EJS6004"],
  ] as const)("fails at once after %s", async ([, run, error]) => {
    await start(
      [workflowOf({ name: "final", trigger: onPay, nodes: [{ id: "call", kind: "task", task: "final", input: {} }] })],
      {
        final: defineTask({
          output: z.object({ messageId: z.string() }),
          run: run as () => Promise<{ messageId: string }>,
        }),
      },
    );
    const outcome = await settled(await paid());
    expect(outcome).toMatchObject({ status: "failed", attempts: 1, error: expect.stringContaining(error) });
  });

  it("fails at once when the input does not fit the task", async () => {
    await start(
      [
        workflowOf({
          name: "misfit",
          trigger: onPay,
          nodes: [{ id: "call", kind: "task", task: "misfit", input: { to: "record.number" } }],
        }),
      ],
      // A refinement may ask somebody, and answer later.
      {
        misfit: defineTask({
          input: z.object({ to: z.email().refine(async () => false, "is nobody") }),
          run: () => undefined,
        }),
      },
    );
    const outcome = await settled(await paid());
    expect(outcome).toMatchObject({ status: "failed", attempts: 1, error: expect.stringMatching(/EJS6003.*to: /) });
  });

  it("waits for a task that no worker has yet, and names the nearest", async () => {
    await start(
      [
        workflowOf({
          name: "late",
          trigger: onPay,
          retry: { attempts: 50, backoff: "fixed", initialMs: 100, maxMs: 100 },
          nodes: [{ id: "call", kind: "task", task: "send-mail", input: {} }],
        }),
      ],
      { "send-mial": defineTask({ run: () => undefined }) },
    );
    const invoice = await paid();
    await eventually("the reason", async () => (await eventOf(invoice))?.error?.includes('Did you mean "send-mial"?'));
    worker?.reload({ tasks: new Map([["send-mail", defineTask({ run: () => undefined })]]) });
    expect(await settled(invoice)).toMatchObject({ status: "done" });
  });

  it("calls plain graphile-worker task files, as steps and as jobs", async () => {
    const calls: unknown[] = [];
    await start(
      [
        workflowOf({
          name: "plain",
          trigger: onPay,
          nodes: [{ id: "call", kind: "task", task: "plain", input: { number: "record.number" } }],
        }),
      ],
      { plain: { default: async (payload: unknown) => void calls.push(payload) } },
    );
    expect(await settled(await paid())).toMatchObject({ status: "done" });
    await client.query("select graphile_worker.add_job('plain', '{\"n\": 1}')");
    await eventually("the job", async () => calls.length === 2);
    expect(calls).toEqual([{ number: `inv-${numbers}` }, { n: 1 }]);
  });
});

describe("the actor of a run", () => {
  const receipt = (name: string, as: Workflow["as"]) =>
    workflowOf({
      name,
      trigger: { kind: "model", entity: "Invoice", event: "update" },
      as,
      nodes: [{ id: "receipt", kind: "crud.create", entity: "Receipt", values: { invoice: "record.id", amount: "1" } }],
    });

  it("inherits: what a member may not do fails at once, and nothing of it is kept", async () => {
    await start([receipt("denied", "inherit")]);
    const invoice = await makeInvoice(client, "inv-denied");
    // Hers to edit, but only billing makes receipts.
    await client.query("update app.invoice set owner_id = $2 where id = $1", [invoice, ids.member]);
    await settled(invoice);
    await asUser(client, ids.member, () =>
      client.query("update app.invoice set number = 'inv-denied-2' where id = $1", [invoice]),
    );
    const outcome = await settled(invoice);
    expect(outcome).toMatchObject({
      status: "failed",
      attempts: 1,
      error: expect.stringContaining("may not create Receipt"),
    });
    expect((await client.query("select from app.receipt where invoice_id = $1", [invoice])).rows).toEqual([]);
  });

  it("inherits: an event of nobody fails at once", async () => {
    await start([receipt("nobody", "inherit")]);
    const invoice = await makeInvoice(client, "inv-nobody");
    await client.query("update app.invoice set number = 'inv-nobody-2' where id = $1", [invoice]);
    expect(await settled(invoice)).toMatchObject({
      status: "failed",
      attempts: 1,
      error: expect.stringContaining("EJS6001"),
    });
  });

  it("system: passes every policy, in the tenant of the record, also for an event of nobody", async () => {
    await start([receipt("system", "system")]);
    const invoice = await makeInvoice(client, "inv-system");
    await client.query("update app.invoice set number = 'inv-system-2' where id = $1", [invoice]);
    expect(await settled(invoice)).toMatchObject({ status: "done" });
    const { rows } = await client.query("select tenant_id, amount from app.receipt where invoice_id = $1", [invoice]);
    expect(rows).toEqual([{ tenant_id: ids.tenant, amount: "1" }]);
  });

  it("is who a task's query runs as, under row level security", async () => {
    await client.query(
      "with c as (insert into app.customer (tenant_id, name, email) values ($1, 'Foreign', 'f@example.com') returning id) select id from c",
      [ids.otherTenant],
    );
    const seen: unknown[] = [];
    await start(
      [workflowOf({ name: "who", trigger: onPay, nodes: [{ id: "call", kind: "task", task: "who", input: {} }] })],
      {
        who: defineTask({
          run: async ({ query }) => {
            const text =
              "select current_user::text as role, enginejs.actor_id()::text as actor, (select count(*)::int from app.customer) as customers";
            seen.push((await query(text)).rows[0]);
            await expect(query("select * from enginejs.workflow_runs_active")).rejects.toThrow(/permission denied/);
          },
        }),
      },
    );
    expect(await settled(await paid())).toMatchObject({ status: "done" });
    expect(seen).toEqual([{ role: "enginejs_user", actor: ids.biller, customers: 1 }]);
  });
});

describe("workflows that follow from one another", () => {
  it("a workflow that causes its own event ends, and says why", async () => {
    await start([
      workflowOf({
        name: "endless",
        as: "system",
        trigger: { kind: "model", entity: "Customer", event: "create" },
        nodes: [
          {
            id: "again",
            kind: "crud.create",
            entity: "Customer",
            values: { name: "event.after.name", email: "event.after.email" },
          },
        ],
      }),
    ]);
    await client.query("insert into app.customer (tenant_id, name, email) values ($1, 'endless', 'e@example.com')", [
      ids.tenant,
    ]);
    const error = await eventually("an end", async () => {
      const { rows } = await client.query<{ error: string }>(
        "select error from enginejs.workflow_events_outbox where model = 'Customer' and status = 'failed'",
      );
      return rows[0]?.error;
    });
    expect(error).toMatch(/Workflow endless: 50 runs before it followed from one another/);
    const { rows } = await client.query("select count(*)::int as n from app.customer where name = 'endless'");
    expect(rows).toEqual([{ n: 51 }]);
  });
});

describe("the relay", () => {
  it("starts runs only where the condition holds, and an event that nobody wants is done", async () => {
    await start([
      workflowOf({
        name: "renumbered",
        as: "system",
        trigger: {
          kind: "model",
          entity: "Invoice",
          event: "update",
          condition: 'before.number != after.number && after.number == "inv-wanted"',
        },
      }),
    ]);
    const invoice = await makeInvoice(client, "inv-unwanted");
    await client.query("update app.invoice set number = 'inv-other' where id = $1", [invoice]);
    expect(await settled(invoice)).toMatchObject({ status: "done", attempts: 0 });
    await client.query("update app.invoice set number = 'inv-wanted' where id = $1", [invoice]);
    expect(await settled(invoice)).toMatchObject({ status: "done", attempts: 1 });
    const { rows } = await client.query(
      "select count(*)::int as runs from enginejs.workflow_runs where workflow = 'renumbered'",
    );
    expect(rows).toEqual([{ runs: 1 }]);
  });

  it("knows what has changed, null included, and what kind of actor did it", async () => {
    const update = { kind: "model", entity: "Invoice", event: "update" } as const;
    await start([
      workflowOf({ name: "due-changed", as: "system", trigger: { ...update, condition: "changed.dueAt" } }),
      workflowOf({
        name: "by-people",
        as: "system",
        trigger: { ...update, condition: 'actor.kind == "user" && !changed.dueAt' },
      }),
    ]);
    const invoice = await makeInvoice(client, "inv-changed");
    const runs = async () => {
      await settled(invoice);
      const { rows } = await client.query<{ workflow: string }>(
        `select r.workflow from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id
         where e.record_id = $1 order by r.event_id`,
        [invoice],
      );
      return rows.map(({ workflow }) => workflow);
    };
    // From null, of which every comparison is unknown.
    await client.query("update app.invoice set due_at = now() + interval '1 h' where id = $1", [invoice]);
    expect(await runs()).toEqual(["due-changed"]);
    await client.query("update app.invoice set number = 'inv-changed-2' where id = $1", [invoice]);
    expect(await runs()).toEqual(["due-changed"]);
    await asUser(client, ids.biller, () =>
      client.query("update app.invoice set number = 'inv-changed-3' where id = $1", [invoice]),
    );
    expect(await runs()).toEqual(["due-changed", "by-people"]);
  });

  it("knows the roles of whoever caused the event", async () => {
    const condition = '"billing" in actor.roles && actor.id == before.owner.id';
    const update = { kind: "model", entity: "Invoice", event: "update" } as const;
    await start([workflowOf({ name: "by-billing", as: "system", trigger: { ...update, condition } })]);
    const invoice = await makeInvoice(client, "inv-roles");
    const rename = (user: string, number: string) =>
      asUser(client, user, () => client.query("update app.invoice set number = $2 where id = $1", [invoice, number]));
    await rename(ids.biller, "inv-roles-2");
    expect(await settled(invoice)).toMatchObject({ status: "done", attempts: 1 });
    // Hers now, but she is not billing; and his no more.
    await client.query("update app.invoice set owner_id = $2 where id = $1", [invoice, ids.member]);
    await rename(ids.member, "inv-roles-3");
    expect(await settled(invoice)).toMatchObject({ status: "done", attempts: 0 });
    await rename(ids.biller, "inv-roles-4");
    expect(await settled(invoice)).toMatchObject({ status: "done", attempts: 0 });
  });

  it("puts an event back whose condition cannot be evaluated; others and other workflows go on", async () => {
    const update = { kind: "model", entity: "InvoiceLine", event: "update" } as const;
    await start([
      workflowOf({ name: "sure", as: "system", trigger: update }),
      // Fails for a line whose total is beyond the range of an int.
      workflowOf({ name: "unsure", as: "system", trigger: { ...update, condition: "after.price * after.price > 5" } }),
    ]);
    const fine = await makeInvoice(client, "inv-fine");
    const poison = await makeInvoice(client, "inv-poison");
    await client.query(
      "update app.invoice_line set price = case invoice_id when $1 then 9000000000000000 else 3 end where invoice_id in ($1, $2)",
      [poison, fine],
    );
    const runs = async () => {
      const { rows } = await client.query<{ workflow: string; invoice: string }>(
        `select r.workflow, e.after ->> 'invoice_id' as invoice from enginejs.workflow_runs r
           join enginejs.workflow_events e on e.id = r.event_id where e.model = 'InvoiceLine' order by 1, 2`,
      );
      return rows.map(({ workflow, invoice }) => `${workflow} ${invoice === fine ? "fine" : "poison"}`).sort();
    };
    await eventually("the runs that can be", async () => (await runs()).length === 3);
    expect(await runs()).toEqual(["sure fine", "sure poison", "unsure fine"]);
    const pending = async () =>
      (
        await client.query(
          "select workflows, attempts, error from enginejs.workflow_events_pending where model = 'InvoiceLine'",
        )
      ).rows;
    expect(await pending()).toEqual([
      { workflows: ["unsure"], attempts: expect.any(Number), error: expect.stringContaining("out of range") },
    ]);
    // Tried often enough, it is given up, and says why.
    await client.query("update enginejs.workflow_events_pending set attempts = 7, next_run_at = null");
    await client.query("select enginejs.ring()");
    await eventually("a dead letter", async () => (await pending()).length === 0);
    const { rows } = await client.query(
      "select workflow, attempts from enginejs.workflow_dead_letters where model = 'InvoiceLine'",
    );
    expect(rows).toEqual([{ workflow: "unsure", attempts: 8 }]);
    expect(await runs()).toEqual(["sure fine", "sure poison", "unsure fine"]);
  });

  it("does not lose an event that is committed long after younger ones", async () => {
    await start([
      workflowOf({ name: "any", as: "system", trigger: { kind: "model", entity: "Invoice", event: "update" } }),
    ]);
    const [early, late] = [await makeInvoice(client, "inv-early"), await makeInvoice(client, "inv-late")];
    const slow = await database.client();
    await slow.query("begin");
    await slow.query("update app.invoice set number = 'inv-early-2' where id = $1", [early]);
    // Its id is the greater one, and it is seen first.
    await client.query("update app.invoice set number = 'inv-late-2' where id = $1", [late]);
    expect(await settled(late)).toMatchObject({ status: "done", attempts: 1 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await slow.query("commit");
    expect(await settled(early)).toMatchObject({ status: "done", attempts: 1 });
  });

  it("follows a new build without a restart; runs keep the definition that they started with", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const messages: string[] = [];
    const version = (message: string) =>
      workflowOf({
        name: "versioned",
        trigger: onPay,
        nodes: [
          { id: "hold", kind: "task", task: "hold", input: {} },
          { id: "say", kind: "task", task: "say", input: { message: `"${message}"` } },
        ],
      });
    await start([version("old")], {
      hold: defineTask({ run: () => held }),
      say: defineTask({
        input: z.object({ message: z.string() }),
        run: ({ input }) => void messages.push(input.message),
      }),
    });
    const first = await paid();
    await eventually("the first run", async () => (await eventOf(first))?.status === "processing");
    await recordBuild(client, { ...system, workflows: [version("new")] });
    const second = await paid();
    await eventually("the second run", async () => (await eventOf(second))?.status === "processing");
    release();
    expect(await settled(first)).toMatchObject({ status: "done" });
    expect(await settled(second)).toMatchObject({ status: "done" });
    expect(messages.sort()).toEqual(["new", "old"]);
  });
});
