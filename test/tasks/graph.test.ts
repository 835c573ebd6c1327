/** Graphs: paths that part and meet, loops, and the steps that read and write rows. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { defineTask } from "../../src/dsl/task.ts";
import type { System, Workflow, WorkflowEdge, WorkflowNode } from "../../src/model/index.ts";
import { asUser, ids, makeInvoice, pay, workflowOf } from "./support/invoicing-database.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
beforeAll(async () => {
  world = await WorkflowWorld.make();
});
afterEach(() => world.stopWorker());
afterAll(() => world.end());

const onPay = { kind: "model", entity: "Invoice", event: "action", action: "pay" } as const;
const task = (id: string, name = "note", input: Record<string, string> = {}): WorkflowNode => ({
  id,
  kind: "task",
  task: name,
  input,
});

/** `a > b`, `a.port > b`: edges in short. */
const edges = (...texts: string[]): WorkflowEdge[] =>
  texts.map((text) => {
    const [source = "", to = ""] = text.split(" > ");
    const [from = "", port] = source.split(".");
    return { from, ...(port === undefined ? {} : { port }), to };
  });

/** A task that keeps what it was called with, in the order of the calls. */
function notes() {
  const calls: { step: string; input: unknown }[] = [];
  const note = defineTask({
    run: ({ input, idempotencyKey }) => {
      calls.push({ step: idempotencyKey.replace(/^[^:]*:/, ""), input });
      return { step: idempotencyKey };
    },
  });
  return { calls, note, steps: () => calls.map(({ step }) => step) };
}

async function run(workflow: Workflow, tasks: Readonly<Record<string, unknown>>, change: Partial<System> = {}) {
  await world.start([workflow], tasks, change);
  const invoice = await world.paid();
  const ended = await world.ended(workflow.name, invoice);
  return { invoice, ended, steps: await world.steps(ended.id) };
}

describe("a graph", () => {
  it.for([
    ["taken", "record.subtotal > 500", ["large", "after"], "yes"],
    ["not taken", "record.subtotal > 5000", ["small", "after"], "no"],
  ] as const)("goes by one way of a branch and meets again: %s", async ([, when, expected, port]) => {
    const { note, steps } = notes();
    const { ended, steps: kept } = await run(
      workflowOf({
        name: `branch-${port}`,
        trigger: onPay,
        nodes: [
          { id: "big", kind: "branch", cases: [{ port: "yes", when }], else: "no" },
          task("large"),
          task("small"),
          task("after"),
        ],
        edges: edges(
          "start > big",
          "big.yes > large",
          "big.no > small",
          "large > after",
          "small > after",
          "after > end",
        ),
      }),
      { note },
    );
    expect(ended).toMatchObject({ status: "done", error: null });
    expect(steps()).toEqual(expected);
    expect(kept.big).toEqual({ port });
  });

  it("walks parallel paths at the same time, and what they meet in comes once, behind both", async () => {
    const { note, steps, calls } = notes();
    const both = Promise.withResolvers<void>();
    let arrived = 0;
    const meet = defineTask({
      run: async ({ idempotencyKey }) => {
        arrived += 1;
        // Each waits for the other: one after the other would never end.
        if (arrived === 2) both.resolve();
        await both.promise;
        return { from: idempotencyKey.split(":")[1] ?? "" };
      },
      output: z.object({ from: z.string() }),
    });
    const { ended } = await run(
      workflowOf({
        name: "parallel",
        trigger: onPay,
        nodes: [
          { id: "fork", kind: "parallel", ports: ["left", "right"] },
          task("left", "meet"),
          task("right", "meet"),
          task("after", "note", { left: "left.from", right: "right.from" }),
        ],
        edges: edges(
          "start > fork",
          "fork.left > left",
          "fork.right > right",
          "left > after",
          "right > after",
          "after > end",
        ),
      }),
      { note, meet },
      {
        tasks: [
          ...world.system.tasks,
          { name: "meet", output: z.toJSONSchema(z.object({ from: z.string() })) as never },
        ],
      },
    );
    expect(ended).toMatchObject({ status: "done", attempts: 1 });
    expect(steps()).toEqual(["after"]);
    expect(calls[0]?.input).toEqual({ left: "left", right: "right" });
  });

  it("tries a path that failed again without doing the other one twice", async () => {
    const { note, steps } = notes();
    let tries = 0;
    const shaky = defineTask({
      run: () => {
        tries += 1;
        if (tries < 3) throw new Error(`no ${tries}`);
      },
    });
    const { ended } = await run(
      workflowOf({
        name: "parallel-retry",
        trigger: onPay,
        nodes: [
          task("steady"),
          task("shaky", "shaky"),
          { id: "nap", kind: "sleep", until: { ms: 100 } },
          task("after"),
        ],
        edges: edges(
          "start > steady",
          "start > shaky",
          "start > nap",
          "steady > after",
          "shaky > after",
          "nap > after",
          "after > end",
        ),
      }),
      { note, shaky },
    );
    expect(ended).toMatchObject({ status: "done", error: null });
    expect(tries).toBe(3);
    expect(steps()).toEqual(["steady", "after"]);
  });

  it("stops the other paths when one has failed for good", async () => {
    let aborted = false;
    const slow = defineTask({
      run: ({ signal }) =>
        new Promise<void>((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            reject(signal.reason);
          });
        }),
    });
    const broken = defineTask({
      run: () => Promise.reject(Object.assign(new Error("no use"), { name: "NonRetryableError" })),
    });
    const { ended } = await run(
      workflowOf({
        name: "parallel-fails",
        trigger: onPay,
        nodes: [task("slow", "slow"), task("broken", "broken")],
        edges: edges("start > slow", "start > broken", "slow > end", "broken > end"),
      }),
      { slow, broken },
    );
    expect(ended).toMatchObject({ status: "failed", failed_step: "broken", error: "no use" });
    expect(aborted).toBe(true);
  });
});

describe("a loop", () => {
  const body = (...nodes: WorkflowNode[]) => ({
    nodes,
    edges: nodes.slice(1).map(({ id }, i) => ({ from: nodes[i]?.id ?? "", to: id })),
  });

  it("does its body for each item, at most so many at the same time, and gathers what each gives", async () => {
    let running = 0;
    let most = 0;
    const measure = defineTask({
      output: z.object({ twice: z.int() }),
      run: async ({ input }) => {
        running += 1;
        most = Math.max(most, running);
        const { n } = input as { n: number };
        // Until another one has begun as well; the last may be alone.
        for (let waited = 0; running < 2 && n < 5 && waited < 60_000; waited += 10) await sleep(10);
        await sleep(30);
        running -= 1;
        return { twice: n * 2 };
      },
    });
    const numbers = defineTask({
      output: z.object({ list: z.array(z.object({ n: z.int() })) }),
      run: () => ({ list: [1, 2, 3, 4, 5].map((n) => ({ n })) }),
    });
    const system = {
      ...world.system,
      tasks: [
        ...world.system.tasks,
        { name: "numbers", output: z.toJSONSchema(z.object({ list: z.array(z.object({ n: z.int() })) })) as never },
        { name: "measure", output: z.toJSONSchema(z.object({ twice: z.int() })) as never },
      ],
    };
    await world.start(
      [
        workflowOf({
          name: "each",
          trigger: onPay,
          nodes: [
            task("numbers", "numbers"),
            {
              id: "each",
              kind: "forEach",
              items: "numbers.list",
              item: { schema: { type: "object", properties: { n: { type: "integer" } } } },
              as: "item",
              limit: 2,
              collect: "measure.twice + itemIndex",
              body: body(task("measure", "measure", { n: "item.n" })),
            },
            { id: "sum", kind: "transform", values: { count: "each.count", results: "each.results" } },
          ],
        }),
      ],
      { numbers, measure },
      { tasks: system.tasks },
    );
    const invoice = await world.paid();
    const ended = await world.ended("each", invoice);
    expect(ended).toMatchObject({ status: "done", error: null });
    const steps = await world.steps(ended.id);
    expect(steps.sum).toEqual({ count: 5, results: [2, 5, 8, 11, 14] });
    expect(steps["each[3].measure"]).toEqual({ twice: 8 });
    expect(most).toBe(2);
  });

  it("over rows: an item is a row, read live; one that failed is tried again, the others are not", async () => {
    const calls: unknown[] = [];
    let failures = 0;
    const mail = defineTask({
      run: ({ input, idempotencyKey }) => {
        const step = idempotencyKey.split(":")[1];
        if (step === "lines[1].mail" && failures++ === 0) throw new Error("not now");
        calls.push([step, input]);
      },
    });
    const workflow = workflowOf({
      name: "each-line",
      trigger: onPay,
      nodes: [
        {
          id: "all",
          kind: "crud.list",
          entity: "InvoiceLine",
          where: "row.invoice.id == record.id",
          order: [{ field: "price", direction: "desc" }],
          limit: 10,
        },
        {
          id: "lines",
          kind: "forEach",
          items: "all.rows",
          item: { entity: "InvoiceLine" },
          as: "line",
          limit: 5,
          body: body(task("mail", "mail", { price: "line.price", number: "line.invoice.number" })),
        },
      ],
    });
    await world.start([workflow], { mail });
    const { rows } = await world.client.query<{ id: string }>(
      `with i as (insert into app.invoice (tenant_id, number, owner_id, customer_id, status) values ($1, 'inv-lines', $2, $3, 'sent') returning id)
       select id from i`,
      [ids.tenant, ids.biller, ids.customer],
    );
    const invoice = rows[0]?.id ?? "";
    await world.client.query(
      "insert into app.invoice_line (tenant_id, invoice_id, description, price) select $1, $2, 'work', n from generate_series(1, 3) n",
      [ids.tenant, invoice],
    );
    await pay(world.client, invoice);
    expect(await world.ended("each-line", invoice)).toMatchObject({ status: "done" });
    expect(calls.toSorted()).toEqual([
      ["lines[0].mail", { price: 3, number: "inv-lines" }],
      ["lines[1].mail", { price: 2, number: "inv-lines" }],
      ["lines[2].mail", { price: 1, number: "inv-lines" }],
    ]);
  });
});

describe("steps with rows", () => {
  const write: WorkflowNode[] = [
    { id: "made", kind: "crud.create", entity: "Customer", values: { name: '"New"', email: '"new@example.com"' } },
    { id: "again", kind: "crud.get", entity: "Customer", by: { id: "made.id" }, missing: "fail" },
    {
      id: "renamed",
      kind: "crud.update",
      entity: "Customer",
      row: "again.id",
      values: { name: 'row.name + " and better"' },
    },
    {
      id: "many",
      kind: "db.update",
      entity: "Customer",
      where: 'row.name == "New and better"',
      values: { email: '"better@example.com"' },
    },
    { id: "seen", kind: "crud.list", entity: "Customer", where: "row.id == made.id", order: [], limit: 5 },
    { id: "gone", kind: "crud.delete", entity: "Customer", row: "made.id" },
    { id: "none", kind: "crud.get", entity: "Customer", by: { where: "row.id == made.id" }, missing: "null" },
    { id: "sum", kind: "transform", values: { name: "renamed.name", many: "many.count", seen: "seen.count" } },
    {
      id: "say",
      kind: "log",
      level: "info",
      message: "sum",
      values: { text: "sum.name", more: "sum.many + sum.seen", none: "none.name" },
    },
  ];

  it("make, read, change, list and delete rows, each once", async () => {
    const { ended, steps } = await run(workflowOf({ name: "rows", trigger: onPay, as: "system", nodes: write }), {});
    expect(ended).toMatchObject({ status: "done", error: null });
    expect(steps.sum).toEqual({ name: "New and better", many: 1, seen: 1 });
    expect(steps.none).toBeNull();
    expect(steps.gone).toMatchObject({ email: "better@example.com", tenant_id: ids.tenant });
    expect(world.lines.find(({ message }) => message === "sum")?.fields).toMatchObject({
      text: "New and better",
      more: 2,
      none: null,
    });
  });

  it.for([
    [
      "create",
      { id: "made", kind: "crud.create", entity: "Receipt", values: { invoice: "record.id", amount: "1" } },
      /may not create Receipt/,
    ],
    [
      "update",
      { id: "change", kind: "crud.update", entity: "Customer", row: "record.customer.id", values: { name: '"x"' } },
      /EJS6012.*no row for user .* to update Customer/,
    ],
    [
      "delete",
      { id: "gone", kind: "crud.delete", entity: "Customer", row: "record.customer.id" },
      /EJS6012.*to delete Customer/,
    ],
  ] as const)("are denied to whom a policy denies them: %s", async ([name, node, error]) => {
    const workflow = workflowOf({
      name: `denied-${name}`,
      trigger: { kind: "model", entity: "Invoice", event: "update" },
      nodes: [node as WorkflowNode],
    });
    await world.start([workflow]);
    const invoice = await makeInvoice(world.client, `inv-denied-${name}`);
    await world.client.query("update app.invoice set owner_id = $2 where id = $1", [invoice, ids.member]);
    await asUser(world.client, ids.member, () =>
      world.client.query("update app.invoice set number = $2 where id = $1", [invoice, `inv-denied-${name}-2`]),
    );
    const failed = await world.until(
      workflow.name,
      invoice,
      ({ error }) => error !== null && !error.includes("EJS6001"),
    );
    expect(failed).toMatchObject({ status: "failed", attempts: 1, error: expect.stringMatching(error) });
  });

  it("say in the model's words what a row is refused for, and are not tried again", async () => {
    const create = (name: string, values: Record<string, string>) =>
      workflowOf({
        name,
        trigger: onPay,
        as: "system",
        nodes: [{ id: "made", kind: "crud.create", entity: "Customer", values }],
      });
    await world.start([
      create("nameless", { email: '"a@example.com"' }),
      workflowOf({
        name: "twice",
        trigger: onPay,
        as: "system",
        nodes: [
          {
            id: "made",
            kind: "crud.create",
            entity: "Invoice",
            values: { number: "record.number", customer: "record.customer.id", owner: "record.owner.id" },
          },
        ],
      }),
    ]);
    const invoice = await world.paid();
    expect(await world.ended("nameless", invoice)).toMatchObject({
      status: "failed",
      attempts: 1,
      error: expect.stringMatching(
        /^EJS6022: Workflow nameless, step made cannot create Customer: name needs a value \(.* 23502\)\.$/,
      ),
    });
    expect(await world.ended("twice", invoice)).toMatchObject({
      status: "failed",
      attempts: 1,
      error: expect.stringMatching(
        /step made cannot create Invoice: another Invoice has this number already \(.* 23505\)/,
      ),
    });
  });

  it("give the JSON of PostgreSQL for what a query reads, in every time zone, and take lists as arrays and as JSON", async () => {
    const sql = `select date '2026-02-03' as day, timestamptz '2026-02-03 04:05:06.123456+00' as at, timestamp '2026-02-03 04:05' as local,
        1500::bigint as cents, 9223372036854775807 as large, 1.50::numeric as price, 12345678901234567.5 as exact,
        interval '1 h' as pause, array[date '2026-02-03', null] as days, array[[1::bigint]] as nested, '\\x00ff'::bytea as bytes,
        $1::uuid = any($2::uuid[]) as among, $3::jsonb as json, jsonb_array_length($3) as n`;
    const parameters = { one: "actor.id", ids: "[actor.id, record.id]", json: "lists.list" };
    const typed = workflowOf({
      name: "typed",
      trigger: onPay,
      nodes: [task("lists", "lists"), { id: "read", kind: "db.query", query: "types", parameters }],
    });
    const lists = { name: "lists", output: { type: "object", properties: { list: { type: "array" } } } };
    const zone = process.env.TZ;
    process.env.TZ = "Pacific/Auckland";
    try {
      await world.start(
        [typed],
        { lists: defineTask({ run: () => ({ list: [1, "two", { three: null }] }) }) },
        {
          queries: [{ name: "types", sql, parameters: Object.keys(parameters) }],
          tasks: [...world.system.tasks, lists],
        },
      );
      const ended = await world.ended("typed", await world.paid());
      expect(ended).toMatchObject({ status: "done", error: null });
      // JavaScript has not all the digits that PostgreSQL keeps.
      const kept = `select s.output #>> '{rows,0,large}' = '9223372036854775807' as large, s.output #>> '{rows,0,exact}' = '12345678901234567.5' as exact
        from enginejs.workflow_run_steps s where s.run_id = $1 and s.step = 'read'`;
      const { rows: digits } = await world.client.query(kept, [ended.id]);
      const { count, rows } = (await world.steps(ended.id)).read as { count: number; rows: object[] };
      expect({ count, rows: [{ ...rows[0], ...digits[0] }] }).toEqual({
        count: 1,
        rows: [
          {
            day: "2026-02-03",
            at: "2026-02-03T04:05:06.123456+00:00",
            local: "2026-02-03T04:05:00",
            cents: 1500,
            large: true,
            price: 1.5,
            exact: true,
            pause: "01:00:00",
            days: ["2026-02-03", null],
            nested: [[1]],
            bytes: "\\x00ff",
            among: true,
            json: [1, "two", { three: null }],
            n: 3,
          },
        ],
      });
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it("run a statement of the project by its name, as the actor", async () => {
    await world.start(
      [
        workflowOf({
          name: "named",
          trigger: onPay,
          nodes: [
            { id: "found", kind: "db.query", query: "invoices-of", parameters: { customer: "record.customer.id" } },
            { id: "say", kind: "transform", values: { rows: "found.rows", count: "found.count" } },
          ],
        }),
      ],
      {},
      {
        queries: [
          {
            name: "invoices-of",
            sql: "select number, current_user::text as who from app.invoice where customer_id = $1 order by number limit 1",
            parameters: ["customer"],
          },
        ],
      },
    );
    const ended = await world.ended("named", await world.paid());
    expect(ended).toMatchObject({ status: "done", error: null });
    expect((await world.steps(ended.id)).say).toEqual({
      rows: [{ number: expect.any(String), who: "enginejs_user" }],
      count: 1,
    });
  });
});

describe("as another", () => {
  const as = (impersonate: string, name: string) =>
    workflowOf({
      name,
      trigger: onPay,
      as: { impersonate },
      nodes: [{ id: "receipt", kind: "crud.create", entity: "Receipt", values: { invoice: "record.id", amount: "1" } }],
    });

  it("runs as the subject that the event names, under that one's rights", async () => {
    const { ended, invoice } = await run(as("event.after.owner.id", "as-owner"), {});
    expect(ended).toMatchObject({ status: "done", error: null });
    const { rows } = await world.client.query(
      "select e.actor from enginejs.workflow_events e join app.receipt r on r.id = e.record_id where r.invoice_id = $1",
      [invoice],
    );
    expect(rows).toEqual([{ actor: { kind: "user", id: ids.biller, tenant: ids.tenant } }]);
  });

  it("is denied what the subject may not do, though whoever caused the event may", async () => {
    await world.start([as("event.after.owner.id", "as-member")]);
    const invoice = await makeInvoice(world.client, "inv-as-member");
    await world.client.query("update app.invoice set owner_id = $2 where id = $1", [invoice, ids.member]);
    await pay(world.client, invoice, ids.biller);
    expect(await world.ended("as-member", invoice)).toMatchObject({
      status: "failed",
      attempts: 1,
      error: expect.stringContaining(`user ${ids.member} may not create Receipt`),
    });
  });

  it("fails at once for nobody", async () => {
    const { ended } = await run(as("event.after.customer.id", "as-nobody"), {});
    expect(ended).toMatchObject({
      status: "failed",
      attempts: 1,
      error: expect.stringMatching(/EJS6001.*there is no User/),
    });
  });
});
