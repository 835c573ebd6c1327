/** Whole databases: one that others built with the usual mistakes, a sample of somebody else's, and one of ours. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { examineDatabase } from "../../src/doctor/examine-database.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { readLints } from "../../src/doctor/lint.ts";
import { buildInvoicing } from "../dsl-to-sql/support/invoicing-database.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { invoicingSystem } from "../support/invoicing-system.ts";
import { hasPsql, psql } from "../support/psql.ts";

const lints = readLints();
/** Roles belong to the whole server, where other tests run: those of nobody here are left out. */
const withoutStrangers = (findings: readonly Finding[], roles: readonly string[]): Finding[] =>
  findings.filter(({ kind, object }) => kind !== "role" || roles.includes(object));

describe("a database that others built", () => {
  const foreign = readFileSync(join(import.meta.dirname, "support/foreign-schema.sql"), "utf8");
  const roles = ["anon", "authenticated", "service_role", "authenticator", "dashboard"];
  let database: TestDatabase;
  /** A superuser, as those have who built it. */
  let client: pg.Client;
  let findings: Finding[];
  beforeAll(async () => {
    database = await createTestDatabase();
    client = await database.administrator();
    await client.query(foreign);
    const { skipped, ...examination } = await examineDatabase(database.administratorUrl, lints);
    expect(skipped).toEqual([]);
    findings = withoutStrangers(examination.findings, roles);
  });
  afterAll(async () => {
    await client.query(`drop owned by ${roles.join(", ")} cascade; drop role ${roles.join(", ")}`);
    await database.drop();
  });

  test.each([
    ["error", "rls-disabled", "public.profiles"],
    ["error", "rls-disabled", "public.settings"],
    ["error", "rls-disabled-with-policies", "public.audit"],
    ["info", "rls-no-policy", "public.organizations"],
    ["error", "policy-user-editable-claim", 'public.projects."org projects"'],
    ["warn", "policy-always-true", 'public.projects."anyone updates"'],
    ["warn", "policy-to-public", 'public.projects."own projects"'],
    ["warn", "policy-function-per-row", 'public.projects."own projects"'],
    ["warn", "policy-function-per-row", 'public.tasks."tasks of the org"'],
    ["warn", "policy-column-unindexed", 'public.projects."own projects"'],
    ["warn", "policy-column-unindexed", 'public.projects."org projects"'],
    ["info", "policy-check-missing", 'public.projects."own projects"'],
    ["warn", "multiple-permissive-policies", "public.projects"],
    ["info", "index-not-leakproof", "public.projects_budget"],
    ["error", "grant-truncate", "public.projects"],
    ["warn", "grant-references-trigger", "public.tasks"],
    ["warn", "grant-all", "public.tasks"],
    ["error", "grant-to-anonymous", "public.settings"],
    ["info", "anonymous-readable", "public.profiles"],
    ["warn", "default-privileges-open", "tables of postgres in public"],
    ["error", "schema-create", "public"],
    ["error", "definer-view", "public.project_names"],
    ["info", "view-without-barrier", "public.project_names"],
    ["error", "view-exposes-secret", "public.people"],
    ["error", "materialized-view-exposed", "public.org_budgets"],
    ["error", "sensitive-column-exposed", "public.settings.stripe_api_key"],
    ["error", "sensitive-column-exposed", "public.profiles.ssn"],
    ["error", "set-config-reachable", "public.become(name text, value text)"],
    ["warn", "public-execute-volatile", "public.become(name text, value text)"],
    ["error", "public-execute-definer", "public.delete_project(id uuid)"],
    ["error", "definer-search-path", "public.search(what text)"],
    ["warn", "definer-dynamic-sql", "public.search(what text)"],
    ["warn", "function-search-path-mutable", "public.touch()"],
    ["info", "foreign-key-unindexed", "public.tasks.tasks_project_id_fkey"],
    ["warn", "foreign-key-across-tenants", "public.tasks.tasks_project_id_fkey"],
    ["info", "no-primary-key", "public.audit"],
    ["warn", "duplicate-index", "public.tasks"],
    ["warn", "login-above-rules", "dashboard"],
    ["warn", "role-of-the-server", "authenticated"],
    ["error", "session-replication-role", "anon"],
  ])("%s %s %s", (level, id, object) => {
    expect(
      findings.filter((finding) => finding.id === id).map((finding) => `${finding.level} ${finding.object}`),
    ).toContain(`${level} ${object}`);
  });

  test("a login without any right sees the same", async () => {
    await client.query("create role plain_doctor login password 'x'");
    try {
      const url = Object.assign(new URL(database.administratorUrl), { username: "plain_doctor", password: "x" }).href;
      const examination = await examineDatabase(url, lints);
      expect(examination.skipped).toEqual([]);
      const objects = (list: readonly Finding[]) => list.map(({ id, object, level }) => `${level} ${id} ${object}`);
      expect(objects(withoutStrangers(examination.findings, roles))).toEqual(objects(findings));
      // Superuser is not its to take away.
      expect(examination.findings.find(({ object }) => object === "dashboard")?.fix).toBeNull();
    } finally {
      await client.query("drop role plain_doctor");
    }
  });

  test("the application's login is told apart", async () => {
    const { findings: told } = await examineDatabase(database.administratorUrl, lints, {
      scope: { login: "dashboard" },
    });
    expect(told.find(({ id, object }) => id === "login-above-rules" && object === "dashboard")?.level).toBe("error");
  });

  test("one schema, and trusted roles", async () => {
    const { findings: inAuth } = await examineDatabase(database.administratorUrl, lints, {
      scope: { schemas: ["auth"] },
    });
    const tables = inAuth.filter(({ kind }) => ["table", "policy", "view", "function"].includes(kind));
    expect(tables.map(({ object }) => object).filter((object) => !object.startsWith("auth."))).toEqual([]);
    expect(tables.length).toBeGreaterThan(0);
    const { findings: trusting } = await examineDatabase(database.administratorUrl, lints, {
      scope: { trusted: ["anon", "authenticated"] },
    });
    expect(trusting.filter(({ id }) => id === "rls-disabled")).toEqual([]);
  });

  test("a schema that is not there", async () => {
    await expect(
      examineDatabase(database.administratorUrl, lints, { scope: { schemas: ["publik"] } }),
    ).rejects.toMatchObject({
      diagnostics: [
        { code: "EJS1002", message: 'The database has no schema "publik".', hint: 'Did you mean "public"?' },
      ],
    });
  });

  test("a lint that fails or takes too long leaves the others alone, and nothing can be written", async () => {
    const broken = (id: string, sql: string) => ({ id, title: "", why: "", fix: "", reference: "", sql });
    const some = lints.filter(({ id }) => id === "rls-disabled");
    const examination = await examineDatabase(
      database.administratorUrl,
      [
        broken("slow", "select pg_sleep(60)"),
        broken("wrong", "select nonsense"),
        broken("writes", "create table t ()"),
        ...some,
      ],
      { timeout: 1_500 },
    );
    expect(examination.skipped.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([
      "slow: canceling statement due to statement timeout",
      'wrong: column "nonsense" does not exist',
      "writes: cannot execute CREATE TABLE in a read-only transaction",
    ]);
    expect(examination.findings.length).toBeGreaterThan(0);
  });

  test.skipIf(!hasPsql)(`psql runs the lints as they are${hasPsql ? "" : " (psql is not installed)"}`, () => {
    const files = lints.flatMap(({ id }) => ["-f", join(import.meta.dirname, "../../sql/doctor", `${id}.sql`)]);
    const { status, stdout, stderr } = psql(database.administratorUrl, "-At", ...files);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).toContain("alter table public.profiles enable row level security;");
  });
});

describe("Chinook", () => {
  const file = join(import.meta.dirname, "../../../shared/data/chinook/chinook.sql");
  const missing = existsSync(file) ? "" : " (the sample lies beside the repository, in shared/data, and is not there)";
  test.skipIf(missing !== "")(`only what is so${missing}`, async () => {
    const database = await createTestDatabase();
    try {
      const client = await database.client();
      await client.query(readFileSync(file, "utf8"));
      const { findings } = await examineDatabase(database.url, lints);
      const own = withoutStrangers(findings, []).filter(({ kind }) => kind !== "server");
      // Nothing in it is granted to anybody but its owner: there is nothing to warn of.
      expect(own.filter(({ level }) => level !== "info").map(({ id, object }) => `${id} ${object}`)).toEqual([]);
      // Statistics arrive when they do: the checks of foreign keys have read the tables, and not over every index.
      const ids = new Set(own.map(({ id }) => id).filter((id) => id !== "unused-index"));
      expect([...ids]).toEqual(["database-open"]);
    } finally {
      await database.drop();
    }
  });
});

describe("a database of ours", () => {
  test("is silent", async () => {
    const database = await createTestDatabase({ template: coreTemplate });
    try {
      await buildInvoicing(await database.client(), await invoicingSystem());
      const { findings, skipped } = await examineDatabase(database.url, lints);
      expect(skipped).toEqual([]);
      const grave = findings.filter(
        ({ level, kind, object }) =>
          level !== "info" && kind !== "server" && !(kind === "role" && !object.startsWith("enginejs_")),
      );
      expect(grave.map(({ id, what }) => `${id}: ${what}`)).toEqual([]);
      expect(findings.some(({ object }) => object.startsWith("app."))).toBe(true);
    } finally {
      await database.drop();
    }
  });
});
