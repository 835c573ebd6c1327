/** The proof: random expressions over random rows, the evaluator against PostgreSQL, zero differences. */
import { randomInt } from "node:crypto";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, print } from "../../src/expression/index.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { Comparison, type Outcome } from "./support/compare.ts";
import { Generator } from "./support/generate.ts";
import { Random } from "./support/random.ts";
import { catalog, environment } from "./support/shop.ts";
import { createShop, type Shop } from "./support/shop-data.ts";

/** More expressions with `EXPRESSION_FUZZ=20000`, one seed again with `EXPRESSION_SEED=…`. */
const count = Number(process.env.EXPRESSION_FUZZ ?? 1500);
const fresh = Number(process.env.EXPRESSION_SEED ?? randomInt(2 ** 31));

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
});
afterAll(() => database.drop());

async function inTransaction<T>(run: (comparison: Comparison, shop: Shop) => Promise<T>, random: Random): Promise<T> {
  // Everything is rolled back, so that each seed has rows of its own; one transaction, so that now() stands still.
  await client.query("begin");
  try {
    // A zone with daylight saving: days of 23 and 25 hours must make no difference.
    await client.query("set local timezone = 'Europe/Berlin'");
    const shop = await createShop(client, random);
    const now = await client.query("select (extract(epoch from now()) * 1000000)::bigint::text as now");
    return await run(new Comparison(client, shop, environment, BigInt(now.rows[0].now)), shop);
  } finally {
    await client.query("rollback");
  }
}

describe("evaluator and PostgreSQL agree", () => {
  test.each([
    ["fixed", 20261120],
    ["fresh", fresh],
  ])("on random expressions, %s seed %i", async (_, seed) => {
    const random = new Random(seed);
    const outcomes = await inTransaction(async (comparison, shop) => {
      const generator = new Generator(random, catalog, shop.ids);
      const found: (Outcome & { text: string })[] = [];
      for (let i = 0; i < count; i++) {
        const text = generator.expression(2 + random.below(3));
        const parsed = parse(text);
        // What is compared is the canonical text: the printer is under test as well.
        const canonical = parsed.ok ? print(parsed.syntax) : text;
        found.push({ ...(await comparison.run(canonical)), text: canonical });
      }
      return found;
    }, random);
    const of = (kind: Outcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind);
    const same = outcomes.filter((outcome) => outcome.kind === "same");
    const types = Object.groupBy(same, (outcome) => outcome.type);
    const cells = same.reduce((sum, outcome) => sum + outcome.cells, 0);
    const nulls = same.reduce((sum, outcome) => sum + outcome.nulls, 0);
    const byType = Object.entries(types).map(([type, all]) => `${type} ${all?.length}`);
    console.info(
      `seed ${seed}: ${same.length} expressions agree on ${cells} rows (${nulls} null; ${byType.join(", ")}), ` +
        `${of("overflow").length} overflow, ${of("rejected").length} rejected, ${of("different").length} differ`,
    );
    const shown = (kind: Outcome["kind"]) =>
      of(kind)
        .slice(0, 5)
        .map((outcome) => `${outcome.text}\n  ${"message" in outcome ? outcome.message : ""}`);
    expect(shown("different")).toEqual([]);
    // The generator's job is to make well-typed texts: rejections would hide what is not tried.
    expect(shown("rejected")).toEqual([]);
    expect(of("overflow").length).toBeLessThan(count / 10);
    expect(same.length).toBeGreaterThan(count * 0.8);
  });
});
