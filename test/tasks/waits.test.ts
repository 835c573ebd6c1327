/** Runs that wait: for a time, a signal, a person, another run; and how they end. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { defineTask } from "../../src/dsl/task.ts";
import type { NodeOf, Workflow, WorkflowNode } from "../../src/model/index.ts";
import { cancelWorkflow, NonRetryableError, signalWorkflow, startWorkflow } from "../../src/tasks/index.ts";
import { asUser, ids, makeInvoice, pay, workflowOf } from "./support/invoicing-database.ts";
import { eventually } from "./support/worker.ts";
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

function notes() {
  const calls: { step: string; input: unknown }[] = [];
  const note = defineTask({
    run: ({ input, idempotencyKey }) => void calls.push({ step: idempotencyKey.replace(/^[^:]*:/, ""), input }),
  });
  return { calls, note, steps: () => calls.map(({ step }) => step) };
}

const waits = async (run: string) =>
  (await world.client.query("select kind from enginejs.workflow_waits where run_id = $1", [run])).rows;

describe("sleep", () => {
  it("leaves the memory, survives its worker, and goes on when the time is over", async () => {
    const { note, steps } = notes();
    const workflow = workflowOf({
      name: "sleeper",
      trigger: onPay,
      nodes: [task("before"), { id: "nap", kind: "sleep", until: { ms: 3_600_000 } }, task("after")],
    });
    await world.start([workflow], { note });
    const invoice = await world.paid();
    const parked = await world.parked("sleeper", invoice);
    expect(parked.waiting_for).toEqual([{ kind: "timer", step: "nap", until: expect.any(String) }]);
    const { rows } = await world.client.query("select from enginejs.workflow_runs_active where id = $1", [parked.id]);
    expect(rows).toEqual([]);
    const { rows: events } = await world.client.query(
      "select status from enginejs.workflow_events_outbox where record_id = $1 and action = 'pay'",
      [invoice],
    );
    expect(events).toEqual([{ status: "processing" }]);
    await world.stopWorker();
    await world.startWorker({ note });
    await world.wakeSleepers();
    expect(await world.ended("sleeper", invoice)).toMatchObject({ status: "done", waiting_for: null });
    expect(steps()).toEqual(["before", "after"]);
    expect(await waits(parked.id)).toEqual([]);
  });

  it("until a moment that the record says; one that is over does not wait", async () => {
    await world.start([
      workflowOf({
        name: "until",
        trigger: onPay,
        nodes: [{ id: "nap", kind: "sleep", until: { moment: 'record.createdAt + duration("1h")' } }],
      }),
      workflowOf({
        name: "until-past",
        trigger: onPay,
        nodes: [{ id: "nap", kind: "sleep", until: { moment: 'record.createdAt - duration("1h")' } }],
      }),
    ]);
    const invoice = await world.paid();
    expect(await world.ended("until-past", invoice)).toMatchObject({ status: "done" });
    const { id } = await world.parked("until", invoice);
    const { rows } = await world.client.query(
      `select w.until = i.created_at + interval '1 h' as exact from enginejs.workflow_waits w, app.invoice i
       where w.run_id = $1 and i.id = $2`,
      [id, invoice],
    );
    expect(rows).toEqual([{ exact: true }]);
  });

  it("until the end of time is no time at all: it has no distance", async () => {
    await world.start([
      workflowOf({
        name: "endless",
        trigger: onPay,
        nodes: [{ id: "nap", kind: "sleep", until: { moment: "record.dueAt" } }],
      }),
    ]);
    const invoice = await makeInvoice(world.client, "inv-endless");
    await world.client.query("update app.invoice set due_at = 'infinity' where id = $1", [invoice]);
    await pay(world.client, invoice);
    const { id } = await world.parked("endless", invoice);
    // Before PostgreSQL 17 the distance to it is an error, and the relay asks for the distance to the next one.
    const { rows } = await world.client.query("select next_run_at from enginejs.workflow_runs_parked where id = $1", [
      id,
    ]);
    expect(rows).toEqual([{ next_run_at: null }]);
  });
});

describe("waitForSignal", () => {
  const waiter = (name: string, more: Partial<NodeOf<"waitForSignal">> = {}) =>
    workflowOf({
      name,
      trigger: onPay,
      nodes: [
        {
          id: "wait",
          kind: "waitForSignal",
          signal: "delivered",
          key: "record.number",
          payload: { type: "object", properties: { by: { type: "string" } } },
          ...more,
        },
        { id: "sum", kind: "transform", values: { by: "wait.payload.by", late: "wait.timedOut" } },
      ],
    });
  const numberOf = async (invoice: string) =>
    (await world.client.query<{ number: string }>("select number from app.invoice where id = $1", [invoice])).rows[0]
      ?.number ?? "";

  it("goes on with the payload of the signal with its key, from SQL or TypeScript", async () => {
    await world.start([waiter("signalled")]);
    const [first, second] = [await world.paid(), await world.paid()];
    const parked = await world.parked("signalled", first);
    await world.parked("signalled", second);
    expect(parked.waiting_for).toEqual([
      { kind: "signal", step: "wait", name: "delivered", key: await numberOf(first) },
    ]);
    const { rows } = await world.client.query(
      "select enginejs.workflow_signal('delivered', $1, '{\"by\": \"truck\"}') as n",
      [await numberOf(first)],
    );
    expect(rows).toEqual([{ n: 1 }]);
    const ended = await world.ended("signalled", first);
    expect(ended).toMatchObject({ status: "done" });
    expect((await world.steps(ended.id)).sum).toEqual({ by: "truck", late: false });
    expect(await world.run("signalled", second)).toMatchObject({ status: "waiting" });
    expect(await signalWorkflow(world.client, "delivered", await numberOf(second), { by: "drone" })).toBe(1);
    expect(await world.ended("signalled", second)).toMatchObject({ status: "done" });
  });

  it("takes a signal that came before it, once", async () => {
    await world.start([waiter("kept", { signal: "early", key: '"k"' })]);
    expect(await signalWorkflow(world.client, "early", "k", { by: "first" })).toBe(0);
    const invoice = await world.paid();
    const ended = await world.ended("kept", invoice);
    expect((await world.steps(ended.id)).sum).toEqual({ by: "first", late: false });
    const second = await world.paid();
    expect(await world.parked("kept", second)).toMatchObject({ status: "waiting" });
    await signalWorkflow(world.client, "early", "k");
    await world.ended("kept", second);
  });

  it("fails by a payload that is none, and waits once more in a fork; more than is said is no misfit", async () => {
    await world.start([waiter("fits", { signal: "fits", key: '"k"' })]);
    const invoice = await world.paid();
    await signalWorkflow(world.client, "fits", "k", { by: 7 });
    const failed = await world.ended("fits", invoice);
    expect(failed).toMatchObject({ status: "failed", attempts: 1, failed_step: "wait" });
    expect(failed.error).toMatch(
      /EJS6024: Workflow fits, step wait: the payload of the signal fits does not fit: by: .*string/,
    );
    const { rows } = await world.client.query<{ id: string }>("select enginejs.fork_run($1, 'wait') as id", [
      failed.id,
    ]);
    await signalWorkflow(world.client, "fits", "k", { by: "truck", more: [1] });
    await eventually("the fork's end", async () => {
      const forks = await world.client.query("select status from enginejs.workflow_runs where id = $1", [rows[0]?.id]);
      return forks.rows[0]?.status === "done";
    });
  });

  it("goes on without it after its time", async () => {
    await world.start([waiter("late", { timeoutMs: 300 })]);
    const ended = await world.ended("late", await world.paid());
    expect(ended).toMatchObject({ status: "done" });
    expect((await world.steps(ended.id)).sum).toEqual({ by: null, late: true });
  });

  it("is given by a step of another run or of its own, with the rights of nobody, and starts workflows as its actor", async () => {
    const give = (more: Partial<NodeOf<"signal">> = {}): WorkflowNode => ({
      id: "give",
      kind: "signal",
      signal: "handed-on",
      key: "record.number",
      payload: { by: 'record.number + "\'s $$"', none: "null" },
      ...more,
    });
    const wait = { id: "wait", kind: "waitForSignal", signal: "handed-on", key: "record.number" } as const;
    await world.start([
      workflowOf({
        name: "to-itself",
        trigger: onPay,
        nodes: [
          { id: "both", kind: "parallel", ports: ["one", "other"] },
          wait,
          { id: "nap", kind: "sleep", until: { ms: 200 } },
          give(),
          { id: "sum", kind: "transform", values: { taken: "give.taken" } },
        ],
        edges: [
          { from: "start", to: "both" },
          { from: "both", port: "one", to: "wait" },
          { from: "both", port: "other", to: "nap" },
          { from: "nap", to: "give" },
          { from: "give", to: "sum" },
          { from: "wait", to: "sum" },
          { from: "sum", to: "end" },
        ],
      }),
      workflowOf({ name: "starter", trigger: onPay, nodes: [give({ signal: "begin", payload: { n: "1" } })] }),
      workflowOf({
        name: "begun",
        trigger: { kind: "signal", signal: "begin" },
        nodes: [{ id: "me", kind: "transform", values: { id: "actor.id", n: "input.n" } }],
        input: { type: "object", properties: { n: { type: "integer" } } },
      }),
      workflowOf({ name: "keyless", trigger: onPay, nodes: [give({ key: "null" })] }),
    ]);
    const invoice = await world.paid();
    const number = await numberOf(invoice);
    const ended = await world.ended("to-itself", invoice);
    expect(ended).toMatchObject({ status: "done" });
    expect(await world.steps(ended.id)).toMatchObject({
      wait: { payload: { by: `${number}'s $$`, none: null }, timedOut: false },
      sum: { taken: 1 },
    });
    expect(await world.ended("starter", invoice)).toMatchObject({ status: "done" });
    const { rows } = await eventually("the workflow that the signal starts is done", async () => {
      const found = await world.client.query(
        `select s.output from enginejs.workflow_run_steps s join enginejs.workflow_runs r on r.id = s.run_id
         where r.workflow = 'begun' and s.step = 'me'`,
      );
      return found.rows.length > 0 && found;
    });
    expect(rows).toEqual([{ output: { id: ids.biller, n: 1 } }]);
    expect(await world.ended("keyless", invoice)).toMatchObject({
      status: "failed",
      error: 'EJS6013: Workflow keyless, step give: the key of the signal "handed-on" is null.',
    });
  });

  it("is not heard in another tenant, and not taken there: a number is one tenant's only", async () => {
    await world.start([waiter("of-tenant", { signal: "arrived", key: '"1001"' })]);
    const invoice = await world.paid();
    await world.parked("of-tenant", invoice);
    const given = async (tenant: string | null, by: string) => {
      await world.client.query("begin");
      await world.client.query("select enginejs.begin_request('enginejs_system', null, $1, null, null, 'test')", [
        tenant,
      ]);
      const { rows } = await world.client.query(
        "select enginejs.workflow_signal('arrived', '1001', jsonb_build_object('by', $1::text)) as taken",
        [by],
      );
      await world.client.query("commit");
      return rows[0]?.taken;
    };
    expect(await given(ids.otherTenant, "strangers")).toBe(0);
    // Kept for the strangers' own runs: a second wait of this tenant does not take it either.
    const second = await world.paid();
    await world.parked("of-tenant", second);
    expect(await world.run("of-tenant", invoice)).toMatchObject({ status: "waiting" });
    expect(await given(ids.tenant, "us")).toBe(2);
    for (const each of [invoice, second]) {
      const ended = await world.ended("of-tenant", each);
      expect((await world.steps(ended.id)).sum).toEqual({ by: "us", late: false });
    }
    expect(
      (
        await world.client.query(
          "delete from enginejs.workflow_signals where name = 'arrived' returning tenant, payload",
        )
      ).rows,
    ).toEqual([{ tenant: ids.otherTenant, payload: { by: "strangers" } }]);
    // By nobody's tenant: for whoever waits.
    const third = await world.paid();
    await world.parked("of-tenant", third);
    expect(await given(null, "the platform")).toBe(1);
    await world.ended("of-tenant", third);
  });

  it("is not for actors to send", async () => {
    await expect(
      asUser(world.client, ids.biller, () => world.client.query("select enginejs.workflow_signal('delivered', 'x')")),
    ).rejects.toThrow(/permission denied/);
  });
});

describe("approval", () => {
  const approval = (name: string, more: Partial<NodeOf<"approval">> = {}) =>
    workflowOf({
      name,
      trigger: onPay,
      nodes: [
        {
          id: "ask",
          kind: "approval",
          policy: '"billing" in actor.roles && event.after.owner.id == actor.id && record.subtotal > 10',
          question: "Is that right?",
          values: { amount: "record.subtotal" },
          refused: "continue",
          ...more,
        },
        {
          id: "sum",
          kind: "transform",
          values: { yes: "ask.approved", by: "ask.by", comment: "ask.comment", late: "ask.timedOut" },
        },
      ],
    });
  const decide = (user: string, run: string, approve: boolean, comment?: string) =>
    asUser(world.client, user, () =>
      world.client.query("select enginejs.workflow_decide($1, 'ask', $2, $3)", [run, approve, comment ?? null]),
    );
  const open = (user: string) =>
    asUser(
      world.client,
      user,
      async () => (await world.client.query("select * from enginejs.workflow_approvals()")).rows,
    );

  it("waits for a person whom its condition lets decide, and shows him what there is to decide", async () => {
    await world.start([approval("approve")]);
    const invoice = await world.paid();
    const { id, waiting_for } = await world.parked("approve", invoice);
    expect(waiting_for).toEqual([{ kind: "approval", step: "ask", question: "Is that right?" }]);
    expect(await open(ids.biller)).toEqual([
      expect.objectContaining({
        run: id,
        step: "ask",
        workflow: "approve",
        question: "Is that right?",
        data: { amount: 1000 },
        record_id: invoice,
      }),
    ]);
    expect(await open(ids.member)).toEqual([]);
    await expect(decide(ids.member, id, true)).rejects.toMatchObject({ code: "42501" });
    await decide(ids.biller, id, true, "fine");
    await expect(decide(ids.biller, id, false)).rejects.toMatchObject({ code: expect.stringMatching(/EJ404|EJ409/) });
    const ended = await world.ended("approve", invoice);
    expect(ended).toMatchObject({ status: "done" });
    expect((await world.steps(ended.id)).sum).toEqual({ yes: true, by: ids.biller, comment: "fine", late: false });
    await expect(decide(ids.biller, id, false)).rejects.toMatchObject({ code: "EJ404" });
  });

  it("is nobody's any more once its run is to be cancelled, also where no worker has taken that in yet", async () => {
    await world.start([approval("called-off")]);
    const invoice = await world.paid();
    const { id } = await world.parked("called-off", invoice);
    await world.stopWorker();
    await world.client.query("select enginejs.workflow_cancel($1, 'not any more')", [id]);
    expect(await open(ids.biller)).not.toContainEqual(expect.objectContaining({ run: id }));
    await expect(decide(ids.biller, id, true)).rejects.toMatchObject({ code: "EJ404" });
    await world.startWorker();
    expect(await world.ended("called-off", invoice)).toMatchObject({ status: "cancelled" });
  });

  it("is decided once, however many decide at the same time", async () => {
    await world.start([approval("at-once")]);
    const invoice = await world.paid();
    const { id } = await world.parked("at-once", invoice);
    const others = await Promise.all(Array.from({ length: 6 }, () => world.database.client()));
    const answers = await Promise.allSettled(
      others.map((client, i) =>
        asUser(client, ids.biller, () =>
          client.query("select enginejs.workflow_decide($1, 'ask', $2, $3)", [id, i % 2 === 0, `word ${i}`]),
        ),
      ),
    );
    const taken = answers.flatMap(({ status }, i) => (status === "fulfilled" ? [i] : []));
    const [winner = -1, ...more] = taken;
    expect(more).toEqual([]);
    for (const answer of answers) if (answer.status === "rejected") expect(answer.reason.code).toMatch(/^EJ40[49]$/);
    const ended = await world.ended("at-once", invoice);
    expect((await world.steps(ended.id)).sum).toMatchObject({ yes: winner % 2 === 0, comment: `word ${winner}` });
  });

  it("is nobody's from another tenant", async () => {
    await world.start([approval("foreign", { policy: "true" })]);
    const { id } = await world.parked("foreign", await world.paid());
    await world.client.query("insert into app.membership (tenant_id, user_id, roles) values ($1, $2, '{billing}')", [
      ids.otherTenant,
      ids.biller,
    ]);
    await world.client.query("begin");
    await world.client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'test')", [
      ids.biller,
      ids.otherTenant,
    ]);
    await expect(world.client.query("select enginejs.workflow_decide($1, 'ask', true)", [id])).rejects.toMatchObject({
      code: "EJ404",
    });
    await world.client.query("rollback");
    await decide(ids.member, id, true);
    await world.ended("foreign", id);
  });

  it("that is refused, or not answered in time, may end the run", async () => {
    await world.start([
      approval("refused", { refused: "fail" }),
      approval("unanswered", { refused: "fail", timeoutMs: 300 }),
    ]);
    const invoice = await world.paid();
    const { id } = await world.parked("refused", invoice);
    await decide(ids.biller, id, false, "too much");
    expect(await world.ended("refused", invoice)).toMatchObject({
      status: "failed",
      failed_step: "ask",
      error: expect.stringMatching(/EJS6014.*refused: too much/),
    });
    expect(await world.ended("unanswered", invoice)).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/nobody decided in time/),
    });
  });
});

describe("startWorkflow", () => {
  const child = (change: Partial<Workflow> = {}): Workflow => ({
    ...workflowOf({
      name: "child",
      trigger: { kind: "manual" },
      nodes: [task("work", "work", { n: "input.n" })],
    }),
    input: { type: "object", properties: { n: { type: "integer" } } },
    outputs: { result: { type: "object", properties: { twice: { type: "integer" } } } },
    ...change,
  });
  const withOutput = (workflow: Workflow): Workflow => ({
    ...workflow,
    nodes: workflow.nodes.map((node) =>
      node.kind === "end" ? { ...node, output: "result", values: { twice: "input.n * 2" } } : node,
    ),
  });
  const parent = (wait: boolean) =>
    workflowOf({
      name: "parent",
      trigger: onPay,
      nodes: [
        { id: "sub", kind: "startWorkflow", workflow: "child", input: { n: "record.subtotal" }, wait },
        { id: "sum", kind: "transform", values: { run: "sub.runId", ...(wait ? { twice: "sub.output.twice" } : {}) } },
      ],
    });

  it("waits for the other's end and has what it gives", async () => {
    const inputs: unknown[] = [];
    const work = defineTask({ run: ({ input, actor }) => void inputs.push([input, actor]) });
    await world.start([parent(true), withOutput(child())], { work });
    const ended = await world.ended("parent", await world.paid());
    expect(ended).toMatchObject({ status: "done", error: null });
    expect(inputs).toEqual([[{ n: 1000 }, { kind: "user", id: ids.biller, tenant: ids.tenant }]]);
    const { sum } = await world.steps(ended.id);
    expect(sum).toEqual({ run: expect.any(String), twice: 2_000 });
    expect(await world.run("child", (sum as { run: string }).run)).toMatchObject({
      status: "done",
      output: { twice: 2_000 },
    });
  });

  it("fails when the other does; detached it goes its own way", async () => {
    const work = defineTask({ run: () => Promise.reject(new NonRetryableError("no use")) });
    await world.start([parent(true), withOutput(child())], { work });
    expect(await world.ended("parent", await world.paid())).toMatchObject({
      status: "failed",
      failed_step: "sub",
      error: expect.stringMatching(/the workflow child \(run .*\) has failed: no use/),
    });
    await world.stopWorker();
    await world.start([parent(false), child()], { work });
    const ended = await world.ended("parent", await world.paid());
    expect(ended).toMatchObject({ status: "done", error: null });
    const { sub } = await world.steps(ended.id);
    expect(await world.ended("child", (sub as { runId: string }).runId)).toMatchObject({ status: "failed" });
  });

  it("can be done by hand, with an actor and input; and not for what there is not", async () => {
    const { note, calls } = notes();
    await world.start([child()], { work: note });
    const run = await startWorkflow(world.client, "child", {
      input: { n: 4 },
      actor: { kind: "user", id: ids.biller, tenant: ids.tenant },
    });
    expect(await world.ended("child", run)).toMatchObject({ status: "done" });
    expect(calls).toEqual([{ step: "work", input: { n: 4 } }]);
    await expect(startWorkflow(world.client, "chidl")).rejects.toThrow(/no workflow "chidl"/);
  });

  it("whose workflow was removed before it began fails its parent", async () => {
    await world.build([parent(false), child()]);
    const { rows } = await world.client.query<{ run: string }>("select enginejs.workflow_start('child') as run");
    await world.build([parent(false)]);
    await world.startWorker();
    const ended = await world.ended("parent", await world.paid());
    expect(ended).toMatchObject({ status: "failed", error: expect.stringMatching(/EJS6010.*no workflow "child"/) });
    expect(await world.run("child", rows[0]?.run ?? "")).toBeUndefined();
  });
});

describe("compensate", () => {
  const undo = (of: string, step = "note"): WorkflowNode => ({
    id: `undo${of}`,
    kind: "compensate",
    of,
    body: { nodes: [task(`un${of}`, step, { was: `${of}.done` })], edges: [] },
  });
  const saga = (name: string, nodes: WorkflowNode[], undos: WorkflowNode[]) => {
    const workflow = workflowOf({ name, trigger: onPay, nodes });
    return { ...workflow, nodes: [...workflow.nodes, ...undos] };
  };
  const done = { type: "object", properties: { done: { type: "string" } } };
  const tasks = (names: readonly string[]) => ({
    tasks: [...world.system.tasks, ...names.map((name) => ({ name, output: done }))],
  });
  const book = defineTask({ run: ({ idempotencyKey }) => ({ done: idempotencyKey.split(":")[1] }) });
  const fail = defineTask({ run: () => Promise.reject(new NonRetryableError("no seat")) });

  it("undoes what was done, the last first, with what it gave; and says why it failed", async () => {
    const { note, calls } = notes();
    await world.start(
      [
        saga(
          "saga",
          [task("hotel", "book"), task("car", "book"), task("flight", "fail"), task("never", "book")],
          [undo("hotel"), undo("car"), undo("never")],
        ),
      ],
      { note, book, fail },
      tasks(["book"]),
    );
    expect(await world.ended("saga", await world.paid())).toMatchObject({
      status: "failed",
      failed_step: "flight",
      error: "no seat",
    });
    expect(calls).toEqual([
      { step: "undocar.uncar", input: { was: "car" } },
      { step: "undohotel.unhotel", input: { was: "hotel" } },
    ]);
  });

  it("tries a compensation again, goes on with the others where one fails for good, and says so", async () => {
    const { note, steps } = notes();
    let tries = 0;
    const shaky = defineTask({
      run: () => {
        tries += 1;
        if (tries < 3) throw new Error("not yet");
      },
    });
    const stuck = defineTask({ run: () => Promise.reject(new NonRetryableError("nobody there")) });
    await world.start(
      [
        saga(
          "saga-shaky",
          [task("hotel", "book"), task("car", "book"), task("bike", "book"), task("flight", "fail")],
          [undo("hotel"), undo("car", "shaky"), undo("bike", "stuck")],
        ),
      ],
      { note, book, fail, shaky, stuck },
      tasks(["book"]),
    );
    const invoice = await world.paid();
    await world.until("saga-shaky", invoice, ({ status }) => status === "compensating");
    const ended = await world.ended("saga-shaky", invoice);
    expect(ended).toMatchObject({
      status: "failed",
      failed_step: "flight",
      error: "no seat; not undone: undobike.unbike: nobody there",
    });
    expect(tries).toBe(3);
    expect(steps()).toEqual(["undohotel.unhotel"]);
  });

  it("undoes the items of a loop, each with its own result", async () => {
    const { note, calls } = notes();
    const list = defineTask({ run: () => ({ list: ["a", "b"] }) });
    await world.start(
      [
        workflowOf({
          name: "saga-loop",
          trigger: onPay,
          nodes: [
            task("list", "list"),
            {
              id: "each",
              kind: "forEach",
              items: "list.list",
              item: { schema: { type: "string" } },
              as: "item",
              limit: 1,
              body: {
                nodes: [
                  task("seat", "book"),
                  {
                    id: "unseat",
                    kind: "compensate",
                    of: "seat",
                    body: { nodes: [task("cancel", "note", { was: "seat.done", item: "item" })], edges: [] },
                  },
                ],
                edges: [],
              },
            },
            task("flight", "fail"),
          ],
        }),
      ],
      { note, book, fail, list },
      {
        tasks: [
          ...tasks(["book"]).tasks,
          { name: "list", output: { type: "object", properties: { list: { type: "array" } } } },
        ],
      },
    );
    expect(await world.ended("saga-loop", await world.paid())).toMatchObject({ status: "failed", error: "no seat" });
    expect(calls).toEqual([
      { step: "each[1].unseat.cancel", input: { was: "each[1].seat", item: "b" } },
      { step: "each[0].unseat.cancel", input: { was: "each[0].seat", item: "a" } },
    ]);
  });

  it("follows a cancelling too, of a run that waits and of its child", async () => {
    const { note, steps } = notes();
    await world.start(
      [
        saga(
          "cancelled",
          [task("hotel", "book"), { id: "sub", kind: "startWorkflow", workflow: "sleepy", input: {}, wait: true }],
          [undo("hotel")],
        ),
        workflowOf({
          name: "sleepy",
          trigger: { kind: "manual" },
          nodes: [{ id: "nap", kind: "sleep", until: { ms: 3_600_000 } }],
        }),
      ],
      { note, book },
      tasks(["book"]),
    );
    const invoice = await world.paid();
    const { id, waiting_for } = await world.parked("cancelled", invoice);
    const [{ run: child } = {}] = waiting_for ?? [];
    await world.parked("sleepy", String(child));
    expect(await cancelWorkflow(world.client, id, "changed her mind")).toBe(true);
    expect(await world.ended("cancelled", invoice)).toMatchObject({ status: "cancelled", error: "changed her mind" });
    expect(steps()).toEqual(["undohotel.unhotel"]);
    expect(await world.ended("sleepy", String(child))).toMatchObject({ status: "cancelled" });
    expect(await cancelWorkflow(world.client, id)).toBe(false);
  });
});

describe("a run that the relay has not made yet", () => {
  const workflows = ["one", "other"].map((name) => workflowOf({ name, trigger: onPay, nodes: [task(name)] }));
  const named = workflowOf({ name: "named", as: "system", trigger: { kind: "manual" }, nodes: [task("named")] });

  it("is cancelled by its id: it ends without a step, and others of its event go on", async () => {
    const { note, steps } = notes();
    await world.build([...workflows, named]);
    const run = await startWorkflow(world.client, "named");
    expect(await cancelWorkflow(world.client, run, "not that one")).toBe(true);
    expect(await cancelWorkflow(world.client, run)).toBe(true);
    const invoice = await world.paid();
    // As operators do; and nobody else's run is meant by an id that is none.
    const cancel = (of: string) =>
      world.client.query(
        `select enginejs.cancel_run(enginejs.workflow_run_id(e.id, $2), 'no need') as cancelled
         from enginejs.workflow_events e where e.record_id = $1 and e.action = 'pay'`,
        [invoice, of],
      );
    expect((await cancel("one")).rows).toEqual([{ cancelled: true }]);
    await expect(cancel("nobody")).rejects.toMatchObject({ code: "EJ404" });
    await world.startWorker({ note });
    expect(await world.ended("named", run)).toMatchObject({ status: "cancelled", error: "not that one" });
    expect(await world.ended("one", invoice)).toMatchObject({ status: "cancelled", error: "no need" });
    expect(await world.ended("other", invoice)).toMatchObject({ status: "done" });
    expect(steps()).toEqual(["other"]);
    expect(await cancelWorkflow(world.client, run)).toBe(false);
    const { rows } = await world.client.query(
      "select status from enginejs.workflow_events_outbox where record_id = $1 and action = 'pay'",
      [invoice],
    );
    expect(rows).toEqual([{ status: "done" }]);
  });

  it("nor one that a pause keeps back, nor the child of a run that is cancelled", async () => {
    const { note, steps } = notes();
    const parent = workflowOf({
      name: "parent",
      trigger: onPay,
      nodes: [{ id: "sub", kind: "startWorkflow", workflow: "named", input: {}, wait: true }],
    });
    await world.start([parent, named], { note });
    await world.client.query("select enginejs.pause_workflow('named', 'down')");
    const kept = async () =>
      (await world.client.query("select from enginejs.workflow_events_held where workflow = 'named'")).rowCount ?? 0;
    const run = await startWorkflow(world.client, "named");
    const invoice = await world.paid();
    const { id } = await world.parked("parent", invoice);
    await eventually("both are kept", async () => (await kept()) === 2);
    expect(await cancelWorkflow(world.client, run)).toBe(true);
    expect(await world.ended("named", run)).toMatchObject({ status: "cancelled" });
    expect(await cancelWorkflow(world.client, id, "enough")).toBe(true);
    expect(await world.ended("parent", invoice)).toMatchObject({ status: "cancelled", error: "enough" });
    await eventually("nothing is kept any more", async () => (await kept()) === 0);
    await world.client.query("select enginejs.resume_workflow('named')");
    expect(steps()).toEqual([]);
  });
});

describe("an end from outside", () => {
  const hanging = () => {
    const reasons: string[] = [];
    const hangs = Promise.withResolvers<void>();
    const hang = defineTask({
      run: ({ signal }) =>
        new Promise<void>((_resolve, reject) => {
          hangs.resolve();
          signal.addEventListener("abort", () => {
            reasons.push(String((signal.reason as Error).message));
            reject(signal.reason);
          });
        }),
    });
    return { reasons, hang, hangs: hangs.promise };
  };

  it("a running step is told by its signal when the run is cancelled", async () => {
    const { reasons, hang, hangs } = hanging();
    await world.start([workflowOf({ name: "hangs", trigger: onPay, nodes: [task("hang", "hang")] })], { hang });
    const invoice = await world.paid();
    const { id } = await world.until("hangs", invoice, ({ status }) => status === "processing");
    await hangs;
    expect(await cancelWorkflow(world.client, id, "enough")).toBe(true);
    expect(await world.ended("hangs", invoice)).toMatchObject({ status: "cancelled", error: "enough" });
    expect(reasons).toEqual(["enough"]);
  });

  it("a step has its own time and is tried again; the whole run has its own, and ends", async () => {
    const { reasons, hang } = hanging();
    await world.start(
      [
        workflowOf({
          name: "slow-step",
          trigger: onPay,
          nodes: [
            {
              id: "hang",
              kind: "task",
              task: "hang",
              input: {},
              timeoutMs: 100,
              retry: { attempts: 2, backoff: "fixed", initialMs: 10, maxMs: 10 },
            },
          ],
        }),
        workflowOf({ name: "slow-run", trigger: onPay, options: { timeoutMs: 5_000 }, nodes: [task("hang", "hang")] }),
        workflowOf({
          name: "slow-wait",
          trigger: onPay,
          options: { timeoutMs: 700 },
          nodes: [{ id: "nap", kind: "sleep", until: { ms: 3_600_000 } }],
        }),
      ],
      { hang },
    );
    const invoice = await world.paid();
    expect(await world.ended("slow-step", invoice)).toMatchObject({
      status: "failed",
      attempts: 2,
      error: "not done within 100 ms",
    });
    expect(await world.ended("slow-run", invoice)).toMatchObject({
      status: "failed",
      failed_step: "hang",
      error: expect.stringContaining("EJS6011"),
    });
    expect(await world.ended("slow-wait", invoice)).toMatchObject({
      status: "failed",
      error: expect.stringContaining("EJS6011"),
    });
    expect(reasons).toHaveLength(3);
  });

  it("a run whose workflow was removed fails and says so, also one that slept meanwhile", async () => {
    await world.start([
      workflowOf({ name: "removed", trigger: onPay, nodes: [{ id: "nap", kind: "sleep", until: { ms: 3_600_000 } }] }),
    ]);
    const invoice = await world.paid();
    await world.parked("removed", invoice);
    await world.build([]);
    // A worker reads the newest build once a second, and at its start.
    await world.stopWorker();
    await world.startWorker();
    await world.wakeSleepers();
    expect(await world.ended("removed", invoice)).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/EJS6010.*removed was removed from the model/),
    });
  });

  it("a run that slept goes on with the definition that it started with", async () => {
    const { note, calls } = notes();
    const version = (text: string) =>
      workflowOf({
        name: "versions",
        trigger: onPay,
        nodes: [{ id: "nap", kind: "sleep", until: { ms: 3_600_000 } }, task("say", "note", { text: `"${text}"` })],
      });
    await world.start([version("old")], { note });
    const first = await world.paid();
    await world.parked("versions", first);
    await world.build([version("new")]);
    const second = await world.paid();
    await world.parked("versions", second);
    await world.wakeSleepers();
    await world.ended("versions", first);
    await world.ended("versions", second);
    // Which of the two wakes first is nobody's promise.
    expect(calls.map(({ input }) => (input as { text: string }).text).sort()).toEqual(["new", "old"]);
  });
});

describe("many waits", () => {
  it("of parallel paths end one by one; the run wakes for each and parks again", async () => {
    const { note, steps } = notes();
    const workflow = workflowOf({
      name: "both",
      trigger: onPay,
      nodes: [
        { id: "nap", kind: "sleep", until: { ms: 3_600_000 } },
        task("afterNap"),
        { id: "wait", kind: "waitForSignal", signal: "both", key: "record.id" },
        task("afterWait"),
      ],
      edges: [
        { from: "start", to: "nap" },
        { from: "start", to: "wait" },
        { from: "nap", to: "afterNap" },
        { from: "wait", to: "afterWait" },
        { from: "afterNap", to: "end" },
        { from: "afterWait", to: "end" },
      ],
    });
    await world.start([workflow], { note });
    const invoice = await world.paid();
    const { waiting_for } = await world.parked("both", invoice);
    expect(waiting_for?.map(({ kind }) => kind)).toEqual(["timer", "signal"]);
    await world.wakeSleepers();
    await eventually("the nap's end", async () => steps().length === 1);
    const again = await world.until(
      "both",
      invoice,
      (run) => run.status === "waiting" && run.waiting_for?.length === 1,
    );
    expect(again.waiting_for).toEqual([{ kind: "signal", step: "wait", name: "both", key: invoice }]);
    await signalWorkflow(world.client, "both", invoice);
    await world.ended("both", invoice);
    expect(steps()).toEqual(["afterNap", "afterWait"]);
  });
});
