/** Attacks through the API: what a person of one company can try to learn of another. */
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../src/server/index.ts";
import {
  ask,
  codeOf,
  customerId,
  invoiceId,
  type ServedInvoicing,
  secret,
  servedInvoicing,
  tenantId,
  tokenOf,
  userId,
} from "../server/support/served-invoicing.ts";

let served: ServedInvoicing;
let server: RunningServer;
let token: string;
beforeAll(async () => {
  served = await servedInvoicing();
  server = await served.serve();
  token = await tokenOf("biller");
});
afterAll(() => served?.close());

const theirs = invoiceId(1, 2);
const nowhere = "99999999-0000-4000-8000-000000000000";

/** An answer without the id that was asked for, and without the request's own. */
const shape = (text: string, ...ids: string[]) =>
  [theirs, nowhere, ...ids].reduce((all, id) => all.replaceAll(id, "ID"), text).replace(/"requestId":"[^"]*"/g, "");

/** Each way of asking for a row by its id. */
const questions: readonly (readonly [string, string])[] = [
  ["by id", "query ($id: UUID!) { invoice(id: $id) { id number } }"],
  [
    "by alias and fragment",
    "query ($id: UUID!) { a: invoice(id: $id) { ...f } b: invoice(id: $id) { ... on Invoice { customer { name } } } } fragment f on Invoice { id lines { totalCount } }",
  ],
  ["by filter", "query ($id: UUID!) { invoices(filter: { id: { equalTo: $id } }) { totalCount nodes { id } } }"],
  ["to an action", "mutation ($id: UUID!) { payInvoice(input: { id: $id }) { invoice { id } } }"],
  [
    "to an update",
    'mutation ($id: UUID!) { updateInvoice(input: { id: $id, patch: { number: "x" } }) { invoice { id } } }',
  ],
  ["to a delete", "mutation ($id: UUID!) { deleteInvoice(input: { id: $id }) { invoice { id } } }"],
];

describe("another company's row answers as one that does not exist", () => {
  test.each(questions.map(([name, query]) => [name, query]))("%s: byte by byte", async (_name, query) => {
    const one = await ask(server, token, query, { id: theirs });
    const other = await ask(server, token, query, { id: nowhere });
    expect(shape(one.text)).toBe(shape(other.text));
    expect(one.status).toBe(other.status);
  });

  test("what the same questions say of a row that is one's own", async () => {
    const { data } = await ask(server, token, "query ($id: UUID!) { invoice(id: $id) { id number } }", {
      id: invoiceId(1),
    });
    expect(data.invoice.id).toBe(invoiceId(1));
  });

  test("as the target of a reference", async () => {
    const create = (customer: string) =>
      ask(
        server,
        token,
        "mutation ($input: InvoiceInput!) { createInvoice(input: { invoice: $input }) { invoice { id } } }",
        { input: { number: "probe", customerId: customer, ownerId: userId("biller") } },
      );
    const one = await create(customerId(1, 2));
    const other = await create(nowhere);
    expect(one.errors.length).toBe(1);
    expect(shape(one.text, customerId(1, 2))).toBe(shape(other.text));
  });

  test("a number that another company uses is free", async () => {
    const number = "taken-there";
    const create = (person: string, customer: string, owner: string) =>
      ask(
        server,
        person,
        "mutation ($input: InvoiceInput!) { createInvoice(input: { invoice: $input }) { invoice { id } } }",
        { input: { number, customerId: customer, ownerId: owner } },
      );
    const there = await create(await tokenOf("biller", 2), customerId(1, 2), userId("biller", 2));
    expect(there.errors).toEqual([]);
    const here = await create(token, customerId(1), userId("biller"));
    expect(here.errors).toEqual([]);
  });
});

describe("node ids", () => {
  test("there are none to guess: no global object identification is served", async () => {
    const answer = await ask(server, token, '{ node(nodeId: "WyJpbnZvaWNlcyIsMV0=") { nodeId } }');
    expect(answer.errors.length).toBeGreaterThan(0);
    expect(answer.data ?? null).toBe(null);
  });
});

describe("headers", () => {
  test.each([
    ["x-hasura-role", "enginejs_system"],
    ["x-hasura-user-id", userId("biller", 2)],
    ["x-tenant-id", tenantId(2)],
    ["x-enginejs-role", "enginejs_system"],
    ["x-user-id", userId("biller", 2)],
    ["role", "enginejs_owner"],
    ["x-forwarded-user", "root"],
    ["cookie", `token=${"x".repeat(20)}; role=enginejs_system`],
    ["x-request-id", "'; set role enginejs_system; --"],
  ])("%s changes nothing", async (name, value) => {
    const question = "{ tenants { nodes { id } } users { totalCount } }";
    const plain = await ask(server, token, question);
    const spoofed = await ask(server, token, question, undefined, { [name]: value });
    expect(spoofed.text).toBe(plain.text);
    const anonymous = await ask(server, undefined, question, undefined, { [name]: value });
    expect(anonymous.data).toEqual({ tenants: { nodes: [] }, users: { totalCount: 0 } });
  });
});

describe("claims in a token that is signed well", () => {
  const key = new TextEncoder().encode(secret);
  const signed = (claims: Record<string, unknown>) =>
    new SignJWT({ sub: userId("member"), tenant: tenantId(1), ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1h")
      .sign(key);

  test.each<[string, Record<string, unknown>]>([
    ["roles", { roles: ["billing", "operator"] }],
    ["a database role", { role: "enginejs_system" }],
    ["settings", { "enginejs.roles": "{billing}", "enginejs.tenant_id": tenantId(2) }],
    ["quotes", { name: "'; drop table app.invoice; --", x: "\\'", y: "$$; select 1; $$" }],
    ["an array literal", { roles: '{billing,"},{"}' }],
  ])("%s give no right", async (_name, claims) => {
    const answer = await ask(
      server,
      await signed(claims),
      'mutation { createCustomer(input: { customer: { name: "x", email: "x@example.org" } }) { customer { id } } }',
    );
    expect(codeOf(answer)).toBe("EJS5031");
    const { data } = await ask(server, await signed(claims), "{ tenants { nodes { id } } }");
    expect(data.tenants.nodes).toEqual([{ id: tenantId(1) }]);
  });

  test("a tenant that is not the actor's shows nothing of it", async () => {
    const { data } = await ask(
      server,
      await signed({ tenant: tenantId(2) }),
      "{ tenants { totalCount } invoices { totalCount } customers { totalCount } }",
    );
    expect(data).toEqual({ tenants: { totalCount: 0 }, invoices: { totalCount: 0 }, customers: { totalCount: 0 } });
  });
});

describe("what the server would tell", () => {
  test("no plan, no SQL, no stack, however it is asked", async () => {
    for (const headers of [{ "x-graphql-explain": "sql,plan" }, { "x-graphile-explain": "all" }]) {
      const answer = await ask(server, token, "{ invoices { totalCount } }", undefined, headers);
      expect(answer.text).not.toMatch(/select|enginejs_user|explain/i);
    }
    const wrong = await ask(
      server,
      token,
      'mutation { updateInvoice(input: { id: "x", patch: {} }) { invoice { id } } }',
    );
    expect(wrong.text).not.toMatch(/app\.|pg_|enginejs_|\bat .*\.ts/);
  });

  test("the core's tables and the helper functions of policies are not in the schema", async () => {
    const { data } = await ask(server, token, "{ __schema { types { name fields { name } } } }");
    const names: string[] = data.__schema.types.flatMap((type: { name: string; fields: { name: string }[] | null }) => [
      type.name,
      ...(type.fields ?? []).map((field) => field.name),
    ]);
    expect(
      // What is served of workflows is the operators' API, which asks who is one: test/server/workflows.test.ts.
      names.filter((name) =>
        /workflow_|workflowEvent|outbox|policy|membershipRole|apiKey|administration|explain|flag|invoiceMargin/i.test(
          name,
        ),
      ),
    ).toEqual([]);
  });
});

describe("with the defence taken away, the same attacks succeed: so it is the defence that stops them", () => {
  /** Takes a defence away for one attempt; whoever built it may. */
  async function without<T>(away: string, back: string, attempt: () => Promise<T>): Promise<T> {
    const superuser = await served.database.administrator();
    await superuser.query(away);
    try {
      return await attempt();
    } finally {
      await superuser.query(back);
    }
  }
  const tables = ["invoice", "customer", "invoice_line"];
  const rowSecurity = (what: "enable" | "disable") =>
    tables.map((table) => `alter table app.${table} ${what} row level security;`).join(" ");

  /** What actions and updates call asks for the tenant itself as well: both must go. */
  async function withoutItsTenant(signature: string): Promise<readonly [string, string]> {
    const superuser = await served.database.administrator();
    const { rows } = await superuser.query<{ text: string }>("select pg_get_functiondef($1::regprocedure) as text", [
      signature,
    ]);
    const text = rows[0]?.text as string;
    const weak = text.replace("invoice.tenant_id = (select enginejs.tenant_id())", "true");
    expect(weak).not.toBe(text);
    return [weak, text];
  }
  const functions: Readonly<Record<string, string>> = {
    "to an action": "app.pay_invoice(uuid)",
    "to an update": "app.update_invoice(uuid, jsonb)",
  };

  test.each(questions.map(([name, query]) => [name, query]))("row level security: %s", async (name, query) => {
    const signature = functions[name];
    const [weak, strong] = signature === undefined ? ["", ""] : await withoutItsTenant(signature);
    const [one, other] = await without(
      `${rowSecurity("disable")} ${weak}`,
      `${rowSecurity("enable")} ${strong}`,
      async () => [await ask(server, token, query, { id: theirs }), await ask(server, token, query, { id: nowhere })],
    );
    expect(shape(one.text)).not.toBe(shape(other.text));
  });

  test("the tenant in the foreign key: a reference to another company's customer", async () => {
    const probe = () =>
      ask(
        server,
        token,
        "mutation ($input: InvoiceInput!) { createInvoice(input: { invoice: $input }) { invoice { id } } }",
        { input: { number: "probe-without", customerId: customerId(1, 2), ownerId: userId("biller") } },
      );
    expect((await probe()).errors.length).toBe(1);
    const answer = await without(
      "alter table app.invoice drop constraint invoice_customer_id_fkey",
      "delete from app.invoice where number = 'probe-without'; " +
        "alter table app.invoice add constraint invoice_customer_id_fkey foreign key (tenant_id, customer_id) references app.customer (tenant_id, id)",
      probe,
    );
    expect(answer.errors).toEqual([]);
  });

  test("the tenant in the unique key: a number that another company uses", async () => {
    const number = "taken-over-there";
    const create = async (company: number) =>
      ask(
        server,
        await tokenOf("biller", company),
        "mutation ($input: InvoiceInput!) { createInvoice(input: { invoice: $input }) { invoice { id } } }",
        { input: { number, customerId: customerId(1, company), ownerId: userId("biller", company) } },
      );
    expect((await create(2)).errors).toEqual([]);
    // The demo companies have numbers in common: only this one must be unique without the tenant.
    const answer = await without(
      `create unique index probe_key on app.invoice (number) where number = '${number}'`,
      "drop index app.probe_key",
      () => create(1),
    );
    expect(answer.errors.length).toBe(1);
    expect((await create(1)).errors).toEqual([]);
  });

  test("the live look at memberships: a tenant that a token claims and the actor is no member of", async () => {
    const superuser = await served.database.administrator();
    const { rows } = await superuser.query<{ text: string }>(
      "select pg_get_functiondef('enginejs.membership_roles(uuid, uuid)'::regprocedure) as text",
    );
    const claimed = await new SignJWT({ sub: userId("member"), tenant: tenantId(2) })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(secret));
    const { data } = await without(
      "create or replace function enginejs.membership_roles(actor uuid, tenant uuid) returns text[] language sql stable security definer set search_path = '' as $$ select '{member}'::text[] $$",
      rows[0]?.text as string,
      () => ask(server, claimed, "{ customers { totalCount } }"),
    );
    expect(data.customers.totalCount).toBeGreaterThan(0);
    const after = await ask(server, claimed, "{ customers { totalCount } }");
    expect(after.data.customers.totalCount).toBe(0);
  });
});
