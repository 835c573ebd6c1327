/** `enginejs workflow start` and `signal` as a person runs it, over a database with a worker. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineTask } from "../../src/dsl/task.ts";
import type { Workflow } from "../../src/model/index.ts";
import { type RunningWorker, startWorker } from "../../src/tasks/index.ts";
import { makeProject, type TemporaryProject } from "../project/temporary-project.ts";
import { charge } from "../server/support/callable-workflows.ts";
import {
  createInvoicingDatabase,
  type InvoicingDatabase,
  ids,
  loadInvoicing,
  recordBuild,
} from "../tasks/support/invoicing-database.ts";
import { type CliResult, runCli } from "./run-cli.ts";

/** Waits for the word, and gives what it said. */
const held: Workflow = {
  ...charge,
  name: "held",
  as: "system",
  input: { type: "object", properties: {} },
  outputs: { heard: { type: "object", properties: { word: {} } } },
  errors: {},
  nodes: [
    { id: "wait", kind: "waitForSignal", signal: "released", key: '"k-1"' },
    { id: "end", kind: "end", output: "heard", values: { word: "wait.payload" } },
  ],
  edges: [{ from: "wait", to: "end" }],
};

let project: TemporaryProject;
let database: InvoicingDatabase;
let worker: RunningWorker;

beforeAll(async () => {
  project = await makeProject({}, { example: "examples/invoicing" });
  database = await createInvoicingDatabase();
  const client = await database.client();
  const system = await loadInvoicing();
  await recordBuild(client, { ...system, workflows: [charge, { ...charge, name: "charge-all", as: "system" }, held] });
  const quiet = () => undefined;
  worker = await startWorker({
    url: database.workerUrl,
    tasks: new Map([["bank", defineTask({ run: () => ({}) })]]),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
});
afterAll(async () => {
  await worker?.stop();
  await database?.drop();
  await project?.remove();
});

const start = (...given: string[]): Promise<CliResult> =>
  runCli(["workflow", "start", ...given, "--project", project.folder, "--database", database.url]);
const json = async (...given: string[]) => JSON.parse((await start(...given, "--json")).stdout);

test("starts, waits, and prints what came of it", async () => {
  const done = await start("charge-card", "--input", '{"amount": 12}', "--as", ids.biller, "--wait");
  expect(done).toMatchObject({ code: 0, stdout: 'charged: {"paid":12}\n' });
  expect(await json("charge-card", "--input", '{"amount": 5000}', "--as", ids.biller, "--wait")).toMatchObject({
    ok: false,
    status: "failed",
    error: { code: "CardDeclined", values: { reason: "too much" } },
  });
  const begun = await json("charge-all", "--input", '{"amount": 1}', "--tenant", ids.tenant);
  expect(begun).toEqual({ ok: true, run: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  const client = await database.client();
  const { rows } = await client.query(
    "select actor, detail ->> 'workflow' as workflow from enginejs.administration_log where kind = 'impersonation'",
  );
  expect(rows).toEqual([
    { actor: ids.biller, workflow: "charge-card" },
    { actor: ids.biller, workflow: "charge-card" },
  ]);
});

test("says what is wrong before anything starts", async () => {
  expect(await start("charge-card", "--input", '{"amount": -1}', "--as", ids.biller)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/EJS1063.*amount.*It takes \{ "amount": number \}\./s),
  });
  expect(await start("charge-card", "--as", ids.biller)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("--input is missing"),
  });
  expect(await start("charge-card", "--input", "{amount}", "--as", ids.biller)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--input is no JSON"),
  });
  expect(await start("charge-card", "--input", '{"amount": 1}')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--as"),
  });
  expect(await start("charge-crad", "--input", "{}")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Did you mean "charge-card"?'),
  });
});

test("gives a signal, and names those that there are", async () => {
  const signal = (...given: string[]): Promise<CliResult> =>
    runCli(["workflow", "signal", ...given, "--project", project.folder, "--database", database.url]);
  const kept = await signal("released", "k-1", "--payload", '"go"');
  expect(kept).toMatchObject({ code: 0, stdout: expect.stringContaining("kept for the first run") });
  const done = await start("held", "--input", "{}", "--wait");
  expect(done).toMatchObject({ code: 0, stdout: 'heard: {"word":"go"}\n' });
  expect(await signal("relesed", "k-1")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/EJS1055.*Did you mean "released"\? Signals: released\./s),
  });
  expect(await signal("released", "k-1", "--payload", "{go}")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--payload is no JSON"),
  });
  expect(await signal("released")).toMatchObject({ code: 2, stderr: expect.stringContaining("key") });
});

test("a dry run tells what a start would start: an event of no row, about which no rule speaks", async () => {
  const sql = `select enginejs.start_workflow('charge-card', '{"amount": 1}')`;
  const whose = ["--project", project.folder, "--database", database.url];
  const tried = await runCli(["try", "--sql", sql, "--as", ids.biller, "--tenant", ids.tenant, "--json", ...whose]);
  expect(JSON.parse(tried.stdout)).toMatchObject({
    ok: true,
    events: [{ model: "workflow:charge-card", action: "start", rules: [], workflows: [{ name: "charge-card" }] }],
  });
});
