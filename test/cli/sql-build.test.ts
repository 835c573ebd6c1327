/** `enginejs sql build` as a person runs it: the real command, real files, a real PostgreSQL. */
import { existsSync, readdirSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeProject, type TemporaryProject } from "../project/temporary-project.ts";
import { createTestDatabase, type TestDatabase, type TestDatabaseTemplate } from "../support/database.ts";
import { programsOf, sharedOtherPostgres } from "../support/other-postgres.ts";
import { builtExample } from "./built-example.ts";
import { type CliResult, runCli } from "./run-cli.ts";

let project: TemporaryProject;
let database: TestDatabase;
let client: pg.Client;

/** What a test of this file begins with: nothing, unless its `describe` says otherwise. */
let template: TestDatabaseTemplate | undefined;

beforeEach(async () => {
  project = await makeProject({}, { example: "examples/invoicing" });
  database = await createTestDatabase(template === undefined ? {} : { template });
  client = await database.client();
});
afterEach(async () => {
  await database.drop();
  await project.remove();
});

const build = (...args: string[]): Promise<CliResult> => buildOn(database.url, ...args);
const buildOn = (url: string, ...args: string[]): Promise<CliResult> =>
  runCli(["sql", "build", "--project", project.folder, "--database", url, ...args]);

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(join(project.folder, file), "utf8");
  const after = change(before);
  expect(after, `the change of ${file} changes something`).not.toBe(before);
  await project.write(file, after);
}

/** Everything that a build may change, as text: equal before and after where nothing was applied. */
async function stateOf(on: pg.Client = client): Promise<string> {
  const { rows } = await on.query<{ state: string }>(`
    select coalesce(string_agg(line, e'\n' order by line), '') as state from (
      select format('%s.%s %s', n.nspname, c.relname, c.relkind) as line
        from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('app', 'enginejs')
      union all select format('%s.%s', attrelid::regclass, attname)
        from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'app' and attnum > 0
      union all select polname || pg_get_expr(polqual, polrelid) from pg_policy
      union all select p.oid::regprocedure || md5(pg_get_functiondef(p.oid)) from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'app' and p.prokind = 'f'
    ) as state (line)`);
  return rows[0]?.state ?? "";
}

describe("an empty database", () => {
  test("is built; a second time there is nothing to do; the files of the build lie in the project", async () => {
    const first = await build();
    expect(first.stderr).not.toContain("EJS");
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/\+ entity Invoice: 2 tables,/);
    expect(existsSync(join(project.folder, "generated.d.ts"))).toBe(true);
    expect(readdirSync(join(project.folder, "sql")).sort()).toEqual(
      expect.arrayContaining(["functions", "rls", "tables"]),
    );
    const { rows } = await client.query("select count(*)::int as builds from enginejs.build");
    expect(rows).toEqual([{ builds: 1 }]);

    const second = await build();
    expect(second.code).toBe(0);
    expect(second.stdout.toLowerCase()).toContain("nothing to do");
    expect((await client.query("select count(*)::int as builds from enginejs.build")).rows).toEqual([{ builds: 1 }]);
  });

  test("--dry-run shows the plan, writes and applies nothing; --check ends with 1", async () => {
    await rm(join(project.folder, "sql"), { recursive: true, force: true });
    await rm(join(project.folder, "generated.d.ts"), { force: true });
    const dry = await build("--dry-run");
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain("app.invoice");
    const check = await build("--check");
    expect(check.code).toBe(1);
    expect(existsSync(join(project.folder, "sql"))).toBe(false);
    expect(existsSync(join(project.folder, "generated.d.ts"))).toBe(false);
    expect(await stateOf()).toBe("");
    await build();
    expect((await build("--check")).code).toBe(0);
  });

  test("that is read-only: exit code 3, and the message says so", async () => {
    await client.query(`alter database ${database.name} set default_transaction_read_only = on`);
    const { code, stderr } = await build();
    expect(stderr).toMatch(/EJS4019 {2}The database "\w+" is read-only/);
    expect(code).toBe(3);
  });

  test("two identical builds at once: both end with 0, one of them with nothing to do", async () => {
    const both = await Promise.all([build(), build()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.filter(({ stdout }) => stdout.includes("  nothing to do"))).toHaveLength(1);
    expect((await client.query("select count(*)::int as builds from enginejs.build")).rows).toEqual([{ builds: 1 }]);
  });

  test("--json is one object on stdout", async () => {
    const { code, stdout } = await build("--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      applied: true,
      changes: expect.any(Array),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const again = JSON.parse((await build("--json")).stdout);
    expect(again).toMatchObject({ ok: true, applied: false, changes: [] });
  });

  test("--out writes the SQL elsewhere; without --database no database is needed", async () => {
    const out = join(project.folder, "elsewhere");
    const { code } = await runCli(["sql", "build", "--project", project.folder, "--out", out]);
    expect(code).toBe(0);
    expect(readdirSync(out)).toContain("sql");
    expect(await stateOf()).toBe("");
  });

  test("the seed runs, and again changes nothing", async () => {
    await build();
    const seed = () => runCli(["seed", "--project", project.folder, "--database", database.url]);
    expect(await seed()).toMatchObject({ code: 0 });
    const count = async () =>
      (
        await client.query(
          "select (select count(*)::int from app.invoice) as invoices, (select count(*)::int from app.invoice_line) as lines, (select count(*)::int from app.receipt) as receipts",
        )
      ).rows[0];
    const first = await count();
    expect(first).toEqual({ invoices: 3000, lines: 9000, receipts: 1800 });
    expect(await seed()).toMatchObject({ code: 0 });
    expect(await count()).toEqual(first);
  });
});

describe("a changed model", () => {
  beforeAll(() => {
    template = builtExample();
  });
  afterAll(() => {
    template = undefined;
  });

  test("a new entity, field, index, policy, rule and action are applied in place; rows stay", async () => {
    await project.write(
      "domain/note.model.ts",
      `import { allow, entity, ref, text } from "enginejs";
import { isMemberOfTenant } from "../policies/rules.policy.ts";
export const Note = entity("Note", {
  fields: { invoice: ref("Invoice").required(), body: text().required() },
  policies: allow({ read: isMemberOfTenant, write: isMemberOfTenant }),
});
`,
    );
    await edit("domain/customer.model.ts", (text) =>
      text.replace(
        "email: text().required().max(320),",
        "email: text().required().max(320).index(),\n    phone: text().max(40),",
      ),
    );
    await edit("policies/rules.policy.ts", (text) =>
      text.replace('"members of the tenant"', '"whoever belongs to the tenant"'),
    );
    await edit("domain/invoice.model.ts", (text) => text.replace('"needs a line"', '"needs at least one line"'));
    const { code, stdout, stderr } = await build();
    expect(stderr).not.toContain("EJS");
    expect(code).toBe(0);
    expect(stdout).toContain("+ entity Note: table,");
    const { rows } = await client.query(`select
      (select count(*)::int from app.invoice) as invoices,
      (select count(*)::int from app.customer where phone is null) as customers,
      to_regclass('app.note') is not null as note,
      (select count(*)::int from pg_indexes where schemaname = 'app' and indexdef like '%(tenant_id, email)%') as email_indexes,
      (select count(*)::int from pg_description where description like '%whoever belongs to the tenant%') > 0 as comment,
      pg_get_functiondef('app.send_invoice(uuid)'::regprocedure) like '%needs at least one line%' as guard`);
    expect(rows).toEqual([
      { invoices: 3000, customers: 180, note: true, email_indexes: 1, comment: true, guard: true },
    ]);
    expect((await build()).stdout.toLowerCase()).toContain("nothing to do");
  });

  test.each([
    [
      "a field that is gone",
      "domain/customer.model.ts",
      (text: string) => text.replace("    email: text().required().max(320),\n", ""),
      /customer.*email|email.*customer/i,
      [
        "domain/invoice.workflow.ts",
        (text: string) => text.replace("to: record.customer.email", "to: record.customer.name"),
      ],
    ],
    [
      "a field of another type",
      "domain/invoice-line.model.ts",
      (text: string) => text.replace("price: money().required()", "price: integer().required()"),
      /price/i,
      undefined,
    ],
    [
      "a required field without a default",
      "domain/customer.model.ts",
      (text: string) => text.replace("email: text()", "vat: text().required(),\n    email: text()"),
      /vat/i,
      undefined,
    ],
  ] as const)("%s is refused: named, exit code 1, nothing applied", async (_title, file, change, named, also) => {
    await edit(file, change);
    if (also !== undefined) await edit(also[0], also[1]);
    // Something harmless beside it, which must not be applied either.
    await edit("domain/receipt.model.ts", (text) =>
      text
        .replace("amount: money().required(),", "amount: money().required(),\n    remark: text(),")
        .replace("money, ref", "money, ref, text"),
    );
    const before = await stateOf();
    const { code, stderr } = await build();
    expect(stderr).toMatch(named);
    expect(code).toBe(1);
    expect(await stateOf()).toBe(before);
    const { code: json, stdout } = await build("--json");
    expect(json).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false });
  });

  test("what somebody dropped by hand is noticed although the model did not change, and repaired", async () => {
    await client.query("drop policy actor_select on app.invoice");
    await client.query('drop trigger "30_transition" on app.invoice');
    const { code, stdout } = await build();
    expect(stdout).toContain("app.invoice.actor_select");
    expect(code).toBe(0);
    const { rows } = await client.query(
      `select (select count(*)::int from pg_policy where polrelid = 'app.invoice'::regclass and polname = 'actor_select') as policies,
              (select count(*)::int from pg_trigger where tgrelid = 'app.invoice'::regclass and tgname = '30_transition') as triggers`,
    );
    expect(rows).toEqual([{ policies: 1, triggers: 1 }]);
    expect((await build()).stdout.toLowerCase()).toContain("nothing to do");
  });

  test("by hand: a constraint is put back, an unknown policy is named and left, a lost column is refused", async () => {
    await client.query("alter table app.receipt drop constraint receipt_invoice_id_fkey");
    await client.query("create policy everybody on app.invoice for select to public using (true)");
    const { code, stdout } = await build();
    expect(code).toBe(0);
    expect(stdout).toMatch(/\+ constraint app\.receipt\.receipt_invoice_id_fkey +was dropped/);
    expect(stdout).toMatch(/\? policy app\.invoice\.everybody +is in no model/);
    const { rows } = await client.query(
      "select count(*)::int as keys from pg_constraint where conname = 'receipt_invoice_id_fkey' and convalidated",
    );
    expect(rows).toEqual([{ keys: 1 }]);
    for (const again of [await build(), await build()]) {
      expect(again.stdout.toLowerCase()).toContain("nothing to do");
      expect(again.stdout).toMatch(/\? policy app\.invoice\.everybody +is in no model/);
      expect(again.stderr).toContain("EJS4034  warning: The policy app.invoice.everybody was added by hand");
      expect(again.code).toBe(0);
    }

    await client.query("alter table app.customer drop column email");
    await client.query("alter table app.invoice_line alter column description type varchar(500)");
    const refused = await build();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("EJS4033  The column app.customer.email was dropped by hand.");
    expect(refused.stderr).toMatch(/app\.invoice_line\.description is "character varying\(500\) not null"/);
  });

  test("by hand, and not put back: named with the SQL that mends it, exit code 1 until it is mended", async () => {
    await client.query("alter table app.invoice alter column status drop default");
    for (const refused of [await build(), await build("--check"), await build()]) {
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("EJS4033  The default of app.invoice.status was dropped by hand.");
      expect(refused.stderr).toContain("Run: alter table app.invoice alter column status set default 'draft'::text;");
    }
    await client.query("alter table app.invoice alter column status set default 'draft'::text");
    expect(await build()).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to do") });
  });

  test("a build that fails half-way leaves the database as it was", async () => {
    // Somebody made a table of the new entity's name: the plan cannot know, and the field before it is added by then.
    await client.query("create table app.note (id int)");
    await project.write(
      "domain/note.model.ts",
      `import { allow, entity, text } from "enginejs";
import { isMemberOfTenant } from "../policies/rules.policy.ts";
export const Note = entity("Note", { fields: { body: text() }, policies: allow({ read: isMemberOfTenant }) });
`,
    );
    await edit("domain/customer.model.ts", (text) =>
      text.replace("email: text()", "phone: text().max(40),\n    email: text()"),
    );
    const before = await stateOf();
    const { code, stderr } = await build();
    expect(stderr).toContain("app.note");
    expect(stderr).toContain("Nothing was applied");
    expect(code).toBe(1);
    expect(await stateOf()).toBe(before);
    expect((await client.query("select count(*)::int as builds from enginejs.build")).rows).toEqual([{ builds: 1 }]);
  });
});

describe("wrong input", () => {
  test("every mistake is named in one run, with file, line and what is allowed; nothing is written or applied", async () => {
    await rm(join(project.folder, "sql"), { recursive: true, force: true });
    await rm(join(project.folder, "generated.d.ts"), { force: true });
    await project.write(
      "domain/wrong.model.ts",
      `import { allow, check, entity, integer, money, ref, rule, sum, array, text } from "enginejs";

export const A = entity("A", {
  fields: { lines: array(ref("B")), total: money().computed(({ lines }) => sum(lines.map((l: any) => l.totl))) },
  policies: [allow("read", "typo").when(({ row }: any) => row.custmer.id.eq("x"))],
});
export const B = entity("B", { fields: { a: ref("A"), total: money() } });
export const C = entity("C", { fields: { customer: ref("Custmer") } });
export const D1 = entity("Twice", { fields: {} });
export const D2 = entity("Twice", { fields: {} });
export const E = entity("E", { fields: { select: text() } });
export const F = entity("F", { fields: { ${"x".repeat(70)}: text() } });
export const G = entity("G", {
  fields: { n: integer() },
  rules: { late: check(({ row, now }: any) => row.createdAt.lt(now()), "late") },
  policies: [allow("read", "and").when(({ row, actor }: any) => row.n.gt(1) && actor.hasRole("billing"))],
});
export const H = entity("H", { fields: { i: ref("I").required() } });
export const I = entity("I", { fields: { h: ref("H").required() } });
export const J = entity("J", { fields: { n: text() }, policies: [allow("read", "role").when(({ actor }: any) => actor.hasRole("biling"))] });
export const K = entity('K"; drop table x; --', { fields: {} });
void rule;
`,
    );
    const { code, stderr } = await build();
    expect(code).toBe(1);
    for (const [what, pattern] of Object.entries({
      "unknown field": /has no field "totl"[\s\S]*?Did you mean "total"/,
      "misspelt field in a policy": /custmer/,
      "misspelt relation": /no entity "Custmer"[\s\S]*?Did you mean "Customer"/,
      "two entities of one name": /Twice/,
      "a reserved word": /select/,
      "a long name": /x{60}/,
      "now() in a rule": /now/,
      "an operator on symbols": /&&/,
      "a cycle of required references": /circle: H\.i → I\.h → H/,
      "a missing role": /role "biling"[\s\S]*?Did you mean "billing"/,
      "a hostile name": /drop table/,
    })) {
      expect(stderr, what).toMatch(pattern);
    }
    const places = stderr.match(/^domain\/wrong\.model\.ts:\d+:\d+ {2}EJS\d{4}/gm) ?? [];
    expect(places.length).toBeGreaterThanOrEqual(11);
    expect(existsSync(join(project.folder, "sql"))).toBe(false);
    expect(existsSync(join(project.folder, "generated.d.ts"))).toBe(false);
    expect(await stateOf()).toBe("");
    const json = await build("--json");
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout).diagnostics.length).toBeGreaterThanOrEqual(11);
  });
});

describe("other databases", () => {
  test("nobody listens: exit code 3, and no password in the message", async () => {
    const { code, stderr } = await buildOn("postgresql://me:geheim@127.0.0.1:1/x");
    expect(code).toBe(3);
    expect(stderr).toContain("EJS4010");
    expect(stderr).not.toContain("geheim");
  });

  test("an owner of the database who is no superuser builds", async () => {
    const name = `builder_${database.name.slice(-8)}`;
    const administrator = await database.administrator();
    await administrator.query(`create role ${name} login createrole password 'builder'`);
    await administrator.query(`alter database ${database.name} owner to ${name}`);
    const url = new URL(database.url);
    url.username = name;
    url.password = "builder";
    try {
      // The roles of this cluster were made by somebody else: an administrator gives them, as the message would say.
      await administrator.query(await grantsFor(name));
      const first = await buildOn(url.href);
      expect(first.stderr).not.toContain("EJS");
      expect(first.code).toBe(0);
      expect((await buildOn(url.href)).stdout.toLowerCase()).toContain("nothing to do");
    } finally {
      await administrator.query(`alter database ${database.name} owner to current_user`);
      await administrator.query(`reassign owned by ${name} to current_user`);
      await administrator.query(`drop owned by ${name}`);
      await administrator.query(`drop role ${name}`);
    }
  });

  describe.skipIf(programsOf(15) === undefined)(
    "PostgreSQL 15 (skipped where Debian's postgresql-15 is not installed)",
    () => {
      let other: TestDatabase;
      beforeAll(async () => {
        other = await createTestDatabase({ server: await sharedOtherPostgres(15) });
      });
      afterAll(() => other.drop());

      test("is built, changed, and then holds what the model says", async () => {
        expect(await buildOn(other.url)).toMatchObject({ code: 0 });
        expect((await buildOn(other.url)).stdout.toLowerCase()).toContain("nothing to do");
        expect(await runCli(["seed", "--project", project.folder, "--database", other.url])).toMatchObject({ code: 0 });
        await edit("domain/customer.model.ts", (text) =>
          text.replace("email: text()", "phone: text().max(40),\n    email: text()"),
        );
        expect(await buildOn(other.url)).toMatchObject({ code: 0 });
        expect((await buildOn(other.url)).stdout.toLowerCase()).toContain("nothing to do");
      });
    },
  );
});

/** Grants of the roles that exist already, as an administrator would give them to whoever builds. */
async function grantsFor(name: string): Promise<string> {
  const { rows } = await client.query<{ rolname: string }>(
    "select rolname from pg_roles where rolname like 'enginejs\\_%' and not rolcanlogin",
  );
  return rows.map(({ rolname }) => `grant ${rolname} to ${name} with admin option;`).join("\n") || "select 1";
}
