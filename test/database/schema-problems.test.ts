/** JSON Schema in SQL: it finds what zod finds, and names each path. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { z } from "zod";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  client = await database.client();
});
afterAll(() => database.drop());

async function problems(schema: unknown, value: unknown): Promise<readonly string[]> {
  const { rows } = await client.query<{ found: string[] }>("select enginejs.schema_problems($1, $2) as found", [
    JSON.stringify(schema),
    JSON.stringify(value),
  ]);
  return rows[0]?.found ?? [];
}

type Tree = { name: string; children?: Tree[] | undefined };
const tree: z.ZodType<Tree> = z.lazy(() => z.object({ name: z.string(), children: z.array(tree).optional() }));
const id = "018f2b1e-8c5a-7d3e-9c1f-0a1b2c3d4e5f";

/** Each with values that fit and values that do not; which is which says zod. */
const schemas: readonly (readonly [string, z.ZodType, readonly unknown[]])[] = [
  ["string", z.string(), ["", "a", 1, null, {}, [], true]],
  ["lengths", z.string().min(2).max(3), ["a", "ab", "abc", "abcd", "äöü", "äöüß"]],
  ["pattern", z.string().regex(/^[a-z]+-\d{2}$/), ["ab-12", "ab-1", "AB-12", "-12"]],
  ["alternatives in a pattern", z.string().regex(/^(?:a|b(?!c))/), ["a", "bd", "bc", "c"]],
  ["int", z.int(), [1, -1, 0, 1.5, "1", null, 1e300]],
  ["range", z.number().gt(1).lte(3), [1, 1.5, 3, 3.1]],
  ["multiple", z.number().multipleOf(0.5), [1, 1.5, 1.25, 0]],
  ["boolean", z.boolean(), [true, false, 0, "true"]],
  ["null", z.null(), [null, 0, ""]],
  ["nullable", z.string().nullable(), [null, "a", 1]],
  ["enum", z.enum(["a", "b"]), ["a", "b", "c", 1]],
  ["literal", z.literal(7), [7, 8, "7"]],
  ["uuid", z.uuid(), [id, id.toUpperCase(), "x", `${id}0`, 1]],
  ["email", z.email(), ["a@b.de", "a@b", "@b.de", "a b@c.de"]],
  ["date", z.iso.date(), ["2026-11-20", "2026-1-2", "20.11.2026"]],
  ["moment", z.iso.datetime(), ["2026-11-20T10:00:00Z", "2026-11-20T10:00:00.123Z", "2026-11-20", "now"]],
  ["array", z.array(z.int()).min(1).max(2), [[], [1], [1, 2], [1, 2, 3], ["a"], {}, "a"]],
  ["tuple", z.tuple([z.string(), z.int()]), [["a", 1], ["a"], ["a", "b"]]],
  [
    "object",
    z.object({ a: z.int(), b: z.string().optional() }),
    [{ a: 1 }, { a: 1, b: "b" }, { b: "b" }, { a: 1, b: 1 }, { a: 1, c: 1 }, [], null],
  ],
  ["strict object", z.strictObject({ a: z.int() }), [{ a: 1 }, { a: 1, b: 1 }, {}]],
  ["record", z.record(z.string(), z.int()), [{}, { a: 1 }, { a: "b" }]],
  ["union", z.union([z.string(), z.object({ a: z.int() })]), ["a", { a: 1 }, { a: "b" }, 1]],
  [
    "discriminated union",
    z.discriminatedUnion("kind", [z.object({ kind: z.literal("a"), a: z.int() }), z.object({ kind: z.literal("b") })]),
    [{ kind: "a", a: 1 }, { kind: "a" }, { kind: "b" }, { kind: "c" }],
  ],
  ["intersection", z.intersection(z.object({ a: z.int() }), z.object({ b: z.int() })), [{ a: 1, b: 1 }, { a: 1 }, {}]],
  [
    "recursion",
    tree,
    [
      { name: "a" },
      { name: "a", children: [{ name: "b", children: [] }] },
      { name: "a", children: [{ name: 1 }] },
      { children: [] },
    ],
  ],
  ["anything", z.unknown(), [1, "a", null, {}]],
  ["nothing", z.never(), [1, null]],
  ["odd names", z.object({ 'it\'s \\ "$$"': z.int() }), [{ 'it\'s \\ "$$"': 1 }, { 'it\'s \\ "$$"': "a" }]],
];

describe.each(schemas)("%s", (_name, schema, values) => {
  const json = z.toJSONSchema(schema, { io: "input" });
  test.each(values.map((value) => [JSON.stringify(value), value]))("%s", async (_text, value) => {
    const found = await problems(json, value);
    expect(found.length === 0, found.join("; ")).toBe(schema.safeParse(value).success);
  });
});

it("names each path, once", async () => {
  const schema = z.object({
    id: z.uuid(),
    lines: z.array(z.object({ price: z.int().min(1), sku: z.string() })),
    note: z.string().optional(),
    who: z.object({ email: z.email() }),
  });
  const value = { id: "x", lines: [{ price: 0, sku: "a" }, { price: "1" }], note: 1 };
  expect((await problems(z.toJSONSchema(schema), value)).toSorted()).toEqual([
    "id: is no uuid",
    "lines[0].price: must be at least 1",
    "lines[1].price: must be integer",
    "lines[1].sku: is required",
    "note: must be string",
    "who: is required",
  ]);
  expect(await problems({ type: "object" }, 1)).toEqual(["value: must be object"]);
});

it("stops at a hundred, in lists and objects: thousands of wrong ones take no time", async () => {
  const wrong = Array.from({ length: 30_000 }, (_, n) => ({ [`b${n}`]: n }));
  const item = z.toJSONSchema(z.strictObject({ a: z.int() }));
  const began = performance.now();
  expect((await problems({ type: "array", items: item }, wrong)).length).toBeLessThan(110);
  const members = Object.fromEntries(wrong.map((value, n) => [`m${n}`, value]));
  expect((await problems({ type: "object", additionalProperties: item }, members)).length).toBeLessThan(110);
  // Each was half a minute.
  expect(performance.now() - began).toBeLessThan(10_000);
});

it("lets pass what PostgreSQL may read otherwise", async () => {
  // `\b` is a backspace to PostgreSQL, and `(?<n>…)` no group.
  for (const pattern of ["\\bword\\b", "(?<n>a)", "\\p{L}", "["]) {
    expect(await problems({ type: "string", pattern }, "a word")).toEqual([]);
  }
});

it("of a schema that refers to nothing, or is none, there is nothing to say", async () => {
  expect(await problems({ $ref: "#/$defs/gone" }, 1)).toEqual([]);
  expect(await problems({ $ref: "https://example.org/x.json" }, 1)).toEqual([]);
  expect(await problems(true, 1)).toEqual([]);
  expect(await problems(false, 1)).toEqual(["value: is not allowed"]);
});

it("says of a form what is asked for: the format where zod has a pattern for it, else the pattern", async () => {
  const schema = z.toJSONSchema(z.object({ born: z.iso.date(), month: z.string().regex(/^\d{4}-\d{2}$/) }));
  expect(await problems(schema, { born: "1951-13-01", month: "May" })).toEqual([
    "born: is no date",
    "month: must match ^\\d{4}-\\d{2}$",
  ]);
});
