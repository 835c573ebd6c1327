/** Files of kinds that no other test has: each is in its canonical form, compiles without a finding, and gives the same by the worker and, where it is one, by its function. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { canonicalText } from "../../src/model/index.ts";
import { formatProcess, readProcess } from "../../src/process/index.ts";
import { callWorkflow, type RunningWorker, startWorker } from "../../src/tasks/index.ts";
import { eventually } from "../tasks/support/worker.ts";
import { compiled } from "./support/orders-model.ts";
import { createProcessDatabase, type ProcessDatabase, user } from "./support/process-database.ts";

const folder = join(import.meta.dirname, "fresh/processes");
const texts = readdirSync(folder)
  .sort()
  .map((file) => readFileSync(join(folder, file), "utf8"));

let database: ProcessDatabase;
let client: pg.Client;
let worker: RunningWorker;
beforeAll(async () => {
  const { system, findings } = await compiled(...texts);
  expect(findings).toEqual([]);
  database = await createProcessDatabase(system);
  client = await database.client();
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  worker = await startWorker({ url: database.workerUrl, tasks: new Map(), log });
});
afterAll(async () => {
  await worker?.stop();
  await database?.drop();
});

it.each(texts.map((text) => [JSON.parse(text).name, text]))(
  "%s is in canonical form, also when it is read as Windows writes it",
  (name, text) => {
    const windows = `\uFEFF${text.replaceAll("\n", "\r\n")}`;
    const { source, process } = readProcess(`processes/${name}.json`, windows);
    expect(source.findings).toEqual([]);
    expect(canonicalText(process as never)).toBe(canonicalText(JSON.parse(text)));
    expect(formatProcess(source)).toBe(text);
  },
);

/** What it gives, as text: numbers that JavaScript cannot hold stay as they are. */
async function byFunction(name: string, input: string): Promise<string> {
  await client.query("begin");
  await client.query("select enginejs.begin_request('enginejs_user', $1, null, null, null, 'test')", [user]);
  const { rows } = await client.query<{ value: string }>(`select (app.${name}($1) -> 'value')::text as value`, [input]);
  await client.query("commit");
  return rows[0]?.value ?? "";
}

async function byWorker(name: string, input: string): Promise<string> {
  const actor = JSON.stringify({ kind: "user", id: user, tenant: null });
  const text = "select enginejs.workflow_start($1, $2, null, $3) as id";
  const { rows } = await client.query<{ id: string }>(text, [name, input, actor]);
  return eventually(`${name} ends`, async () => {
    const found = await client.query<{ text: string }>(
      "select coalesce(error, output::text) as text from enginejs.workflow_runs where id = $1 and status in ('done', 'failed')",
      [rows[0]?.id],
    );
    return found.rows[0]?.text;
  });
}

const loan = '"rate": 1.25, "since": "2025-12-31", "kind": "fix"';
const people =
  '{"people": [{"name": "Ö", "addr": {"city": {"name": "Köln 🏰", "geo": [1.5]}, "tags": ["x"]}}, {"name": "B\\"$$\'"}]}';
it.each([
  [
    "stats",
    "stats",
    '{"ints": [3, 9007199254740993, 12], "rates": [1.5, 0.25], "names": ["b", "a"], "lines": [{"qty": 2, "price": 1.5}, {"qty": 3}]}',
    {
      sum: "9007199254741008",
      rates: "1.75",
      first: '"a"',
      cost: "3.0",
      big: "9007199254740993",
      all: "true",
      some: "true",
    },
  ],
  [
    "stats",
    "stats",
    '{"ints": [], "rates": [], "names": [], "lines": []}',
    { sum: "0", rates: "0", first: "null", cost: "0", big: "null", all: "true", some: "false" },
  ],
  [
    "loan.rate",
    "loan_rate",
    `{"amount": 9, ${loan}}`,
    { interest: "11.25", big: "9007199254741002", kind: '"fix"', since: '"2025-12-31"', fix: "true", note: "null" },
  ],
  [
    "loan.rate",
    "loan_rate",
    `{"amount": 4503599627370497, ${loan}, "note": "n"}`,
    { interest: "5629499534213121.25", big: "13510798882111490", note: '"n"' },
  ],
  ["nest", "nest", people, { n: "2", koeln: "true", names: '["Ö", "B\\"$$\'"]', first: '"Ö"' }],
  ["nest", "nest", '{"people": []}', { n: "0", koeln: "false", names: "[]", first: "null" }],
  ["either", "either", '{"n": 9}', { a: "9", b: '"hi"' }],
  ["either", "either", '{"n": 1}', { a: "-1", b: '"lo"' }],
  ["opt", "opt", '{"a": null}', { a: "0", b: "null", later: "null", has: "false" }],
  ["opt", "opt", '{"a": 3, "b": "x", "c": "2026-03-28T12:00:00Z"}', { a: "3", b: '"x"', has: "true" }],
])("%s gives by its function %s and by the worker the same, digit by digit: %s", async (name, called, input, parts) => {
  const given = await byFunction(called, input);
  for (const [part, text] of Object.entries(parts)) expect(given).toContain(`"${part}": ${text}`);
  expect(await byWorker(name, input)).toBe(given);
});

it.each([
  [95, "a"],
  [85, "b"],
  [75, "c"],
  [5, "d"],
])("four ways meet again: %i is %s", async (n, grade) => {
  expect(await byWorker("grade", `{"n": ${n}}`)).toBe(`"${grade}"`);
});

it("an enumeration fits a larger one, and three hundred nodes are walked", async () => {
  expect(await byFunction("enums", '{"c": "red", "prices": [1.10, 2], "k": "v1"}')).toBe('"red"');
  expect(await byWorker("enums", '{"c": "green", "prices": []}')).toBe('"blue"');
  expect(await byFunction("chain", "7")).toBe("307");
  expect(await byWorker("chain", "7")).toBe("307");
});

it("a value that the input does not take is named, with its place", async () => {
  const actor = { kind: "user", id: user, tenant: null } as const;
  const wrong = { amount: "x", rate: 1, since: "yesterday", kind: "fixed" };
  const error = await callWorkflow(client, "loan.rate", wrong, { actor }).catch((e: unknown) => e as pg.DatabaseError);
  expect(String((error as Error).message)).toMatch(/amount.*kind|kind.*amount/s);
});

it("a consumer ends with the error that it declares, and goes on with the next message", async () => {
  for (const total of [-1, 70]) {
    const message = JSON.stringify({ order: "00000000-0000-7000-8000-00000000000a", total });
    await client.query("select enginejs.publish('to-bill', $1)", [message]);
  }
  await eventually("both are through", async () => {
    const { rows } = await client.query(
      "select count(*)::int as n from enginejs.workflow_runs where workflow = 'orders.bill' and status in ('done', 'failed')",
    );
    return rows[0]?.n === 2;
  });
  const { rows } = await client.query("select status, total::int from app.orders where status = 'billed'");
  expect(rows).toEqual([{ status: "billed", total: 70 }]);
  const { rows: failed } = await client.query(
    "select error from enginejs.workflow_dead_letters where workflow = 'orders.bill'",
  );
  expect(failed).toEqual([{ error: expect.stringContaining("a negative bill") }]);
});
