/** `enginejs workflow` as a person runs it, over a database with a worker. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runSeed } from "../../src/cli/run-seed.ts";
import { defineTask } from "../../src/dsl/task.ts";
import { NonRetryableError, type RunningWorker, startWorker } from "../../src/tasks/index.ts";
import { makeProject, type TemporaryProject } from "../project/temporary-project.ts";
import {
  createInvoicingDatabase,
  type InvoicingDatabase,
  ids,
  loadInvoicing,
  makeInvoice,
  pay,
  recordBuild,
  workflowOf,
} from "../tasks/support/invoicing-database.ts";
import { eventually } from "../tasks/support/worker.ts";
import { type CliResult, RunningCli, runCli } from "./run-cli.ts";

let project: TemporaryProject;
let database: InvoicingDatabase;
let client: pg.Client;
let worker: RunningWorker;
let tail: RunningCli | undefined;
let broken = true;
const invoices: string[] = [];

const quiet = () => undefined;
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const onPay = { kind: "model", entity: "Invoice", event: "action", action: "pay" } as const;

beforeAll(async () => {
  project = await makeProject({}, { example: "examples/invoicing" });
  database = await createInvoicingDatabase();
  client = await database.client();
  await recordBuild(client, {
    ...(await loadInvoicing()),
    workflows: [
      workflowOf({
        name: "mail-receipt",
        trigger: onPay,
        nodes: [
          { id: "note", kind: "log", level: "info", message: '"paid"', values: {} },
          { id: "mail", kind: "task", task: "mail", input: {} },
        ],
      }),
    ],
  });
  const mail = defineTask({
    run: () => {
      if (broken) throw new NonRetryableError("connection refused");
      return { messageId: "m-1" };
    },
  });
  worker = await startWorker({
    url: database.workerUrl,
    tasks: new Map([["mail", mail]]),
    log: silent,
  });
  for (const number of ["W-1", "W-2"]) {
    const invoice = await makeInvoice(client, number);
    await pay(client, invoice);
    invoices.push(invoice);
  }
  await eventually("both have failed", async () => (await dead()) === 2);
});
afterAll(async () => {
  await tail?.dispose();
  await worker?.stop();
  await database?.drop();
  await project?.remove();
});

const dead = async (): Promise<number> =>
  (await client.query("select count(*)::int as n from enginejs.workflow_dead_letters")).rows[0].n;
const target = () => ["--project", project.folder, "--database", database.url];
const run = (...args: string[]): Promise<CliResult> => runCli(["workflow", ...args, ...target()]);
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(...args, "--json");
  expect(stderr, stdout).toBe("");
  expect(code, stdout).toBe(0);
  return JSON.parse(stdout);
};
const failedRun = async (record: string | undefined): Promise<string> =>
  (await json("list", "--record", record ?? "")).runs[0].id;

describe("list and show", () => {
  test("say which runs there are, why one failed, and what it has done", async () => {
    const { code, stdout } = await run("list", "--status", "failed", "--since", "1h", "--tenant", ids.tenant);
    expect(code).toBe(0);
    expect(stdout.match(/mail-receipt +failed +Invoice\.pay/g)).toHaveLength(2);
    expect(stdout).toContain("mail: connection refused");
    expect((await json("list", "--workflow", "mail-receipt", "--limit", "1")).runs).toHaveLength(1);
    expect((await json("list", "--status", "done")).runs).toEqual([]);
    expect((await json("list", "--tenant", ids.otherTenant)).runs).toEqual([]);
    const id = await failedRun(invoices[0]);
    const shown = await run("show", id);
    expect(shown.stdout).toContain("status     failed, taken up once\n");
    expect(shown.stdout).toContain(`event      Invoice.pay of ${invoices[0]}`);
    expect(shown.stdout).toContain("error      mail: connection refused");
    expect(shown.stdout).toMatch(/steps\n {2}\S+ {2}note {2}null/);
  });

  test("name what is meant where something is misspelt; each with its exit code", async () => {
    const misspelt = await run("pause", "mail-recipt");
    expect(misspelt).toMatchObject({ code: 1, stderr: expect.stringContaining('Did you mean "mail-receipt"?') });
    expect(misspelt.stderr).toContain("EJS1055");
    const id = await failedRun(invoices[0]);
    expect(await run("fork", id, "--from-step", "mial")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Did you mean "mail"? Steps: start, note, mail, end.'),
    });
    expect(await run("resume", id)).toMatchObject({ code: 1, stderr: expect.stringContaining("EJS1056") });
    expect(await run("show", ids.tenant)).toMatchObject({ code: 1, stderr: expect.stringContaining("EJS1055") });
    expect(await run("show", "17")).toMatchObject({ code: 1, stderr: expect.stringContaining("EJS1055") });
    expect(await run("redrive")).toMatchObject({ code: 2, stderr: expect.stringContaining("--all") });
    expect(await run("redrive", "--queue", "notes")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No queue is called "notes".'),
    });
    expect(await run("list", "--status", "broken")).toMatchObject({ code: 2 });
    expect(await run("list", "--since", "yesterday")).toMatchObject({ code: 2 });
  });
});

describe("what changes something", () => {
  test("pause, retry, resume, fork, redrive, cancel; each is a line of the log; tail shows what happens", async () => {
    tail = new RunningCli(["workflow", "tail", "--json", ...target()]);
    await tail.waitFor(/Following/);
    broken = false;
    const id = await failedRun(invoices[0]);
    expect(await json("pause", "mail-receipt", "--reason", "mail is down")).toMatchObject({
      changed: true,
      waiting: 0,
    });
    expect(await json("pause", "mail-receipt")).toMatchObject({ changed: false });
    expect(await json("retry", id)).toMatchObject({ status: "paused" });
    expect((await run("show", id)).stdout).toContain("waits for  an operator: mail is down");
    expect(await json("resume", "mail-receipt")).toMatchObject({ changed: true, runs: 1 });
    await eventually("it is done", async () => (await json("show", id)).run.status === "done");
    const { fork } = await json("fork", id, "--from-step", "mail");
    await eventually("the fork is done", async () => (await json("show", fork)).run.status === "done");
    expect((await run("cancel", id)).code).toBe(1);
    expect(await json("redrive", "--all", "--dry-run")).toMatchObject({ runs: 1, events: 0, dryRun: true });
    expect(await dead()).toBe(1);
    expect(await json("redrive", "--error", "refused", "--reason", "mended")).toMatchObject({ runs: 1, refused: 0 });
    await eventually("no dead letter is left", async () => (await dead()) === 0);
    await tail.waitFor(new RegExp(`"run":"${fork}"`));
    const lines = tail.output
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual(
      expect.objectContaining({ type: "run", id, workflow: "mail-receipt", status: "done" }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ type: "step", run: id, step: "mail", output: { messageId: "m-1" } }),
    );
    tail.interrupt();
    expect(await tail.ended).toMatchObject({ code: 0 });
    const { rows } = await client.query(
      "select kind from enginejs.administration_log where kind like 'workflow.%' order by id",
    );
    expect(rows.map(({ kind }) => kind)).toEqual([
      "workflow.pause",
      "workflow.retry",
      "workflow.resume",
      "workflow.fork",
      "workflow.redrive",
    ]);
  });
});

test("the platform's role is granted in no tenant, for a while", async () => {
  const given = ["--to", ids.biller, "--role", "operator", "--until", "1h", "--reason", "on call", ...target()];
  expect(await runCli(["grant", ...given])).toMatchObject({ code: 0, stderr: "" });
  expect(await runCli(["grant", ...given, "--tenant", ids.tenant])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("EJS1051"),
  });
  const { rows } = await client.query("select enginejs.platform_roles($1) as roles", [ids.biller]);
  expect(rows).toEqual([{ roles: ["operator"] }]);
  const key = ["key", "create", "--name", "x", "--tenant", ids.tenant, "--role", "operator", ...target()];
  expect(await runCli(key)).toMatchObject({ code: 1, stderr: expect.stringContaining("EJS1051") });
});

test("a database that is read-only, or not there: whoever starts is told so, and so is a command that writes", async () => {
  const administrator = await database.administrator();
  await administrator.query(`alter database ${database.name} set default_transaction_read_only = on`);
  try {
    const options = { url: database.workerUrl, tasks: new Map(), log: silent };
    await expect(startWorker(options)).rejects.toMatchObject({ code: "EJS4019" });
    const seed = { people: [], run: async () => undefined };
    await expect(runSeed(database.url, seed as never, silent)).rejects.toMatchObject({ code: "EJS4019" });
    const paused = await run("pause", "mail-receipt");
    expect(paused).toMatchObject({ code: 3, stderr: expect.stringContaining("EJS4019  Nothing can be written") });
  } finally {
    await administrator.query(`alter database ${database.name} reset default_transaction_read_only`);
  }
  // Nobody would see it before the first step: every run would be tried for ever.
  const stepsUrl = Object.assign(new URL(database.workerUrl), { pathname: "/no_such" }).href;
  const nowhere = startWorker({ url: database.workerUrl, stepsUrl, tasks: new Map(), log: silent });
  await expect(nowhere).rejects.toMatchObject({ code: "EJS4012" });
});
