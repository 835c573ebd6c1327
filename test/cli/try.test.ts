/** `enginejs try`: everything happens, and nothing of it stays. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeProject, type TemporaryProject } from "../project/temporary-project.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { builtExample } from "./built-example.ts";
import { runCli } from "./run-cli.ts";

let project: TemporaryProject;
let database: TestDatabase;
let client: pg.Client;
/** One that was sent, of Acme. */
let invoice: string;
let customer: string;

beforeAll(async () => {
  project = await makeProject({}, { example: "examples/invoicing" });
  database = await createTestDatabase({ template: builtExample() });
  client = await database.client();
  const { rows } = await client.query(
    `select i.id, i.customer_id from app.invoice i join app."user" u on u.id = i.owner_id
     where i.status = 'sent' and u.name like 'Bea%' order by i.id limit 1`,
  );
  invoice = rows[0].id;
  customer = rows[0].customer_id;
});
afterAll(async () => {
  await database?.drop();
  await project?.remove();
});

/** What stands in every table that a request could write. */
async function state(): Promise<string> {
  const { rows } = await client.query(`
    select (select md5(string_agg(i::text, ',' order by i.id)) from app.invoice i) as invoices,
      (select md5(string_agg(c::text, ',' order by c.id)) from app.customer c) as customers,
      (select count(*) from app.receipt) as receipts, (select count(*) from enginejs.workflow_events) as events,
      (select count(*) from enginejs.workflow_events_pending) as pending, (select count(*) from graphile_worker._private_jobs) as jobs`);
  return JSON.stringify(rows[0]);
}

async function attempt(...args: string[]) {
  const before = await state();
  const result = await runCli(["try", "--json", "--project", project.folder, "--database", database.url, ...args]);
  expect(await state(), "nothing may stay").toBe(before);
  return { ...result, report: result.stdout === "" ? undefined : JSON.parse(result.stdout) };
}

describe("enginejs try", () => {
  test("a mutation: its answer, the rows, the rules that spoke, the event, the workflow", async () => {
    const { code, report } = await attempt(
      "--as",
      "biller",
      `mutation { payInvoice(input: { id: "${invoice}" }) { invoice { status } } }`,
    );
    expect(code).toBe(0);
    expect(report).toMatchObject({
      ok: true,
      rolledBack: true,
      answer: { data: { payInvoice: { invoice: { status: "paid" } } } },
      rows: [{ table: "invoice", inserted: 0, updated: 1, deleted: 0 }],
      events: [
        {
          model: "Invoice",
          action: "pay",
          recordId: invoice,
          changed: ["status"],
          workflows: [{ name: "receipt-on-paid", conditional: false }],
        },
      ],
    });
    expect(report.events[0].rules).toContainEqual({ rule: "the owner or billing", effect: "allow", verdict: true });
  });

  test("a refusal names the rule and exits with 1", async () => {
    const { code, report } = await attempt(
      "--as",
      "member",
      `mutation { payInvoice(input: { id: "${invoice}" }) { invoice { status } } }`,
    );
    expect(code).toBe(1);
    expect(report.answer.errors[0]).toMatchObject({
      message: expect.stringContaining("the owner or billing"),
      extensions: { code: "EJS5031" },
    });
    expect(report.events).toEqual([]);
  });

  test("rows of a statement that fails are not told as changed", async () => {
    const failing =
      "with gone as (update app.customer set name = 'x' returning 1) select 1 / (count(*) - count(*)) from gone";
    const { code, report } = await attempt("--as", "biller", "--sql", failing);
    expect(code).toBe(1);
    expect(report.answer.error).toBeDefined();
    expect(report.rows).toEqual([]);
    const { report: both } = await attempt(
      "--as",
      "biller",
      `mutation { name: updateCustomer(input: { id: "${customer}", patch: { name: "New" } }) { clientMutationId }
        pay: payInvoice(input: { id: "${invoice}" }) { clientMutationId }
        again: payInvoice(input: { id: "${invoice}" }) { clientMutationId } }`,
    );
    expect(both.answer.errors).toHaveLength(1);
    expect(both.rows).toEqual([
      { table: "customer", inserted: 0, updated: 1, deleted: 0 },
      { table: "invoice", inserted: 0, updated: 1, deleted: 0 },
    ]);
  });

  test("several mutations in one document see each other, and all go", async () => {
    const { code, report } = await attempt(
      "--as",
      "biller",
      `mutation { pay: payInvoice(input: { id: "${invoice}" }) { clientMutationId }
        again: payInvoice(input: { id: "${invoice}" }) { clientMutationId }
        name: updateCustomer(input: { id: "${customer}", patch: { name: "New" } }) { customer { name } } }`,
    );
    expect(code).toBe(1);
    expect(report.answer.errors).toHaveLength(1);
    expect(report.answer.errors[0]).toMatchObject({
      path: ["again"],
      extensions: { code: expect.stringMatching(/^EJS50/) },
    });
    expect(report.answer.data.name.customer.name).toBe("New");
    expect(report.events.map((event: { model: string }) => event.model).sort()).toEqual(["Customer", "Invoice"]);
  });

  test("a query reads as the person", async () => {
    const { report } = await attempt("--as", "stranger", "{ tenants { totalCount } invoices { totalCount } }");
    const other = await attempt("--as", "anonymous", "{ tenants { totalCount } invoices { totalCount } }");
    expect(report.answer.data.tenants.totalCount).toBe(1);
    expect(other.report.answer.data).toEqual({ tenants: { totalCount: 0 }, invoices: { totalCount: 0 } });
  });

  test("variables", async () => {
    const { report } = await attempt(
      "--as",
      "biller",
      "query ($id: UUID!) { invoice(id: $id) { id } }",
      "--variables",
      JSON.stringify({ id: invoice }),
    );
    expect(report.answer.data.invoice.id).toBe(invoice);
    expect((await attempt("--as", "biller", "{ invoices { totalCount } }", "--variables", "[1]")).code).toBe(2);
  });

  test("a statement of SQL, as the person", async () => {
    const { code, report } = await attempt(
      "--as",
      "biller",
      "--sql",
      `update app.customer set name = 'It''s $$new$$' where id = '${customer}' returning name`,
    );
    expect(code).toBe(0);
    expect(report.answer).toEqual({ rows: [{ name: "It's $$new$$" }], rowCount: 1 });
    expect(report.events).toHaveLength(1);
    const refused = await attempt("--as", "member", "--sql", "update app.invoice set status = 'paid'");
    expect(refused.code).toBe(1);
    expect(refused.report.answer.error.sqlState).toBe("42501");
  });

  test.each([
    "commit",
    "select 1; commit",
    "end",
    "rollback",
    "do $$ begin commit; end $$",
    "prepare transaction 'x'",
    "update app.customer set name = 'kept'; commit; begin",
    "select 1) ; commit; --",
  ])("%s gets nowhere", async (sql) => {
    const { code, report } = await attempt("--as", "biller", "--sql", sql);
    expect(code).toBe(1);
    expect(report.answer.error.sqlState).toMatch(/^(42601|0A000|2D000)$/);
  });

  test("is on the record", async () => {
    await attempt("--as", "biller", "{ invoices { totalCount } }");
    const { rows } = await client.query(
      "select kind, detail from enginejs.administration_log where kind = 'impersonation' order by id desc limit 1",
    );
    expect(rows[0]).toMatchObject({ detail: { command: "try", graphql: "{ invoices { totalCount } }" } });
  });

  test("people read it", async () => {
    const { stdout } = await runCli([
      "try",
      "--project",
      project.folder,
      "--database",
      database.url,
      "--as",
      "biller",
      `mutation { payInvoice(input: { id: "${invoice}" }) { invoice { status } } }`,
    ]);
    expect(stdout).toContain("invoice: 1 changed");
    expect(stdout).toContain(`Invoice.pay ${invoice} (status)`);
    expect(stdout).toContain("would start receipt-on-paid");
    expect(stdout).toContain("All of it was rolled back.");
  });
});
