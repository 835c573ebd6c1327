/** The example of a process, as it is written, on a real database with a real worker: to each of its ends. */
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadProject } from "../../src/project/load-project.ts";
import { eventually, startWorkerProcess, type WorkerProcess } from "../tasks/support/worker.ts";
import { createProcessDatabase, endedRun, type ProcessDatabase, start } from "./support/process-database.ts";

const project = join(import.meta.dirname, "orders");
let database: ProcessDatabase;
let client: pg.Client;
let worker: WorkerProcess;

beforeAll(async () => {
  const { system } = await loadProject(project);
  database = await createProcessDatabase(system);
  client = await database.client();
  worker = startWorkerProcess(database, { PROJECT: project }, "project-worker.ts");
  await worker.ready;
});
afterAll(async () => {
  await worker?.terminate();
  await database?.drop();
});

const run = async (input: unknown) => {
  const id = await start(client, "orders.place", input);
  return { id, ...(await eventually("the run ends", () => endedRun(client, id))) };
};
const lines = [
  { qty: 2, price: 300 },
  { qty: 1, price: 50 },
];
const messages = async (id: string) =>
  (
    await client.query(
      "select input from enginejs.workflow_events where model = 'queue:order-events' and input ->> 'orderId' = $1",
      [id],
    )
  ).rows;

it("an order is priced, stored, charged under its own key, and announced", async () => {
  const { status, output, error } = await run({ card: "4242", lines });
  expect({ status, error }).toEqual({ status: "done", error: null });
  const { id } = output as { id: string };
  expect(output).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), total: 650 });
  expect((await client.query("select status, total from app.orders where id = $1", [id])).rows).toEqual([
    { status: "new", total: "650" },
  ]);
  expect((await client.query("select key from test.effects where key = $1", [id])).rows).toEqual([{ key: id }]);
  expect(await messages(id)).toEqual([{ input: { orderId: id, total: 650 } }]);
});

it("a declined card is the process' own error, and nothing is announced", async () => {
  const { id, status, error } = await run({ card: "4000", lines });
  expect({ status, error }).toEqual({
    status: "failed",
    error: expect.stringContaining('CardDeclined {"reason": "insufficient funds"}'.replace(": ", ":")),
  });
  const { rows } = await client.query<{ result: { error: object } }>(
    "select to_jsonb(r) as result from enginejs.workflow_result($1) r",
    [id],
  );
  expect(JSON.stringify(rows)).toContain("CardDeclined");
  const { rows: steps } = await client.query("select step from enginejs.workflow_run_steps where run_id = $1", [id]);
  expect(steps.map(({ step }) => step)).not.toContain("announce");
});

it("an order without lines ends before anything is stored", async () => {
  const { id, status, error } = await run({ card: "4242", lines: [] });
  expect({ status, error }).toEqual({ status: "failed", error: expect.stringContaining("EmptyOrder") });
  // The error declares no members, so that nothing of the order stands in it.
  expect(error).not.toContain("4242");
  const { rows } = await client.query("select step from enginejs.workflow_run_steps where run_id = $1", [id]);
  expect(rows.map(({ step }) => step)).not.toContain("save");
});

it("an input that is not of the declared type starts nothing", async () => {
  const { status, error } = await run({ card: "4242", lines: [{ qty: "two", price: 1 }] });
  expect({ status, error }).toEqual({ status: "failed", error: expect.stringContaining("lines[0].qty") });
});
