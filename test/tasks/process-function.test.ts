/** A process as a function of the database, against the same graph done by the worker: the same output, or the same error. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processFunctionName } from "../../src/dsl-to-sql/index.ts";
import type { Workflow } from "../../src/model/index.ts";
import { callWorkflow, type RunningWorker, startWorker, WorkflowFailure } from "../../src/tasks/index.ts";
import { placeOrder } from "../server/support/callable-workflows.ts";
import { applyBuild } from "../server/support/served-invoicing.ts";
import {
  asUser,
  createInvoicingDatabase,
  type InvoicingDatabase,
  ids,
  loadInvoicing,
  makeInvoice,
} from "./support/invoicing-database.ts";
import { randomInput, randomProcess } from "./support/random-process.ts";

const GRAPHS = 12;
const INPUTS = 4;
const FIXED_SEED = 20_261_120;
const fresh = Number(process.env.ENGINEJS_SEED ?? Math.floor(Math.random() * 2 ** 31));
const processes = [FIXED_SEED, fresh].flatMap((seed) =>
  Array.from({ length: GRAPHS / 2 }, (_, i) => randomProcess(seed + i)),
);

let database: InvoicingDatabase;
let client: pg.Client;
let worker: RunningWorker;

beforeAll(async () => {
  console.log(`seeds of the graphs: ${FIXED_SEED}, and ${fresh}: repeat with ENGINEJS_SEED=${fresh}`);
  database = await createInvoicingDatabase();
  client = await database.client();
  const system = await loadInvoicing();
  await applyBuild(database.url, { ...system, workflows: [placeOrder, renumber, ...processes] });
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  worker = await startWorker({ url: database.workerUrl, tasks: new Map(), log });
});
afterAll(async () => {
  await worker?.stop();
  await database?.drop();
});

/** Changes a row that perhaps not everybody may change. */
const renumber: Workflow = {
  ...placeOrder,
  name: "invoices.renumber",
  input: { type: "object", properties: { id: { type: "string", format: "uuid" } }, required: ["id"] },
  outputs: { done: { type: "object", properties: {} } },
  errors: {},
  nodes: [
    { id: "start", kind: "start" },
    { id: "note", kind: "crud.update", entity: "Invoice", row: "input.id", values: { number: '"renumbered"' } },
    { id: "end", kind: "end", output: "done", values: {} },
  ],
  edges: [
    { from: "start", to: "note" },
    { from: "note", to: "end" },
  ],
};

type Result =
  | { readonly output: string | null; readonly value: unknown }
  | { readonly error: string; readonly values: unknown };

async function byFunction(workflow: Workflow, input: unknown, user: string): Promise<Result> {
  try {
    return await asUser(client, user, async () => {
      const { rows } = await client.query<{ result: Result }>(
        `select app.${processFunctionName(workflow)}($1) as result`,
        [JSON.stringify(input)],
      );
      return rows[0]?.result as Result;
    });
  } catch (error) {
    const { code, detail = "{}" } = error as pg.DatabaseError;
    if (code === "EJ422") return JSON.parse(detail) as Result;
    return { error: code === "42501" ? "denied" : String(error), values: null };
  }
}

async function byWorker({ name }: Workflow, input: unknown, user: string): Promise<Result> {
  const actor = { kind: "user", id: user, tenant: ids.tenant } as const;
  try {
    const { done, output, value } = await callWorkflow(client, name, input, { actor });
    expect(done).toBe(true);
    return { output, value };
  } catch (error) {
    if (!(error instanceof WorkflowFailure)) throw error;
    if (error.message.startsWith("EJS6006")) return { error: "denied", values: null };
    return { error: error.values === null ? error.message : error.code, values: error.values };
  }
}

describe("random graphs over random inputs", () => {
  test.for(processes.map((process) => [process.name, process] as const))("%s", async ([, process]) => {
    for (let i = 0; i < INPUTS; i++) {
      const input = randomInput(`${process.name} ${i}`);
      const [one, other] = [await byFunction(process, input, ids.biller), await byWorker(process, input, ids.biller)];
      // Of paths that fail side by side, the worker tells whichever came first.
      const errors = process.nodes.flatMap((node) => (node.kind === "fail" ? [node.error] : []));
      if ("error" in one && "error" in other && errors.length > 1) {
        expect(errors).toEqual(expect.arrayContaining([one.error, other.error]));
      } else expect(one, JSON.stringify({ input, process })).toEqual(other);
    }
  });
});

test("rows that are written, with their rights", async () => {
  const without = (result: Result) =>
    JSON.parse(JSON.stringify(result).replaceAll(/"id":"[^"]*"/g, '"id":"…"')) as Result;
  const people = [ids.biller, ids.member];
  let number = 0;
  const seen = new Set<string>();
  for (const user of people) {
    for (const amount of [0, 5, 13, 600]) {
      const input = () => ({ number: `N-${++number}`, customer: "Ada", amount });
      const one = without(await byFunction(placeOrder, input(), user));
      expect(one, `${user} ${amount}`).toEqual(without(await byWorker(placeOrder, input(), user)));
      seen.add("error" in one ? one.error : String(one.output));
    }
  }
  expect([...seen].sort()).toEqual(["Unlucky", "denied", "nothing", "placed"]);
});

test("a row that its policies hide from whoever calls", async () => {
  const invoice = await makeInvoice(client, "hidden");
  expect(await byFunction(renumber, { id: invoice }, ids.biller)).toMatchObject({ output: "done" });
  const said = /there is no Invoice that the caller could change: it is not there, or a policy hides it/;
  expect(await byFunction(renumber, { id: invoice }, ids.member)).toMatchObject({ error: expect.stringMatching(said) });
  expect(await byWorker(renumber, { id: invoice }, ids.member)).toMatchObject({
    error: expect.stringContaining("policy hides it"),
  });
});
