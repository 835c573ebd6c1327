/** docs/expressions.md says what each of its examples gives: to the evaluator and to PostgreSQL alike. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { check, type Environment, type ExpressionType, evaluate, toSql } from "../../src/expression/index.ts";
import { cast, literal } from "../../src/sql-ast/expressions.ts";
import { printExpression } from "../../src/sql-ast/print-expression.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/expressions.md"), "utf8");
const input = JSON.parse(page.match(/^```json\n([\s\S]*?)^```/m)?.[1] ?? "null");
const examples = [...page.matchAll(/^```cel\n([\s\S]*?)^```/gm)]
  .flatMap(([, block = ""]) => block.trimEnd().split("\n"))
  .map((line) => line.split(/\s+\/\/ /) as [text: string, value: string]);

const record = (fields: Readonly<Record<string, ExpressionType>>): ExpressionType => ({
  kind: "record",
  fields: Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, { type, nullable: true }])),
});
const string = { kind: "string" } as const;
const type = record({
  customer: record({ name: string, vip: { kind: "bool" }, note: string }),
  prices: { kind: "list", of: { kind: "int" } },
  tags: { kind: "list", of: string },
  lines: { kind: "list", of: record({ sku: string, qty: { kind: "int" }, price: { kind: "decimal" } }) },
  at: { kind: "timestamp" },
});
const environment: Environment = {
  catalog: { entities: new Map() },
  variables: { input: { kind: "value", type, nullable: false, sql: cast(literal(JSON.stringify(input)), "jsonb") } },
};

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
});
afterAll(() => database.drop());

test("the page has examples", () => {
  expect(examples.length).toBeGreaterThan(20);
});

test.each(examples)("%s is %s", async (text, value) => {
  const checked = check(text, environment);
  expect(checked.ok ? [] : checked.errors).toEqual([]);
  if (!checked.ok) return;
  const found = evaluate(checked.core, { variables: { input } });
  expect(typeof found === "bigint" ? Number(found) : found).toEqual(JSON.parse(value));
  const { rows } = await client.query(`select to_jsonb(${printExpression(toSql(checked.core))}) as value`);
  expect(rows[0].value).toEqual(JSON.parse(value));
});
