import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EngineError } from "../../src/errors/engine-error.ts";
import { divideDecimals, isDecimal } from "../../src/expression/decimal.ts";
import {
  check,
  type Environment,
  evaluate,
  formatDecimal,
  isTrue,
  parseDecimal,
  toCondition,
  toSql,
} from "../../src/expression/index.ts";
import { printExpression } from "../../src/sql-ast/print-expression.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { Random } from "./support/random.ts";

const constants: Environment = { catalog: { entities: new Map() }, variables: {} };

function evaluated(text: string): unknown {
  const result = check(text, constants);
  if (!result.ok) throw new Error(result.errors.map((error) => error.message).join("; "));
  const value = evaluate(result.core, { variables: {}, now: 0n });
  return isDecimal(value) ? formatDecimal(value) : value;
}

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
});
afterAll(() => database.drop());

/** PostgreSQL's value of a constant expression, as text. */
async function selected(text: string): Promise<string | null> {
  const result = check(text, constants);
  if (!result.ok) throw new Error(result.errors.map((error) => error.message).join("; "));
  const { rows } = await client.query(`select (${printExpression(toSql(result.core))})::text as v`);
  return rows[0].v;
}

describe("constants, in both", () => {
  test.each([
    ["7 / 2", 3n],
    ["-7 / 2", -3n],
    ["-7 % 2", -1n],
    ["7 / 0", null],
    ["7 % 0", null],
    ["-9223372036854775808 % -1", 0n],
    ["1 + 1.50", "2.50"],
    ["1.50 * 2.25", "3.3750"],
    ["1.0 / 3", "0.33333333333333333333"],
    ["2.0 / 0", null],
    ["-7.5 % 2", "-1.5"],
    ["'a' + 'é'", "aé"],
    ["'😀é'.size()", 2n],
    ["'ÀBC'.lowerAscii()", "Àbc"],
    ["'abc'.endsWith('')", true],
    ["'abc'.endsWith('bc')", true],
    ["'bc'.endsWith('abc')", false],
    ["'a%b'.contains('%')", true],
    ["'a_b'.startsWith('a%')", false],
    ["'～' < '😀'", true],
    ["'Z' < 'a'", true],
    ["1 in []", false],
    ["(true ? null : 1) in []", false],
    ["1 in [2, (true ? null : 1)]", null],
    ["1 in [1, (true ? null : 1)]", true],
    ["true || (true ? null : true)", true],
    ["false || (true ? null : true)", null],
    ["false && (true ? null : true)", false],
    ["!(true ? null : true)", null],
    ["(true ? null : true) ? 1 : 2", null],
    ["(true ? null : 1) == 1", null],
    ["(true ? null : 1) == null", true],
    ["has((true ? null : 1))", false],
    ["duration('1h30m') == duration('90m')", true],
    ["duration('2d') > duration('47h59m59.999999s')", true],
    ["timestamp('2026-06-01T02:00:00+02:00') == timestamp('2026-06-01T00:00:00Z')", true],
    ["timestamp('2026-03-29T00:00:00Z') + duration('24h') == timestamp('2026-03-30T00:00:00Z')", true],
    ["date(timestamp('2026-06-01T23:30:00-02:00')) == date('2026-06-02')", true],
    ["timestamp(date('0001-01-01')) < timestamp('1969-12-31T23:59:59.999999Z')", true],
    ["date('2024-03-01') - date('2024-02-28') == duration('48h')", true],
    ["[1, 2, 3].size()", 3n],
    [String.raw`"'; drop table x; --\\" + "$$"`, "'; drop table x; --\\$$"],
  ])("%s", async (text, expected) => {
    expect(evaluated(text)).toBe(expected);
    expect(await selected(text)).toBe(expected === null ? null : String(expected));
  });

  test.each([
    "9223372036854775807 + 1",
    "-9223372036854775808 - 1",
    "9223372036854775807 * 2",
    "-9223372036854775808 / -1",
    "-(-9223372036854775807 - 1)",
    "3037000500 * 3037000500",
  ])("%s overflows", async (text) => {
    expect(() => evaluated(text)).toThrow(expect.objectContaining({ code: "EJS2030" }));
    await expect(selected(text)).rejects.toMatchObject({ code: "22003" });
  });

  test("an int is 8 bytes wide although its constants are small", async () => {
    expect(await selected("2147483647 + 1")).toBe("2147483648");
    expect(await selected("65536 * 65536")).toBe("4294967296");
  });
});

test("quotients of decimals have numeric's scale and rounding", async () => {
  const random = new Random(31);
  const digits = () => {
    const text = String(random.below(10 ** random.below(9))) + "0".repeat(random.below(6));
    const scale = random.below(8);
    return `${random.oneIn(3) ? "-" : ""}${text}${scale === 0 ? "" : `.${String(random.below(10 ** scale)).padStart(scale, "0")}`}`;
  };
  const pairs = Array.from({ length: 500 }, () => [digits(), digits()] as const).filter(([, b]) => Number(b) !== 0);
  const { rows } = await client.query(
    "select (a::numeric / b::numeric)::text as q from unnest($1::text[], $2::text[]) with ordinality t(a, b, n) order by n",
    [pairs.map(([a]) => a), pairs.map(([, b]) => b)],
  );
  const mine = pairs.map(([a, b]) => {
    const [x, y] = [parseDecimal(a), parseDecimal(b)];
    const quotient = x && y && divideDecimals(x, y);
    return quotient && formatDecimal(quotient);
  });
  // PostgreSQL has no -0.
  expect(mine.map((text) => text?.replace(/^-(?=[0.]+$)/, ""))).toEqual(rows.map((row) => row.q));
});

describe("values from outside", () => {
  const environment: Environment = {
    catalog: { entities: new Map() },
    variables: {
      input: {
        kind: "record",
        fields: {
          n: { kind: "value", type: { kind: "int" }, nullable: true, sql: { kind: "column", name: "n" } },
          d: { kind: "value", type: { kind: "decimal" }, nullable: true, sql: { kind: "column", name: "d" } },
          at: { kind: "value", type: { kind: "timestamp" }, nullable: true, sql: { kind: "column", name: "at" } },
        },
      },
    },
  };
  const run = (text: string, input: object) => {
    const result = check(text, environment);
    if (!result.ok) throw new Error(text);
    return evaluate(result.core, { variables: { input }, now: new Date(0) });
  };

  test("come as JSON and drivers give them", () => {
    expect(run("input.n + 1", { n: 1 })).toBe(2n);
    expect(run("input.n + 1", { n: "9007199254740993" })).toBe(9_007_199_254_740_994n);
    expect(run("input.d == 1.5", { d: "1.50" })).toBe(true);
    expect(run("input.at == now()", { at: new Date(0) })).toBe(true);
    expect(run("input.at == now()", { at: "1970-01-01T01:00:00+01:00" })).toBe(true);
    expect(run("input.n == null", { n: null })).toBe(true);
  });

  test("are refused where they are missing or of another type", () => {
    for (const input of [{}, { n: "x" }, { n: 1.5 }, { n: true }]) {
      expect(() => run("input.n > 1", input)).toThrow(EngineError);
    }
    expect(() => run("input.n > 1", {})).toThrow(/"input.n" is not given/);
  });

  test("unknown is not true", () => {
    const result = check("input.n > 1", environment);
    expect(result.ok && isTrue(result.core, { variables: { input: { n: null } } })).toBe(false);
    expect(result.ok && printExpression(toCondition(result.core, false))).toBe("n <= 1");
  });
});
