/** `enginejs policy test`: on the example, with a compiler's mistake planted, and with a clause that does nothing. */
import { fileURLToPath } from "node:url";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { System } from "../../src/model/index.ts";
import { differenceFindings, survivorFindings, testPolicies } from "../../src/policy-test/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { invoicingBuild } from "../support/invoicing-system.ts";

const project = fileURLToPath(new URL("../../examples/invoicing", import.meta.url));

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  client = await database.client();
});
afterAll(() => database?.drop());

/** The example with the condition of one rule changed. */
async function withRule(entity: string, rule: string, change: (expression: string) => string) {
  const { system, sourceMap } = await invoicingBuild();
  const entities = system.entities.map((each) =>
    each.name !== entity
      ? each
      : {
          ...each,
          policies: each.policies.map((policy) =>
            policy.name === rule ? { ...policy, expression: change(policy.expression) } : policy,
          ),
        },
  );
  return { system: { ...system, entities } satisfies System, sourceMap };
}

describe("testPolicies", () => {
  test("a mistake of the compiler is reported with actor, statement and both answers", async () => {
    const { system, sourceMap } = await invoicingBuild();
    const { differences, mutants } = await testPolicies(client, system, {
      seed: 1,
      entity: "Customer",
      worlds: 1,
      onInstalled: async (stage) => {
        await stage.query(
          "set local role enginejs_owner; alter policy tenancy on app.customer using (true); reset role",
        );
      },
    });
    expect(differences.length).toBeGreaterThan(0);
    expect(mutants).toEqual([]);
    const [finding] = differenceFindings(differences, 1, sourceMap);
    expect(finding).toMatchObject({ code: "EJS3040", where: { file: "domain/customer.model.ts" } });
    expect(finding?.message).toMatch(/^As .+: .*Customer.*: the rules say .+, PostgreSQL answers .+ \(seed 1\)\.$/);
  });

  test("a clause that does nothing is named with its place", async () => {
    const redundant = "actor.tenantId != null";
    const { system, sourceMap } = await withRule(
      "Customer",
      "members of the tenant",
      (text) => `${text} && ${redundant}`,
    );
    const { differences, mutants, score } = await testPolicies(client, system, {
      seed: 1,
      entity: "Customer",
      worlds: 1,
      searched: 3,
    });
    expect(differences).toEqual([]);
    const survivors = survivorFindings(mutants, sourceMap);
    const finding = survivors.find(({ message }) => message.includes(`without \`${redundant}\``));
    expect(finding).toMatchObject({
      code: "EJS3041",
      severity: "warning",
      where: { file: "domain/customer.model.ts" },
    });
    expect(finding?.hint).toContain(redundant);
    expect(score).toBeLessThan(100);
    expect(score).toBeGreaterThan(50);
  });

  test("the same seed asks the same", async () => {
    const { system } = await invoicingBuild();
    const run = () => testPolicies(client, system, { seed: 7, entity: "Receipt", worlds: 1, searched: 1 });
    const [first, second] = [await run(), await run()];
    const ofCases = (result: typeof first) =>
      result.answers.map(({ by, case: { entity, command }, actual }) => [
        by.label,
        entity,
        command,
        actual.replace(/:.*/, ""),
      ]);
    expect(ofCases(second)).toEqual(ofCases(first));
  });

  test("it leaves nothing behind", async () => {
    const { rows } = await client.query("select from pg_namespace where nspname in ('app', 'enginejs_stage')");
    expect(rows).toEqual([]);
  });
});

describe("the command", () => {
  // Whoever builds may lack the right to make a database.
  const policyTest = (...args: string[]) => onDatabase(database.administratorUrl, ...args);
  const onDatabase = (url: string, ...args: string[]) =>
    runCli(["policy", "test", "--project", project, "--database", url, ...args]);

  test("run by a plain owner, says what an administrator has to grant for it, and passes with that", async () => {
    const administrator = await database.administrator();
    const login = `tester_${database.name.slice(-8)}`;
    await administrator.query(`create role ${login} login password 'tester'`);
    const url = Object.assign(new URL(database.url), { username: login, password: "tester" }).href;
    const told: string[] = [];
    try {
      const run = () => onDatabase(url, "--entity", "InvoiceLine", "--seed", "3", "--json");
      let last = await run();
      // To create databases, what a build needs, to become an actor: one refusal each.
      for (let refusals = 0; last.code === 3 && refusals < 5; refusals++) {
        const { diagnostics } = JSON.parse(last.stdout) as { diagnostics: { hint: string }[] };
        for (const { hint } of diagnostics) {
          const remedy = /dministrator runs?: (.*?;)/.exec(hint)?.[1] ?? hint;
          await administrator.query(remedy);
          told.push(remedy);
        }
        last = await run();
      }
      expect(last).toMatchObject({ code: 0 });
      expect(told.join("\n")).toMatch(
        /createdb;[\s\S]*grant enginejs_owner to [\s\S]*grant enginejs_anonymous, enginejs_user/,
      );
    } finally {
      await administrator.query(`drop owned by ${login}; drop role ${login}`);
    }
  });

  test("passes on the example, with a score, and drops its database", async () => {
    const { code, stdout } = await policyTest("--entity", "InvoiceLine", "--seed", "3", "--json");
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ ok: true, seed: 3, differences: [] });
    expect(report.cases).toBeGreaterThan(300);
    expect(report.mutants).toBeGreaterThan(5);
    expect(report.score).toBeGreaterThan(90);
    const { rows } = await client.query("select from pg_database where datname like 'enginejs\\_scratch\\_%'");
    expect(rows.length).toBe(0);
  });

  test("an entity that is not there is wrong use", async () => {
    const { code, stderr } = await policyTest("--entity", "Invoce");
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean "Invoice"?');
  });
});
