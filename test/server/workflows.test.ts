/** Workflows over GraphQL: approvals for those whom their condition lets decide, everything else for operators of the platform. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureLogins } from "../../src/database/logins.ts";
import { defineTask } from "../../src/dsl/task.ts";
import type { System, Workflow } from "../../src/model/index.ts";
import type { RunningServer } from "../../src/server/index.ts";
import { NonRetryableError, type RunningWorker, startWorker } from "../../src/tasks/index.ts";
import { buildApprovals } from "../support/build-approvals.ts";
import { workflowOf } from "../tasks/support/invoicing-database.ts";
import { eventually } from "../tasks/support/worker.ts";
import {
  ask,
  codeOf,
  invoiceId,
  recordBuild,
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
let broken = true;

const onPay = { kind: "model", entity: "Invoice", event: "action", action: "pay" } as const;
const workflows: Workflow[] = [
  workflowOf({
    name: "second-look",
    trigger: onPay,
    nodes: [
      {
        id: "ask",
        kind: "approval",
        policy: '"billing" in actor.roles',
        question: "Is that right?",
        values: { number: "record.number" },
        refused: "continue",
      },
    ],
  }),
  workflowOf({ name: "mailer", trigger: onPay, nodes: [{ id: "mail", kind: "task", task: "mail", input: {} }] }),
];

beforeAll(async () => {
  served = await servedInvoicing();
  const system: System = { ...served.system, workflows };
  client = await served.database.client();
  await buildApprovals(client, system);
  await recordBuild(served.database.url, system);
  server = await served.serve();
  const mail = defineTask({
    run: () => {
      if (broken) throw new NonRetryableError("connection refused");
    },
  });
  const { workerUrl } = await ensureLogins(served.database.administratorUrl);
  const quiet = () => undefined;
  worker = await startWorker({
    url: workerUrl,
    tasks: new Map([["mail", mail]]),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  for (const tenant of [1, 2]) {
    const paid = await ask(
      server,
      await tokenOf("biller", tenant),
      "mutation ($id: UUID!) { payInvoice(input: { id: $id }) { invoice { status } } }",
      { id: invoiceId(1, tenant) },
    );
    expect(paid.errors).toEqual([]);
  }
  await eventually("both have failed and both are asked", async () => {
    const { rows } = await client.query(
      "select status from enginejs.workflow_runs where status in ('failed', 'waiting')",
    );
    return rows.length === 4;
  });
});
afterAll(async () => {
  await worker?.stop();
  await served?.close();
});

const runOf = async (workflow: string, tenant = 1): Promise<string> => {
  const { rows } = await client.query<{ id: string }>(
    `select r.id from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id
     where r.workflow = $1 and e.record_id = $2 order by r.id limit 1`,
    [workflow, invoiceId(1, tenant)],
  );
  return rows[0]?.id ?? "";
};

describe("approvals", () => {
  const open = "{ workflowApprovals { run step workflow question data model recordId since until } }";
  const decide =
    'mutation ($run: UUID!, $step: String!, $yes: Boolean!) { decideWorkflowApproval(run: $run, step: $step, approve: $yes, comment: "seen") }';

  test("are shown to whom their condition lets decide, of his tenant alone", async () => {
    const { data } = await ask(server, await tokenOf("biller"), open);
    expect(data.workflowApprovals).toEqual([
      {
        run: await runOf("second-look"),
        step: "ask",
        workflow: "second-look",
        question: "Is that right?",
        data: { number: "INV-1" },
        model: "Invoice",
        recordId: invoiceId(1),
        since: expect.any(String),
        until: null,
      },
    ]);
    expect((await ask(server, await tokenOf("member"), open)).data.workflowApprovals).toEqual([]);
    const other = await ask(server, await tokenOf("biller", 2), open);
    expect(other.data.workflowApprovals).toEqual([expect.objectContaining({ run: await runOf("second-look", 2) })]);
    expect((await ask(server, await tokenOf("biller", 3), open)).data.workflowApprovals).toEqual([]);
    expect(codeOf(await ask(server, undefined, open))).toBe("EJS5031");
  });

  test("are decided by him, once, and by nobody else", async () => {
    const run = await runOf("second-look");
    const asked = { run, step: "ask", yes: true };
    expect(codeOf(await ask(server, await tokenOf("member"), decide, asked))).toBe("EJS5031");
    expect(codeOf(await ask(server, await tokenOf("biller", 2), decide, asked))).toBe("EJS5030");
    expect(codeOf(await ask(server, undefined, decide, asked))).toBe("EJS5031");
    expect(codeOf(await ask(server, await tokenOf("biller"), decide, { ...asked, step: "mail" }))).toBe("EJS5030");
    expect((await ask(server, await tokenOf("biller"), decide, asked)).data).toEqual({ decideWorkflowApproval: true });
    const { rows } = await eventually("its checkpoint", async () => {
      const found = await client.query("select output from enginejs.workflow_run_steps where run_id = $1", [run]);
      return found.rows.length > 0 && found;
    });
    expect(rows).toEqual([{ output: { approved: true, by: userId("biller"), comment: "seen", timedOut: false } }]);
    expect(codeOf(await ask(server, await tokenOf("biller"), decide, asked))).toBe("EJS5030");
  });
});

describe("operators", () => {
  const list = '{ workflowRuns(workflow: "mailer") { id } }';
  let operator: string;
  beforeAll(async () => {
    operator = await tokenOf("owner", 3);
  });
  const grant = (until = "1 h") =>
    client.query(
      `insert into enginejs.role_grants (actor, role, valid_from, valid_until, reason)
       values ($1, 'operator', now() - interval '1 h', now() + $2::interval, 'test')`,
      [userId("owner", 3), until],
    );

  test("are who has the platform's role now; nobody else sees or does anything", async () => {
    const run = await runOf("mailer");
    const operations = [
      list,
      `{ workflowRun(id: "${run}") { id } }`,
      "{ workflowDeadLetters { runId } }",
      `mutation { retryWorkflowRun(run: "${run}") { id } }`,
      `mutation { cancelWorkflowRun(run: "${run}") { id } }`,
      `mutation { skipWorkflowRun(run: "${run}") { id } }`,
      `mutation { pauseWorkflowRun(run: "${run}") { id } }`,
      `mutation { resumeWorkflowRun(run: "${run}") { id } }`,
      `mutation { forkWorkflowRun(run: "${run}", fromStep: "mail") { id } }`,
      'mutation { pauseWorkflow(workflow: "mailer") }',
      'mutation { resumeWorkflow(workflow: "mailer") }',
      "mutation { redriveWorkflowRuns { runs } }",
    ];
    for (const operation of operations) {
      for (const token of [undefined, await tokenOf("biller"), await tokenOf("member", 2), operator]) {
        const answer = await ask(server, token, operation);
        expect(codeOf(answer), operation).toBe("EJS5031");
        expect(answer.text).not.toContain("mailer");
      }
    }
    await grant("-1 s");
    expect(codeOf(await ask(server, operator, list))).toBe("EJS5031");
    await grant();
    expect((await ask(server, operator, list)).data.workflowRuns).toHaveLength(2);
    await client.query("update enginejs.role_grants set revoked_at = now() where actor = $1", [userId("owner", 3)]);
    expect(codeOf(await ask(server, operator, list))).toBe("EJS5031");
    await grant();
  });

  test("see the runs of every tenant, by filter and page, with steps and what they wait for", async () => {
    const document = `query ($status: WorkflowRunStatus, $tenant: UUID, $first: Int, $after: UUID) {
      workflowRuns(status: $status, tenant: $tenant, first: $first, after: $after) {
        id workflow status attempts createdAt failedStep error waitingFor eventId model action recordId tenant actor steps { step task output }
      }
    }`;
    const of = async (variables: object) => {
      const answer = await ask(server, operator, document, variables as Record<string, unknown>);
      expect(answer.errors).toEqual([]);
      return answer.data.workflowRuns;
    };
    const waiting = await of({ status: "waiting" });
    expect(waiting).toEqual([
      expect.objectContaining({
        id: await runOf("second-look", 2),
        tenant: tenantId(2),
        waitingFor: [{ kind: "approval", step: "ask", question: "Is that right?" }],
        steps: [],
      }),
    ]);
    const failed = await of({ status: "failed" });
    expect(failed.map(({ failedStep, error }: { failedStep: string; error: string }) => [failedStep, error])).toEqual([
      ["mail", expect.stringContaining("connection refused")],
      ["mail", expect.stringContaining("connection refused")],
    ]);
    const [newest, ...rest] = await of({});
    expect(rest).toHaveLength(3);
    expect(await of({ first: 1 })).toEqual([newest]);
    expect(await of({ after: newest.id })).toEqual(rest);
    const mine = await of({ tenant: tenantId(1), status: "done" });
    expect(mine).toEqual([
      expect.objectContaining({
        workflow: "second-look",
        actor: { id: userId("biller"), kind: "user", tenant: tenantId(1) },
        steps: [{ step: "ask", task: null, output: expect.objectContaining({ approved: true }) }],
      }),
    ]);
    expect(codeOf(await ask(server, operator, "{ workflowRuns(first: 100000) { id } }"))).toBe("EJS5022");
  });

  test("pause, retry, redrive, fork and cancel; the log names them", async () => {
    const [first, second] = [await runOf("mailer", 1), await runOf("mailer", 2)];
    const dead = await ask(server, operator, '{ workflowDeadLetters(workflow: "mailer") { runId failedStep tenant } }');
    expect(dead.data.workflowDeadLetters).toEqual([
      { runId: expect.any(String), failedStep: "mail", tenant: expect.any(String) },
      { runId: expect.any(String), failedStep: "mail", tenant: expect.any(String) },
    ]);
    broken = false;
    expect(
      (await ask(server, operator, 'mutation { pauseWorkflow(workflow: "mailer", reason: "wait") }')).data,
    ).toEqual({
      pauseWorkflow: true,
    });
    const retry = 'mutation ($run: UUID!) { retryWorkflowRun(run: $run, reason: "mended") { id status waitingFor } }';
    const retried = await ask(server, operator, retry, { run: first });
    expect(retried.data.retryWorkflowRun).toEqual({
      id: first,
      status: "paused",
      waitingFor: [{ kind: "operator", reason: "wait" }],
    });
    expect(codeOf(await ask(server, operator, retry, { run: first }))).toBe("EJS5032");
    expect(await ask(server, operator, retry, { run: tenantId(1) })).toMatchObject({
      errors: [{ message: `there is no run ${tenantId(1)}`, extensions: { code: "EJS5030" } }],
    });
    expect((await ask(server, operator, 'mutation { resumeWorkflow(workflow: "mailer") }')).data).toEqual({
      resumeWorkflow: true,
    });
    const redriven = await ask(
      server,
      operator,
      `mutation { redriveWorkflowRuns(workflow: "mailer", tenant: "${tenantId(2)}") { runs events refused } }`,
    );
    expect(redriven.data).toEqual({ redriveWorkflowRuns: { runs: 1, events: 0, refused: 0 } });
    const status = async (run: string) =>
      (await ask(server, operator, `{ workflowRun(id: "${run}") { status } }`)).data?.workflowRun.status;
    await eventually(
      "both are done",
      async () => (await status(first)) === "done" && (await status(second)) === "done",
    );
    const forked = await ask(
      server,
      operator,
      `mutation { forkWorkflowRun(run: "${first}", fromStep: "mail", newest: true) { id workflow } }`,
    );
    const fork = forked.data.forkWorkflowRun.id;
    expect(fork).not.toBe(first);
    await eventually("the fork is done", async () => (await status(fork)) === "done");
    const asked = await runOf("second-look", 2);
    const cancelled = await ask(server, operator, `mutation { cancelWorkflowRun(run: "${asked}") { cancel } }`);
    expect(cancelled.data.cancelWorkflowRun).toEqual({ cancel: "cancelled" });
    await eventually("it is cancelled", async () => (await status(asked)) === "cancelled");
    const { rows } = await client.query(
      `select kind, tenant, detail ->> 'by' as by from enginejs.administration_log where kind like 'workflow.%' order by id`,
    );
    const by = userId("owner", 3);
    expect(rows).toEqual([
      { kind: "workflow.pause", tenant: null, by },
      { kind: "workflow.retry", tenant: tenantId(1), by },
      { kind: "workflow.resume", tenant: null, by },
      { kind: "workflow.redrive", tenant: tenantId(2), by },
      { kind: "workflow.fork", tenant: tenantId(1), by },
      { kind: "workflow.cancel", tenant: tenantId(2), by },
    ]);
  });
});
