import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compilePattern, matchesPattern } from "../../src/expression/pattern.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { Random } from "./support/random.ts";

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
});
afterAll(() => database.drop());

const matches = (pattern: string, text: string): boolean => {
  const compiled = compilePattern(pattern);
  if (!compiled.ok) throw new Error(`${pattern}: ${compiled.message}`);
  return matchesPattern(compiled.pattern, text);
};

test("random patterns match what PostgreSQL and JavaScript match", async () => {
  const random = new Random(5);
  const atom = (depth: number): string =>
    random.pick([
      () =>
        random.pick(["a", "b", "c", ".", "é", "😀", "\\.", "\\\\", "-", "[ab]", "[^a]", "[a-c😀]", "[\\]\\-b]", "\n"]),
      () => random.pick(["a", "b"]),
      () => (depth > 0 ? `(${random.oneIn(2) ? "?:" : ""}${alternatives(depth - 1)})` : "a"),
    ])();
  const repeated = (depth: number): string =>
    atom(depth) + random.pick(["", "", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "{0}"]);
  const sequence = (depth: number): string =>
    Array.from({ length: 1 + random.below(3) }, () => repeated(depth)).join("");
  const alternatives = (depth: number): string =>
    Array.from({ length: 1 + random.below(2) }, () => sequence(depth)).join("|");
  const pieces = ["a", "b", "c", "é", "😀", ".", "\\", "-", "]", "\n", "x"];
  const cases = Array.from({ length: 3_000 }, () => {
    const body = alternatives(2);
    const pattern = random.pick([body, `^${body}`, `${body}$`, `^(${body})$`]);
    return [pattern, Array.from({ length: random.below(6) }, () => random.pick(pieces)).join("")] as const;
  });
  const { rows } = await client.query(
    "select (t ~ p) as m from unnest($1::text[], $2::text[]) with ordinality x(p, t, n) order by n",
    [cases.map(([pattern]) => pattern), cases.map(([, text]) => text)],
  );
  cases.forEach(([pattern, text], i) => {
    const mine = matches(pattern, text);
    expect([pattern, text, mine]).toEqual([pattern, text, rows[i].m]);
    // Outside of classes JavaScript's u flag knows no \-.
    expect([pattern, text, mine]).toEqual([pattern, text, new RegExp(pattern, "su").test(text)]);
  });
});

describe("outside the subset", () => {
  test.each([
    ["", 0],
    ["a**", 2],
    ["a*?", 2],
    ["*a", 0],
    ["(a", 2],
    ["a)", 1],
    ["a|", 2],
    ["()", 1],
    ["[]", 1],
    ["[", 1],
    ["[a", 2],
    ["[[:alpha:]]", 1],
    ["[b-a]", 4],
    ["\\d", 1],
    ["\\1", 1],
    ["a\\", 2],
    ["(?=a)", 1],
    ["(?i)a", 1],
    ["(?<x>a)", 1],
    ["^*", 2],
    ["a{2,1}", 1],
    ["a{999}", 1],
    ["{", 0],
    ["}", 0],
    ["***:a", 0],
    ["a".repeat(600), 0],
    ["((a{99}){99}){99}", 0],
    ["(".repeat(30), 20],
  ])("%s", (pattern, offset) => {
    expect(compilePattern(pattern)).toMatchObject({ ok: false, offset });
  });
});

test("no pattern takes long", () => {
  const started = process.cpuUsage();
  for (const pattern of ["^(a+)+$", "^(a|a)*$", "(a*)*b", "^(([a-z])+.)+[A-Z]$", "a*a*a*a*a*a*b"]) {
    expect(matches(pattern, `${"a".repeat(5_000)}!`)).toBe(false);
  }
  // The time of this process, not the clock's: the machine may have much else to do.
  expect(process.cpuUsage(started).user / 1_000).toBeLessThan(2_000);
});
