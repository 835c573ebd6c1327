/** Each lint finds what it is for, finds nothing where all is well, and what it offers as a fix is one. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLints } from "../../src/doctor/lint.ts";
import { functionCases } from "./support/function-cases.ts";
import { grantCases } from "./support/grant-cases.ts";
import { base, type LintCase } from "./support/lint-case.ts";
import { policyCases } from "./support/policy-cases.ts";
import { roleCases } from "./support/role-cases.ts";
import { servers } from "./support/servers.ts";
import { structureCases } from "./support/structure-cases.ts";
import { tableCases } from "./support/table-cases.ts";

const cases = [...tableCases, ...grantCases, ...functionCases, ...policyCases, ...structureCases, ...roleCases];
const lints = readLints();
/** These need statistics, which no transaction holds: statistics.test.ts. */
const elsewhere = ["unused-index", "table-bloat"];

test("every lint has a case", () => {
  expect([...new Set([...cases.map(({ lint }) => lint), ...elsewhere])].sort()).toEqual(
    lints.map(({ id }) => id).sort(),
  );
});

interface Row {
  readonly level: string;
  readonly kind: string;
  readonly object: string;
  readonly what: string;
  readonly fix: string | null;
}

for (const server of servers) {
  describe.skipIf(server.missing !== undefined)(
    `${server.name}${server.missing === undefined ? "" : ` (${server.missing})`}`,
    () => {
      let client: pg.Client;
      let close: () => Promise<void>;
      beforeAll(async () => {
        const database = await server.create();
        client = database.client;
        close = database.close;
      });
      afterAll(() => close());

      /** Everything in one transaction that is rolled back: roles too leave no trace. */
      async function inState<T>({ settings = {} }: LintCase, sql: string, look: () => Promise<T>): Promise<T> {
        await client.query("begin; set local search_path = ''");
        try {
          for (const [name, value] of Object.entries(settings))
            await client.query("select set_config('enginejs_doctor.' || $1, $2, true)", [name, value]);
          await client.query(base);
          await client.query(sql);
          return await look();
        } finally {
          await client.query("rollback");
        }
      }

      const run = async (id: string): Promise<Row[]> => {
        const lint = lints.find((one) => one.id === id);
        if (lint === undefined) throw new Error(`no lint ${id}`);
        const { rows } = await client.query<Row>(lint.sql);
        return rows.map((row) =>
          row.kind === "database" && row.level === "warn" ? { ...row, object: "(this database)" } : row,
        );
      };
      const named = (rows: readonly Row[]): string[] => rows.map(({ level, object }) => `${level} ${object}`).sort();
      /** Without what is found in any database of this server. */
      const beyond = (rows: readonly Row[], before: readonly Row[]): Row[] => {
        const known = new Set(before.map(({ what }) => what));
        return rows.filter(({ what }) => !known.has(what));
      };

      test.each(cases.map((one) => [one.name === undefined ? one.lint : `${one.lint}: ${one.name}`, one] as const))(
        "%s",
        async (_name, one) => {
          const before = await inState(one, "select 1", () => run(one.lint));
          await inState(one, one.bad, async () => {
            const rows = beyond(await run(one.lint), before);
            expect(named(rows)).toEqual([...one.finds].sort());
            for (const { what, kind, fix } of rows) {
              expect(what).toMatch(/\.$/);
              expect(kind).toMatch(/^[a-z ]+$/);
              expect(fix === null).toBe(one.wordsOnly ?? false);
            }
            for (const { fix } of rows) if (fix !== null) await client.query(fix);
            if (!one.wordsOnly) expect(named(beyond(await run(one.lint), before))).toEqual([]);
          });
          await inState(one, one.good, async () => {
            expect(named(beyond(await run(one.lint), before))).toEqual([]);
          });
        },
      );
    },
  );
}
