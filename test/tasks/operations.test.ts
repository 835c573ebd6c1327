/** What operators do with workflows: retry, fork, redrive, pause, resume, cancel; through the SQL functions that every tool calls. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { defineTask } from "../../src/dsl/task.ts";
import type { WorkflowNode } from "../../src/model/index.ts";
import { NonRetryableError, startWorkflow } from "../../src/tasks/index.ts";
import { asUser, ids, workflowOf } from "./support/invoicing-database.ts";
import { eventually, startWorkerProcess } from "./support/worker.ts";
import { type RunRow, WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
beforeAll(async () => {
  world = await WorkflowWorld.make();
});
afterEach(async () => {
  await world.client.query("select enginejs.resume_workflow(workflow) from enginejs.workflow_pauses");
  await world.stopWorker();
});
afterAll(() => world.end());

const onPay = { kind: "model", entity: "Invoice", event: "action", action: "pay" } as const;
const task = (id: string, name: string): WorkflowNode => ({ id, kind: "task", task: name, input: {} });

async function value<T>(text: string, ...values: unknown[]): Promise<T> {
  const { rows } = await world.client.query<[T]>({ text: `select ${text}`, values, rowMode: "array" });
  return rows[0]?.[0] as T;
}
const logged = async (kind: string) =>
  (
    await world.client.query(
      "select tenant, detail from enginejs.administration_log where kind = $1 order by id desc limit 1",
      [kind],
    )
  ).rows[0];
const isSettled = ({ status }: RunRow) => ["done", "failed", "cancelled"].includes(status);

/** A task that fails until it is told not to. */
function flaky() {
  const calls: string[] = [];
  const state = { broken: true };
  return {
    calls,
    state,
    note: defineTask({ run: ({ idempotencyKey }) => void calls.push(idempotencyKey) }),
    flaky: defineTask({
      run: ({ idempotencyKey }) => {
        calls.push(idempotencyKey);
        if (state.broken) throw new NonRetryableError("it is broken");
      },
    }),
  };
}

describe("retry", () => {
  it("tries a failed run again from its failed step, with its checkpoints, and is recorded", async () => {
    const { calls, state, note, flaky: shaky } = flaky();
    await world.start(
      [workflowOf({ name: "again", trigger: onPay, nodes: [task("first", "note"), task("second", "shaky")] })],
      {
        note,
        shaky,
      },
    );
    const invoice = await world.paid();
    const { id } = await world.ended("again", invoice);
    expect(await value("status from enginejs.workflow_runs where id = $1", id)).toBe("failed");
    state.broken = false;
    expect(await value("enginejs.retry_run($1, 'mended')", id)).toBe("pending");
    expect(await world.until("again", invoice, ({ status }) => status === "done")).toMatchObject({ id, error: null });
    expect(calls).toEqual([`${id}:first`, `${id}:second`, `${id}:second`]);
    expect(await logged("workflow.retry")).toEqual({
      tenant: ids.tenant,
      detail: { run: id, workflow: "again", reason: "mended" },
    });
    await expect(value("enginejs.retry_run($1)", id)).rejects.toMatchObject({ code: "EJ409" });
    await expect(value("enginejs.retry_run($1)", ids.tenant)).rejects.toMatchObject({ code: "EJ404" });
  });

  it("makes the next attempt of a run that pauses before it now", async () => {
    let calls = 0;
    const once = defineTask({
      run: () => {
        calls += 1;
        if (calls === 1) throw new Error("not yet");
      },
    });
    await world.start(
      [
        workflowOf({
          name: "patient",
          trigger: onPay,
          nodes: [task("only", "once")],
          retry: { attempts: 3, backoff: "exponential", initialMs: 600_000, maxMs: 600_000 },
        }),
      ],
      { once },
    );
    const invoice = await world.paid();
    const { id } = await world.until("patient", invoice, ({ status }) => status === "waiting");
    await value("enginejs.retry_run($1)", id);
    expect(await world.ended("patient", invoice)).toMatchObject({ status: "done" });
    expect(calls).toBe(2);
  });

  it("gives a run whose own time was over time again", async () => {
    const { state, flaky: shaky } = flaky();
    await world.start(
      [workflowOf({ name: "timed", trigger: onPay, nodes: [task("only", "shaky")], options: { timeoutMs: 60_000 } })],
      { shaky },
    );
    const invoice = await world.paid();
    const { id } = await world.ended("timed", invoice);
    state.broken = false;
    const administrator = await world.database.administrator();
    await administrator.query(
      "update enginejs.workflow_events set created_at = created_at - interval '1 hour' where record_id = $1",
      [invoice],
    );
    await value("enginejs.retry_run($1)", id);
    expect(await world.until("timed", invoice, isSettled)).toMatchObject({ status: "done" });
  });
});

describe("fork", () => {
  const workflow = workflowOf({
    name: "forked",
    trigger: onPay,
    nodes: [task("one", "note"), task("two", "note"), task("three", "shaky")],
  });

  it("makes a new run of the same event with the checkpoints before the step, and keys of its own", async () => {
    const { calls, state, note, flaky: shaky } = flaky();
    await world.start([workflow], { note, shaky });
    const { id } = await world.ended("forked", await world.paid());
    state.broken = false;
    calls.length = 0;
    const fork = await value<string>("enginejs.fork_run($1, 'two')", id);
    expect(fork).not.toBe(id);
    expect(fork.slice(0, 18)).toBe(id.slice(0, 18));
    expect(await world.until("forked", fork, isSettled)).toMatchObject({ id: fork, status: "done" });
    expect(calls).toEqual([`${fork}:two`, `${fork}:three`]);
    expect(await value("status from enginejs.workflow_runs where id = $1", id)).toBe("failed");
    const second = await value<string>("enginejs.fork_run($1, 'start')", id);
    expect(await world.until("forked", second, isSettled)).toMatchObject({ id: second, status: "done" });
    expect(calls).toHaveLength(5);
    await expect(value("enginejs.fork_run($1, 'towo')", id)).rejects.toMatchObject({
      code: "EJ404",
      hint: "start, one, two, three, end",
    });
  });

  it("does anew what was undone; such a run cannot be retried", async () => {
    const { calls, state, note, flaky: shaky } = flaky();
    const undone = workflowOf({
      name: "undone",
      trigger: onPay,
      nodes: [task("charge", "note"), task("other", "note"), task("ship", "shaky")],
    });
    const compensated = {
      ...undone,
      nodes: [
        ...undone.nodes,
        {
          id: "undoCharge",
          kind: "compensate" as const,
          of: "charge",
          body: {
            nodes: [
              { id: "start2", kind: "start" as const },
              task("refund", "note"),
              { id: "end2", kind: "end" as const },
            ],
            edges: [
              { from: "start2", to: "refund" },
              { from: "refund", to: "end2" },
            ],
          },
        },
      ],
    };
    await world.start([compensated], { note, shaky });
    const { id } = await world.ended("undone", await world.paid());
    expect(calls).toContain(`${id}:undoCharge.refund`);
    await expect(value("enginejs.retry_run($1)", id)).rejects.toMatchObject({
      code: "EJ409",
      message: expect.stringContaining("charge"),
    });
    expect(await value("(enginejs.redrive_runs('undone')).refused")).toBe(1);
    state.broken = false;
    calls.length = 0;
    const fork = await value<string>("enginejs.fork_run($1, 'ship')", id);
    expect(await world.until("undone", fork, isSettled)).toMatchObject({ status: "done" });
    expect(calls).toEqual([`${fork}:charge`, `${fork}:other`, `${fork}:ship`]);
  });

  it("of the newest definition, where asked", async () => {
    const { calls, state, note, flaky: shaky } = flaky();
    state.broken = true;
    await world.start([workflow], { note, shaky });
    const { id } = await world.ended("forked", await world.paid());
    await world.stopWorker();
    await world.start(
      [{ ...workflow, nodes: workflow.nodes.map((node) => (node.id === "three" ? task("three", "note") : node)) }],
      { note, shaky },
    );
    calls.length = 0;
    const fork = await value<string>("enginejs.fork_run($1, 'three', newest => true)", id);
    expect(await world.until("forked", fork, isSettled)).toMatchObject({ status: "done" });
    expect(calls).toEqual([`${fork}:three`]);
  });
});

describe("pause", () => {
  const counted = () => {
    let runs = 0;
    return {
      task: defineTask({
        run: () => {
          runs += 1;
        },
      }),
      get runs() {
        return runs;
      },
    };
  };

  it("keeps events and queued runs, whatever is built or restarted, until the workflow is resumed", async () => {
    const count = counted();
    const workflows = [
      workflowOf({ name: "quiet", as: "system", trigger: onPay, nodes: [task("only", "count")] }),
      workflowOf({ name: "loud", trigger: onPay, nodes: [] }),
    ];
    await world.build(workflows);
    expect(await value("enginejs.pause_workflow('quiet', 'the mail provider is down')")).toBe(0);
    expect(await value("enginejs.pause_workflow('quiet')")).toBeNull();
    await world.start(workflows, { count: count.task });
    const invoice = await world.paid();
    expect(await world.ended("loud", invoice)).toMatchObject({ status: "done" });
    expect(await world.run("quiet", invoice)).toBeUndefined();
    const outbox = () =>
      value("status from enginejs.workflow_events_outbox where record_id = $1 and action = 'pay'", invoice);
    expect(await outbox()).toBe("pending");
    const child = await startWorkflow(world.client, "quiet");
    await world.stopWorker();
    await world.start(workflows, { count: count.task });
    await world.ended("loud", await world.paid());
    expect(count.runs).toBe(0);
    await value("enginejs.resume_workflow('quiet')");
    expect(await world.until("quiet", invoice, isSettled)).toMatchObject({ status: "done" });
    expect(await world.until("quiet", child, isSettled)).toMatchObject({ status: "done" });
    await eventually("all three", async () => count.runs === 3);
    expect(await outbox()).toBe("done");
    expect(await logged("workflow.resume")).toMatchObject({ detail: { workflow: "quiet", events: 3 } });
    await expect(value("enginejs.pause_workflow('quite')")).rejects.toMatchObject({ code: "EJ404" });
  });

  it("under load: nothing starts any more soon after, nothing is lost, nothing runs twice", async () => {
    const keys: string[] = [];
    const slow = defineTask({
      run: async ({ idempotencyKey }) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        keys.push(idempotencyKey);
      },
    });
    await world.start([workflowOf({ name: "loaded", as: "system", trigger: onPay, nodes: [task("only", "slow")] })], {
      slow,
    });
    const total = 600;
    await world.client.query("select enginejs.workflow_start('loaded') from generate_series(1, $1)", [total]);
    await eventually("some have run", async () => keys.length > 20);
    await value("enginejs.pause_workflow('loaded')");
    await eventually("what was begun is over", async () => {
      const running =
        "select from enginejs.workflow_runs where workflow = 'loaded' and status in ('processing', 'running')";
      return (await world.client.query(running)).rowCount === 0;
    });
    const then = keys.length;
    expect(then).toBeLessThan(total);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(keys.length).toBe(then);
    await value("enginejs.resume_workflow('loaded')");
    await eventually("all of them", async () => keys.length >= total);
    expect(new Set(keys).size).toBe(total);
    expect(keys.length).toBe(total);
  });

  it("lets a run that sleeps wake up paused; one that is resumed alone goes on; cancelling ends one", async () => {
    const workflow = workflowOf({
      name: "sleepy",
      trigger: onPay,
      nodes: [{ id: "nap", kind: "sleep", until: { ms: 3_600_000 } }],
    });
    await world.start([workflow]);
    const invoices = [await world.paid(), await world.paid(), await world.paid()];
    for (const invoice of invoices) await world.parked("sleepy", invoice);
    await value("enginejs.pause_workflow('sleepy', 'just so')");
    await world.wakeSleepers();
    const [first, second, third] = await Promise.all(
      invoices.map((invoice) => world.until("sleepy", invoice, ({ status }) => status === "paused")),
    );
    expect(first?.waiting_for).toEqual([{ kind: "operator", reason: "just so" }]);
    await value("enginejs.resume_run($1)", first?.id);
    await world.until("sleepy", first?.id ?? "", ({ status }) => status === "done");
    expect(await value("enginejs.cancel_run($1, 'no need')", second?.id)).toBe(true);
    await world.until("sleepy", second?.id ?? "", ({ status }) => status === "cancelled");
    expect(await world.run("sleepy", third?.id ?? "")).toMatchObject({ status: "paused" });
    await value("enginejs.resume_workflow('sleepy')");
    await world.until("sleepy", third?.id ?? "", ({ status }) => status === "done");
  });

  it("of one run leaves the others alone, and outlives its workflow's resuming", async () => {
    await world.start([
      workflowOf({ name: "single", trigger: onPay, nodes: [{ id: "nap", kind: "sleep", until: { ms: 3_600_000 } }] }),
    ]);
    const [one, other] = [await world.paid(), await world.paid()];
    const { id } = await world.parked("single", one);
    expect(await value("enginejs.pause_run($1)", id)).toBe("paused");
    await world.parked("single", other);
    await world.wakeSleepers();
    expect(await world.ended("single", other)).toMatchObject({ status: "done" });
    await value("enginejs.pause_workflow('single')");
    await value("enginejs.resume_workflow('single')");
    expect(await world.run("single", one)).toMatchObject({ status: "paused" });
    await value("enginejs.resume_run($1)", id);
    expect(await world.ended("single", one)).toMatchObject({ status: "done" });
    await expect(value("enginejs.pause_run($1)", id)).rejects.toMatchObject({ code: "EJ409" });
  });
});

describe("redrive", () => {
  it("takes a thousand dead letters back by filter, once, and they are done", async () => {
    const { state, flaky: shaky } = flaky();
    await world.start(
      [
        workflowOf({ name: "bulk", trigger: onPay, nodes: [task("only", "shaky")] }),
        workflowOf({ name: "kept-dead", as: "system", trigger: onPay, nodes: [task("only", "shaky")] }),
      ],
      { shaky },
    );
    const total = 1_000;
    const actor = JSON.stringify({ kind: "system", id: null, tenant: ids.tenant });
    await world.client.query("select enginejs.workflow_start('bulk', actor => $2) from generate_series(1, $1)", [
      total,
      actor,
    ]);
    await startWorkflow(world.client, "kept-dead");
    const dead = (workflow: string) =>
      value<number>("count(*)::int from enginejs.workflow_dead_letters where workflow = $1", workflow);
    const all = async () => (await dead("bulk")) === total && (await dead("kept-dead")) === 1;
    await eventually("all have failed", all, 150);
    state.broken = false;
    const other = "(select to_jsonb(r) from enginejs.redrive_runs('bulk', of_tenant => $1) r)";
    expect(await value(other, ids.otherTenant)).toEqual({ runs: 0, events: 0, refused: 0 });
    const batch =
      "(select to_jsonb(r) from enginejs.redrive_runs('bulk', of_tenant => $1, error_like => 'IS BROKEN', most => 600) r)";
    expect(await value(batch, ids.tenant)).toEqual({ runs: 600, events: 0, refused: 0 });
    expect(await value(batch, ids.tenant)).toEqual({ runs: 400, events: 0, refused: 0 });
    expect(await value(batch, ids.tenant)).toEqual({ runs: 0, events: 0, refused: 0 });
    await eventually(
      "all are done",
      async () =>
        (await value("count(*)::int from enginejs.workflow_runs where workflow = 'bulk' and status = 'done'")) ===
        total,
    );
    expect(await dead("bulk")).toBe(0);
    expect(await dead("kept-dead")).toBe(1);
    expect(await logged("workflow.redrive")).toMatchObject({
      tenant: ids.tenant,
      detail: { runs: 400, workflow: "bulk" },
    });
  });

  it("takes events back whose condition could not be evaluated", async () => {
    await world.start([workflowOf({ name: "matched", trigger: onPay, nodes: [] })]);
    const invoice = await world.paid();
    await world.ended("matched", invoice);
    // As the relay leaves it when it gives up.
    await world.client.query(
      `insert into enginejs.workflow_events_failed (event_id, segment, workflows, attempts, error)
       select id, segment, '{matched,other}', 5, 'division by zero' from enginejs.workflow_events
       where record_id = $1 and action = 'pay'`,
      [invoice],
    );
    expect(await value("(select to_jsonb(r) from enginejs.redrive_runs('matched') r)")).toEqual({
      runs: 0,
      events: 1,
      refused: 0,
    });
    expect(
      (
        await world.client.query(
          "select workflows from enginejs.workflow_events_failed where error = 'division by zero'",
        )
      ).rows,
    ).toEqual([{ workflows: ["other"] }]);
    await eventually("the relay has taken it", async () =>
      value("not exists (select from enginejs.workflow_events_pending p)"),
    );
  });
});

describe("skip", () => {
  it("passes over a failed run that others wait for in order; a retry mends the order as well", async () => {
    const { state, flaky: shaky } = flaky();
    await world.start(
      [
        workflowOf({
          name: "in-order",
          as: "system",
          trigger: onPay,
          nodes: [task("only", "shaky")],
          options: { ordered: { by: { key: '"all"' }, onFailure: "halt" } },
        }),
      ],
      { shaky },
    );
    const runs: string[] = [];
    for (let n = 0; n < 3; n++) runs.push(await startWorkflow(world.client, "in-order"));
    const [first = "", second = "", third = ""] = runs;
    await world.until("in-order", first, ({ status }) => status === "failed");
    await expect(value("enginejs.skip_run($1)", second)).rejects.toMatchObject({ code: "EJ409" });
    expect(await value("enginejs.skip_run($1, 'never mind')", first)).toBe("failed");
    await world.until("in-order", second, ({ status }) => status === "failed");
    expect(await world.run("in-order", third)).toMatchObject({ status: "waiting" });
    state.broken = false;
    await value("enginejs.retry_run($1)", second);
    await world.until("in-order", third, ({ status }) => status === "done");
    expect(await world.run("in-order", first)).toMatchObject({ status: "failed" });
    expect(await logged("workflow.skip")).toMatchObject({ detail: { run: first, reason: "never mind" } });
  });
});

describe("a worker that is killed between an operator's command and its effect", () => {
  it("loses none: the next one retries, forks and resumes", async () => {
    await world.build([
      workflowOf({ name: "fails", trigger: onPay, nodes: [task("only", "hopeless")] }),
      workflowOf({ name: "held", trigger: onPay, nodes: [task("only", "slow")] }),
    ]);
    await world.client.query(
      "create schema if not exists test; create table if not exists test.effects (kind text, key text)",
    );
    const killed = startWorkerProcess(world.database);
    await killed.ready;
    const invoice = await world.paid();
    const { id } = await world.ended("fails", invoice);
    await eventually("held is at its step", async () => (await world.run("held", invoice))?.status === "processing");
    await killed.kill();
    await value("enginejs.retry_run($1)", id);
    const fork = await value<string>("enginejs.fork_run($1, 'only')", id);
    await value("enginejs.pause_workflow('held')");
    const next = startWorkerProcess(world.database, { SLOW: "10" });
    await next.ready;
    await eventually(
      "tried again",
      async () => (await world.run("fails", id))?.attempts === 2 && (await world.run("fails", id))?.status === "failed",
    );
    expect(await world.ended("fails", fork)).toMatchObject({ id: fork, status: "failed" });
    expect(await world.until("held", invoice, ({ status }) => status === "paused")).toBeDefined();
    await next.kill();
    await value("enginejs.resume_workflow('held')");
    const last = startWorkerProcess(world.database, { SLOW: "10" });
    expect(await world.ended("held", invoice)).toMatchObject({ status: "done" });
    await last.terminate();
    const { rows } = await world.client.query(
      "select key, count(*)::int as n from test.effects where kind = 'hopeless' group by key order by key",
    );
    expect(rows).toEqual(
      [
        { key: `${id}:only`, n: 2 },
        { key: `${fork}:only`, n: 1 },
      ].toSorted((a, b) => a.key.localeCompare(b.key)),
    );
  });
});

describe("who may", () => {
  const commands = [
    "enginejs.list_runs()",
    "enginejs.show_run(gen_random_uuid())",
    "enginejs.list_dead_letters()",
    "enginejs.retry_run(gen_random_uuid())",
    "enginejs.fork_run(gen_random_uuid(), 'x')",
    "enginejs.cancel_run(gen_random_uuid())",
    "enginejs.skip_run(gen_random_uuid())",
    "enginejs.pause_workflow('x')",
    "enginejs.resume_workflow('x')",
    "enginejs.pause_run(gen_random_uuid())",
    "enginejs.resume_run(gen_random_uuid())",
    "enginejs.redrive_runs()",
  ];

  it.each(commands)("%s: a member may not, an operator may, for as long as he is one", async (command) => {
    const asBiller = () =>
      asUser(world.client, ids.biller, () => value(command)).then(
        () => "ok",
        (error) => error.code,
      );
    expect(await asBiller()).toBe("42501");
    const grant = (tenant: string | null, until: string) =>
      world.client.query(
        `insert into enginejs.role_grants (actor, tenant, role, valid_from, valid_until, reason)
         values ($1, $2, 'operator', now() - interval '1 h', now() + $3::interval, 'test')`,
        [ids.biller, tenant, until],
      );
    // The platform's role is nobody's by a tenant, and nobody's when its time is over.
    await grant(ids.tenant, "1 h");
    await grant(null, "-1 s");
    expect(await asBiller()).toBe("42501");
    await grant(null, "1 h");
    expect(["ok", "EJ404"]).toContain(await asBiller());
    const byKey = asUser(world.client, ids.biller, async () => {
      await world.client.query("select set_config('enginejs.actor_kind', 'key', true)");
      return value(command);
    });
    await expect(byKey).rejects.toMatchObject({ code: "42501" });
    await world.client.query("update enginejs.role_grants set revoked_at = now() where role = 'operator'");
    expect(await asBiller()).toBe("42501");
  });

  it("neither anonymous requests nor workflows of the system may", async () => {
    for (const role of ["enginejs_anonymous", "enginejs_system"]) {
      await world.client.query("begin");
      await world.client.query("select enginejs.begin_request($1, null, null, null, null, 'test')", [role]);
      await expect(value("enginejs.list_runs()")).rejects.toMatchObject({ code: "42501" });
      await world.client.query("rollback");
    }
  });

  it("names the operator in the log", async () => {
    await world.build([workflowOf({ name: "held", trigger: onPay, nodes: [] })]);
    await world.client.query(
      `insert into enginejs.role_grants (actor, role, valid_until, reason) values ($1, 'operator', now() + interval '1 h', 'test')`,
      [ids.biller],
    );
    await asUser(world.client, ids.biller, () => value("enginejs.pause_workflow('held')"));
    expect(await logged("workflow.pause")).toMatchObject({
      tenant: null,
      detail: { workflow: "held", by: ids.biller },
    });
  });
});

describe("what is told", () => {
  it("runs by filter, page by page; one with its steps, its event and what it waits for; figures", async () => {
    const { note } = flaky();
    await world.start(
      [
        workflowOf({
          name: "told",
          trigger: onPay,
          nodes: [task("first", "note"), { id: "nap", kind: "sleep", until: { ms: 60_000 } }],
        }),
      ],
      { note },
    );
    const invoices = [await world.paid(), await world.paid(), await world.paid()];
    for (const invoice of invoices) await world.parked("told", invoice);
    const list = async (more: string, ...values: unknown[]) =>
      (
        await world.client.query<{ run: Record<string, unknown> }>(
          `select enginejs.list_runs('told'${more}) as run`,
          values,
        )
      ).rows.map(({ run }) => run);
    expect((await list("")).map(({ recordId }) => recordId)).toEqual(invoices.toReversed());
    expect((await list(", of_record => $1", invoices[1])).map(({ recordId }) => recordId)).toEqual([invoices[1]]);
    expect(await list(", in_status => 'done'")).toEqual([]);
    expect(await list(", of_tenant => $1", ids.otherTenant)).toEqual([]);
    expect(await list(", since => now() + interval '1 h'")).toEqual([]);
    const [page] = await list(", first => 1");
    expect((await list(", first => 2, after => $1", page?.id)).map(({ recordId }) => recordId)).toEqual(
      invoices.slice(0, 2).toReversed(),
    );
    expect(await list(", in_status => 'waiting', of_tenant => $1, first => 1", ids.tenant)).toHaveLength(1);
    const shown = await value<Record<string, unknown>>("enginejs.show_run($1)", page?.id);
    expect(shown).toMatchObject({
      status: "waiting",
      waitingFor: [{ kind: "timer", step: "nap" }],
      steps: [{ step: "first" }],
      event: { model: "Invoice", action: "pay", recordId: invoices[2] },
      others: [],
    });
    const metrics = await value<string>("enginejs.workflow_metrics()");
    expect(metrics).toContain('enginejs_workflow_runs{workflow="told",status="waiting"} 3\n');
    expect(metrics).toContain("enginejs_workflow_workers 1\n");
    expect(metrics).toContain("enginejs_workflow_relay_leading 1\n");
    expect(metrics).not.toContain(ids.tenant);
  });
});
