/** Workflows and processes as mutations: who may, with which input, and what comes of it. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ensureLogins } from "../../src/database/logins.ts";
import { defineTask } from "../../src/dsl/task.ts";
import type { System } from "../../src/model/index.ts";
import type { RunningServer } from "../../src/server/index.ts";
import { NonRetryableError, type RunningWorker, startWorker } from "../../src/tasks/index.ts";
import { eventually } from "../tasks/support/worker.ts";
import { charge, echo, hidden, hostile, placeOrder, report } from "./support/callable-workflows.ts";
import {
  applyBuild,
  ask,
  codeOf,
  type GraphqlAnswer,
  type Person,
  type ServedInvoicing,
  servedInvoicing,
  tenantId,
  tokenOf,
  userId,
} from "./support/served-invoicing.ts";

let served: ServedInvoicing;
let server: RunningServer;
let worker: RunningWorker;
let client: pg.Client;
let held: Promise<void> | undefined;
let workerUrl: string;

const bank = defineTask({
  async run({ input }) {
    await held;
    if ((input as { amount: number }).amount === 7) throw new NonRetryableError("secret of the bank");
    return {};
  },
});

const quiet = () => undefined;
const work = () =>
  startWorker({
    url: workerUrl,
    tasks: new Map([["bank", bank]]),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });

beforeAll(async () => {
  served = await servedInvoicing();
  const system: System = { ...served.system, workflows: [placeOrder, charge, report, hidden, echo] };
  await applyBuild(served.database.url, system);
  client = await served.database.client();
  server = await served.serve();
  ({ workerUrl } = await ensureLogins(served.database.administratorUrl));
  worker = await work();
});
afterAll(async () => {
  await worker?.stop();
  await served?.close();
});

const as = async (
  person: Person | undefined,
  document: string,
  variables?: Readonly<Record<string, unknown>>,
  tenant = 1,
): Promise<GraphqlAnswer> => ask(server, person && (await tokenOf(person, tenant)), document, variables);

const runs = async (workflow: string): Promise<number> => {
  const { rows } = await client.query("select from enginejs.workflow_events where model = $1", [
    `workflow:${workflow}`,
  ]);
  return rows.length;
};

/** In one transaction as a person, by raw SQL. */
async function sqlAs<T>(person: Person, text: string, values: unknown[]): Promise<T> {
  await client.query("begin");
  try {
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'test')", [
      userId(person),
      tenantId(1),
    ]);
    const { rows } = await client.query<{ value: T }>(text, values);
    await client.query("commit");
    return rows[0]?.value as T;
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

describe("a process of pure database work", () => {
  const place = `mutation ($input: OrdersPlaceInput!) {
    ordersPlace(input: $input) { runId output placed { id total size } nothing { why } }
  }`;
  const call = "select app.orders_place($1) as value";
  const made = async (number: string) => {
    const { rows } = await client.query("select id from app.invoice where number = $1", [number]);
    return rows.length;
  };

  test("gives its output, over GraphQL and over SQL, with the caller's rights", async () => {
    const large = await as("biller", place, { input: { number: "P-1", customer: "Ada", amount: 600 } });
    expect(large.errors).toEqual([]);
    expect(large.data.ordersPlace).toEqual({
      runId: null,
      output: "placed",
      placed: { id: expect.any(String), total: 1200, size: "large" },
      nothing: null,
    });
    const { rows } = await client.query(
      `select i.owner_id, l.price::int, (select e.actor ->> 'id' from enginejs.workflow_events e
          where e.model = 'Invoice' and e.record_id = i.id) as actor
       from app.invoice i join app.invoice_line l on l.invoice_id = i.id where i.number = 'P-1'`,
    );
    expect(rows).toEqual([{ owner_id: userId("biller"), price: 1200, actor: userId("biller") }]);
    expect(await sqlAs("biller", call, [{ number: "P-2", customer: "Ada", amount: 5 }])).toEqual({
      output: "placed",
      value: { id: expect.any(String), total: 10, size: "small" },
    });
    const none = await as("biller", place, { input: { number: "P-3", customer: "Ada", amount: 0 } });
    expect(none.data.ordersPlace).toEqual({ runId: null, output: "nothing", placed: null, nothing: { why: "Ada" } });
    expect(await made("P-3")).toBe(0);
    expect(await runs("orders.place")).toBe(0);
  });

  test("does nothing that the caller could not do himself, and nothing by halves", async () => {
    const customers = async () => (await client.query("select from app.customer")).rowCount;
    const before = await customers();
    const denied = await as("member", place, { input: { number: "P-4", customer: "Ada", amount: 5 } });
    expect(codeOf(denied)).toBe("EJS5031");
    await expect(sqlAs("member", call, [{ number: "P-4", customer: "Ada", amount: 5 }])).rejects.toMatchObject({
      code: "42501",
    });
    expect(codeOf(await as(undefined, place, { input: { number: "P-4", customer: "Ada", amount: 5 } }))).toBe(
      "EJS5031",
    );
    const unlucky = { number: "P-5", customer: "Ada", amount: 13 };
    const failed = await as("biller", place, { input: unlucky });
    expect(failed.errors).toEqual([
      {
        message: "not on a Friday",
        locations: expect.anything(),
        path: ["ordersPlace"],
        extensions: { code: "Unlucky", values: { total: 26 }, requestId: expect.any(String) },
      },
    ]);
    await expect(sqlAs("biller", call, [unlucky])).rejects.toMatchObject({
      code: "EJ422",
      message: "not on a Friday",
      detail: JSON.stringify({ error: "Unlucky", values: { total: 26 } }).replaceAll(/([:,])/g, "$1 "),
    });
    expect([await made("P-4"), await made("P-5"), await customers()]).toEqual([0, 0, before]);
  });

  test("refuses an input that does not fit, and names every place", async () => {
    const input = { number: "", customer: "Ada", amount: -1, lines: [{ price: 1 }, { price: -5 }] };
    const refused = await as("biller", place, { input });
    expect(codeOf(refused)).toBe("EJS5043");
    const [problems = []] = refused.errors.map(({ extensions }) => extensions.problems as string[]);
    expect(problems.map((problem) => problem.split(":")[0]).sort()).toEqual(["amount", "lines[1].price", "number"]);
    await expect(sqlAs("biller", call, [{ ...input, more: 1 }])).rejects.toMatchObject({
      code: "EJ422",
      message: expect.stringMatching(/lines\[1\]\.price.*more|more.*lines\[1\]\.price/),
    });
    const { errors } = await as("biller", place, { input: { number: "P-6", customer: "Ada" } });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["EJS5024"]);
  });
});

test("what declares no schema takes and gives JSON as it is, strange texts and all", async () => {
  const strange = {
    a: [1, "x'); drop table app.invoice; --", '$$ \\ "', null, { "no name": true }],
    big: 12_345_678_901,
  };
  const document = "mutation ($input: JSON) { echo(input: $input) { output output_value } }";
  const { data, errors } = await as(undefined, document, { input: strange });
  expect(errors).toEqual([]);
  expect(data.echo).toEqual({ output: "output", output_value: { given: strange, text: hostile } });
  const literal = await as("member", 'mutation { echo(input: { a: [1, "b"] }) { output_value } }');
  expect(literal.data.echo).toMatchObject({ output_value: { given: { a: [1, "b"] } } });
  expect((await as("member", "mutation { echo { output_value } }")).data.echo).toMatchObject({
    output_value: { given: null },
  });
});

describe("a synchronous workflow with steps outside", () => {
  const call = `mutation ($amount: Int!) {
    chargeCard(input: { amount: $amount }) { runId output charged { paid } free }
  }`;

  test("is waited for, and told within moments of its end", async () => {
    // A look by itself would come after a second, whatever the machine does besides: one call that is faster was told.
    const times: number[] = [];
    for (let i = 0; i < 20 && Math.min(...times) >= 900; i++) {
      const began = performance.now();
      const done = await as("biller", call, { amount: 12 });
      times.push(performance.now() - began);
      expect(done.errors).toEqual([]);
      expect(done.data.chargeCard).toEqual({
        runId: expect.any(String),
        output: "charged",
        charged: { paid: 12 },
        free: null,
      });
    }
    expect(Math.min(...times)).toBeLessThan(900);
    const free = await as("biller", call, { amount: 0 });
    expect(free.data.chargeCard).toMatchObject({ output: "free", charged: null, free: {} });
  });

  test("fails with the errors that it declares; of others nothing is told", async () => {
    const declined = await as("biller", call, { amount: 2000 });
    expect(declined.data).toEqual({ chargeCard: null });
    expect(declined.errors[0]).toMatchObject({
      message: "CardDeclined",
      extensions: { code: "CardDeclined", values: { reason: "too much" } },
    });
    const failed = await as("biller", call, { amount: 7 });
    expect(codeOf(failed)).toBe("EJS5044");
    expect(failed.text).not.toContain("bank");
    const asked = await as("biller", "query ($run: UUID!) { workflowResult(run: $run) { status error } }", {
      run: failed.errors[0]?.extensions.runId,
    });
    expect(asked.data.workflowResult).toEqual({
      status: "failed",
      error: { code: "WorkflowFailed", message: "the run has failed", values: null },
    });
  });

  test("is for whom its roles name, and starts nothing for others", async () => {
    const before = await runs("charge-card");
    for (const person of ["member", undefined] as const) {
      expect(codeOf(await as(person, call, { amount: 1 }))).toBe("EJS5031");
    }
    expect(codeOf(await as("biller", call, { amount: -1 }))).toBe("EJS5043");
    await expect(
      sqlAs("biller", "select enginejs.start_workflow('charge-card', '{\"amount\": \"x\"}') as value", []),
    ).rejects.toMatchObject({ code: "EJ422", message: expect.stringContaining("amount") });
    expect(await runs("charge-card")).toBe(before);
  });

  test("goes on where it is not done in time, and is asked for then by whoever has started it", async () => {
    const impatient = await served.serve({ limits: { requestTimeoutMs: 8_000 } });
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    onTestFinished(() => {
      resolve();
      held = undefined;
    });
    const late = await ask(impatient, await tokenOf("biller"), call, { amount: 3 });
    expect(late.errors).toEqual([]);
    const { runId, ...rest } = late.data.chargeCard;
    expect(rest).toEqual({ output: null, charged: null, free: null });
    const question = "query ($run: UUID!) { workflowResult(run: $run) { runId workflow status output value error } }";
    const waiting = await as("biller", question, { run: runId });
    expect(waiting.data.workflowResult).toMatchObject({ status: "processing", output: null, value: null, error: null });
    resolve();
    held = undefined;
    const done = await eventually("its end", async () => {
      const { data } = await as("biller", question, { run: runId });
      return data.workflowResult.status === "done" && data.workflowResult;
    });
    expect(done).toEqual({
      runId,
      workflow: "charge-card",
      status: "done",
      output: "charged",
      value: { paid: 3 },
      error: null,
    });
    // Nobody else: of his tenant, of another one, without a token.
    expect(codeOf(await as("member", question, { run: runId }))).toBe("EJS5030");
    expect(codeOf(await as("biller", question, { run: runId }, 2))).toBe("EJS5030");
    expect(codeOf(await as(undefined, question, { run: runId }))).toBe("EJS5031");
    expect(codeOf(await as("biller", question, { run: tenantId(1) }))).toBe("EJS5030");
  });

  test("is found to have ended also where nobody tells", async () => {
    const administrator = await served.database.administrator();
    await administrator.query(
      "create or replace function enginejs.workflow_ended(runs uuid[]) returns void language sql as ''",
    );
    const began = performance.now();
    const done = await as("biller", call, { amount: 4 });
    expect(done.data.chargeCard).toMatchObject({ output: "charged", charged: { paid: 4 } });
    expect(performance.now() - began).toBeGreaterThan(900);
    await administrator.query(
      "create or replace function enginejs.workflow_ended(runs uuid[]) returns void language sql as $$ select pg_notify('enginejs_ended', r::text) from unnest(runs) r $$",
    );
    // The connection that listens is lost: the next call makes another one.
    await administrator.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen enginejs_ended%'",
    );
    const again = await as("biller", call, { amount: 5 });
    expect(again.data.chargeCard).toMatchObject({ output: "charged", charged: { paid: 5 } });
  });

  test("tells nobody of the ends of runs that nobody waits for", async () => {
    const listener = await served.database.client();
    const told: string[] = [];
    listener.on("notification", ({ payload }) => told.push(payload ?? ""));
    await listener.query("listen enginejs_ended");
    const { rows } = await client.query<{ run: string }>(
      "select enginejs.start_workflow('charge-card', '{\"amount\": 1}', actor => $1) as run",
      [{ kind: "user", id: userId("biller"), tenant: tenantId(1) }],
    );
    await eventually("its end", async () => {
      const found = await client.query("select enginejs.workflow_result($1) ->> 'status' as status", [rows[0]?.run]);
      return found.rows[0]?.status === "done";
    });
    const waited = await as("biller", call, { amount: 6 });
    await eventually("the other's", async () => {
      await listener.query("select");
      return told.includes(waited.data.chargeCard.runId);
    });
    expect(told).not.toContain(rows[0]?.run);
  });
});

describe("an asynchronous workflow", () => {
  const start = (month: string) => `mutation { report(input: { month: "${month}" }) { runId } }`;

  test("is started by whom its expression allows, with the input that it allows", async () => {
    const { data, errors } = await as("biller", start("2026-11"));
    expect(errors).toEqual([]);
    expect(data.report).toEqual({ runId: expect.any(String) });
    const before = await runs("report");
    expect(codeOf(await as("member", start("2026-11")))).toBe("EJS5031");
    expect(codeOf(await as("biller", start("2026-13")))).toBe("EJS5031");
    expect(codeOf(await as(undefined, start("2026-11")))).toBe("EJS5031");
    expect(await runs("report")).toBe(before);
  });

  test("that nobody may start is no mutation, and refused in SQL", async () => {
    const names = await as("biller", "{ __schema { mutationType { fields { name } } } }");
    const fields = names.data.__schema.mutationType.fields.map(({ name }: { name: string }) => name);
    expect(fields).toEqual(expect.arrayContaining(["ordersPlace", "chargeCard", "report"]));
    expect(fields).not.toContain("hidden");
    const raw = "select enginejs.start_workflow('hidden', '{\"month\": \"2026-11\"}') as value";
    await expect(sqlAs("biller", raw, [])).rejects.toMatchObject({ code: "42501" });
    const inTheNameOf =
      'select enginejs.start_workflow(\'report\', \'{"month": "1"}\', actor => \'{"kind": "system"}\') as value';
    await expect(sqlAs("biller", inTheNameOf, [])).rejects.toMatchObject({ code: "42501" });
  });

  test("that the platform starts with an input that does not fit fails before its first step, for good", async () => {
    const { rows } = await client.query<{ run: string }>(
      "select enginejs.workflow_start('report', '{\"month\": 11}', actor => '{\"kind\": \"system\"}') as run",
    );
    const result = await eventually("its end", async () => {
      const found = await client.query("select enginejs.workflow_result($1) as result", [rows[0]?.run]);
      return found.rows[0]?.result.status === "failed" && found.rows[0].result;
    });
    expect(result.error.message).toMatch(/^EJS6016: The input of the workflow report does not fit: month/);
    expect(
      (await client.query("select from enginejs.workflow_run_steps where run_id = $1", [rows[0]?.run])).rowCount,
    ).toBe(0);
  });
});
