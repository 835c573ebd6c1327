/**
 * Random models, worlds and actors: every statement must come to what the rules say in memory, and in PostgreSQL. A seed
 * that fails is run again by ORACLE_SEED=… vitest run test/authorization/oracle.test.ts.
 */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isDifferent } from "../../src/policy-test/compare-world.ts";
import { Random } from "../../src/policy-test/random.ts";
import { Stage } from "../../src/policy-test/stage.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { perform, playOf, report } from "./support/oracle.ts";
import { randomSystem } from "./support/random-system.ts";

const MODELS = Number(process.env.ORACLE_MODELS ?? 6);
const FIXED = 20_261_120;
const fresh = Math.floor(Math.random() * 1_000_000_000);

describe("decided in memory and by PostgreSQL", () => {
  let database: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    database = await createTestDatabase({ template: coreTemplate });
    client = await database.client();
    await client.query("begin");
  });
  afterAll(async () => {
    await client?.query("rollback");
    await database?.drop();
  });

  /** Kinds of answers that were met. */
  const run = async (seeds: readonly number[]): Promise<void> => {
    const stage = new Stage(client);
    const now = await stage.now();
    const counts = new Map<string, number>();
    const reports: string[] = [];
    let cases = 0;
    for (const seed of seeds) {
      const play = playOf(randomSystem(new Random(seed)), seed, now);
      const answers = await perform(stage, play).catch((error: unknown) => {
        throw new Error(`seed ${seed} could not be played`, { cause: error });
      });
      cases += answers.length;
      for (const { actual } of answers) {
        const kind =
          /^\d/.test(actual) && actual.includes("row")
            ? actual.replace(/^([01]) rows?.*/, "$1 rows").replace(/^\d\d* rows:.*/, "n rows")
            : actual;
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
      if (answers.some(isDifferent)) reports.push(report(play, answers, seed));
    }
    console.log(`${seeds.length} models from seed ${seeds[0]}, ${cases} cases`, Object.fromEntries(counts));
    expect(reports.join("\n\n")).toBe("");
    expect(cases).toBeGreaterThan(seeds.length * 100);
  };
  const from = (seed: number): number[] => Array.from({ length: MODELS }, (_, i) => seed + i);

  test.skipIf(process.env.ORACLE_SEED !== undefined)("a fixed seed", () => run(from(FIXED)));
  test("a fresh seed", () =>
    run(process.env.ORACLE_SEED === undefined ? from(fresh) : [Number(process.env.ORACLE_SEED)]));
});
