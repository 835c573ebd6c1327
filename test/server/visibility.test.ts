import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningServer, signToken } from "../../src/server/index.ts";
import {
  ask,
  codeOf,
  customerId,
  invoiceId,
  type Person,
  type ServedInvoicing,
  secret,
  servedInvoicing,
  tenantId,
  tokenOf,
  userId,
} from "./support/served-invoicing.ts";

let served: ServedInvoicing;
let server: RunningServer;
beforeAll(async () => {
  served = await servedInvoicing();
  server = await served.serve();
});
afterAll(() => served?.close());

describe("who sees what", () => {
  const counts = `{
    tenants { totalCount } users { totalCount } memberships { totalCount } customers { totalCount }
    invoices { totalCount } invoiceLines { totalCount } receipts { totalCount }
  }`;
  const inOwnTenant = {
    tenants: 1,
    users: 3,
    memberships: 3,
    customers: 10,
    invoices: 40,
    invoiceLines: 200,
    receipts: 0,
  };
  const nothing = { tenants: 0, users: 0, memberships: 0, customers: 0, invoices: 0, invoiceLines: 0, receipts: 0 };
  const countsOf = (data: Record<string, { totalCount: number }>) =>
    Object.fromEntries(Object.entries(data).map(([name, { totalCount }]) => [name, totalCount]));

  test.each<[Person, number]>([
    ["biller", 1],
    ["member", 1],
    ["owner", 1],
    ["biller", 2],
  ])("%s of company %i sees its rows and no others", async (person, tenant) => {
    const token = await tokenOf(person, tenant);
    expect(countsOf((await ask(server, token, counts)).data)).toEqual(inOwnTenant);
    const { data } = await ask(
      server,
      token,
      "{ tenants { nodes { id } } invoices(first: 100) { nodes { tenantId } } }",
    );
    expect(data.tenants.nodes).toEqual([{ id: tenantId(tenant) }]);
    expect(new Set(data.invoices.nodes.map((row: { tenantId: string }) => row.tenantId))).toEqual(
      new Set([tenantId(tenant)]),
    );
  });

  test("without a token there is nothing to see", async () => {
    const { data, errors } = await ask(server, undefined, counts);
    expect(errors).toEqual([]);
    expect(countsOf(data)).toEqual(nothing);
  });

  test("a token for a company of which one is no member shows oneself, one's own membership elsewhere, and nothing of the company", async () => {
    const token = await signToken(secret, { actor: userId("biller", 1), tenant: tenantId(2) });
    expect(countsOf((await ask(server, token, counts)).data)).toEqual({ ...nothing, users: 1, memberships: 1 });
  });

  test("another company's row does not exist, by whatever way one asks", async () => {
    const token = await tokenOf("biller", 2);
    const { data } = await ask(
      server,
      token,
      `{ invoice(id: "${invoiceId(1)}") { id } customer(id: "${customerId(1)}") { id }
         invoices(filter: { id: { equalTo: "${invoiceId(1)}" } }) { totalCount nodes { id } } }`,
    );
    expect(data).toEqual({ invoice: null, customer: null, invoices: { totalCount: 0, nodes: [] } });
  });
});

describe("reading", () => {
  test("relations have the model's names, virtual and stored computed fields their values", async () => {
    const { data, errors } = await ask(
      server,
      await tokenOf("member"),
      `{ invoice(id: "${invoiceId(1)}") {
           id number status subtotal tenantId customerId
           customer { name invoices { totalCount } } owner { id } tenant { name }
           lines(orderBy: QUANTITY_ASC, first: 2) { totalCount nodes { quantity price total invoice { number } } } } }`,
    );
    expect(errors).toEqual([]);
    expect(data.invoice).toEqual({
      id: invoiceId(1),
      number: "INV-1",
      status: "sent",
      subtotal: "1500",
      tenantId: tenantId(1),
      customerId: customerId(2),
      customer: { name: "Customer 2", invoices: { totalCount: 4 } },
      owner: { id: userId("owner") },
      tenant: { name: "Company 1" },
      lines: {
        totalCount: 5,
        nodes: [
          { quantity: 1, price: "100", total: "100", invoice: { number: "INV-1" } },
          { quantity: 2, price: "100", total: "200", invoice: { number: "INV-1" } },
        ],
      },
    });
  });

  test("filters, ordering and cursors", async () => {
    const token = await tokenOf("member");
    const page = `query ($after: Cursor) {
      invoices(first: 7, after: $after, orderBy: [STATUS_ASC, NUMBER_DESC],
        filter: { or: [{ status: { equalTo: "draft" } }, { number: { in: ["INV-1", "INV-3"] } }], customer: { name: { startsWith: "Customer" } } }) {
        totalCount nodes { number status } pageInfo { hasNextPage endCursor } } }`;
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { data, errors } = await ask(server, token, page, { after });
      expect(errors).toEqual([]);
      expect(data.invoices.totalCount).toBe(22);
      seen.push(...data.invoices.nodes.map((row: { number: string }) => row.number));
      after = data.invoices.pageInfo.hasNextPage ? data.invoices.pageInfo.endCursor : null;
    } while (after !== null);
    const drafts = Array.from({ length: 20 }, (_, i) => `INV-${2 * (i + 1)}`)
      .sort()
      .reverse();
    expect(seen).toEqual([...drafts, "INV-3", "INV-1"]);
  });
});

describe("writing", () => {
  const create = `mutation ($invoice: InvoiceInput!) { createInvoice(input: { invoice: $invoice }) { invoice { id number status owner { id } } } }`;
  const update = `mutation ($id: UUID!, $patch: InvoicePatch!) { updateInvoice(input: { id: $id, patch: $patch }) { invoice { number } } }`;
  const remove = `mutation ($id: UUID!) { deleteInvoice(input: { id: $id }) { invoice { number } } }`;

  test("a member creates an invoice of his own, changes and deletes it", async () => {
    const token = await tokenOf("member");
    const made = await ask(server, token, create, { invoice: { number: "M-1", customerId: customerId(1) } });
    expect(made.errors).toEqual([]);
    expect(made.data.createInvoice.invoice).toMatchObject({
      number: "M-1",
      status: "draft",
      owner: { id: userId("member") },
    });
    const { id } = made.data.createInvoice.invoice;
    expect((await ask(server, token, update, { id, patch: { number: "M-2" } })).data).toEqual({
      updateInvoice: { invoice: { number: "M-2" } },
    });
    expect((await ask(server, token, remove, { id })).data).toEqual({ deleteInvoice: { invoice: { number: "M-2" } } });
    expect(codeOf(await ask(server, token, remove, { id }))).toBe("EJS5030");
  });

  test("a member may not write in somebody else's name, change or delete what is not his", async () => {
    const token = await tokenOf("member");
    const made = await ask(server, token, create, {
      invoice: { number: "M-3", customerId: customerId(1), ownerId: userId("owner") },
    });
    expect(codeOf(made)).toBe("EJS5031");
    expect(made.errors[0]?.extensions.rule).toBe("the owner or billing");
    for (const answer of [
      await ask(server, token, update, { id: invoiceId(2), patch: { number: "M-4" } }),
      await ask(server, token, remove, { id: invoiceId(2) }),
    ]) {
      expect(codeOf(answer)).toBe("EJS5031");
      expect(answer.errors[0]?.extensions.rule).toBe("the owner or billing");
    }
    const { data } = await ask(server, token, `{ invoice(id: "${invoiceId(2)}") { number } }`);
    expect(data.invoice.number).toBe("INV-2");
  });

  test("nobody writes into another company, also the stranger's biller", async () => {
    const token = await tokenOf("biller", 2);
    expect(codeOf(await ask(server, token, update, { id: invoiceId(2), patch: { number: "S-1" } }))).toBe("EJS5030");
    expect(codeOf(await ask(server, token, remove, { id: invoiceId(2) }))).toBe("EJS5030");
    // The customer exists, in company 1: the composite key makes it unreachable.
    const made = await ask(server, token, create, { invoice: { number: "S-2", customerId: customerId(1, 1) } });
    expect(codeOf(made)).toBe("EJS5035");
  });

  test("without a token nothing is written", async () => {
    const made = await ask(server, undefined, create, { invoice: { number: "A-1", customerId: customerId(1) } });
    expect(codeOf(made)).toBe("EJS5031");
    expect(codeOf(await ask(server, undefined, remove, { id: invoiceId(2) }))).not.toEqual([]);
  });
});

describe("actions", () => {
  const pay = `mutation ($id: UUID!) { payInvoice(input: { id: $id }) { invoice { id status } } }`;

  test("pay: refused to the member, unknown to the stranger, done for the biller, once", async () => {
    const id = invoiceId(5);
    const member = await ask(server, await tokenOf("member"), pay, { id });
    expect(codeOf(member)).toBe("EJS5031");
    expect(member.errors[0]?.extensions.rule).toBe("the owner or billing");
    expect(member.errors[0]?.message).toContain("the owner or billing");
    expect(codeOf(await ask(server, await tokenOf("biller", 2), pay, { id }))).toBe("EJS5030");
    expect(codeOf(await ask(server, undefined, pay, { id }))).toMatch(/EJS503[01]/);
    const token = await tokenOf("biller");
    expect((await ask(server, token, pay, { id })).data).toEqual({ payInvoice: { invoice: { id, status: "paid" } } });
    const again = await ask(server, token, pay, { id });
    expect(codeOf(again)).toBe("EJS5032");
    expect(again.errors[0]?.extensions).toMatchObject({ from: "paid", allowed: [] });
  });

  test("a draft cannot be paid; the answer says what can follow", async () => {
    const { errors } = await ask(server, await tokenOf("biller"), pay, { id: invoiceId(4) });
    expect(errors[0]?.extensions).toMatchObject({ code: "EJS5032", from: "draft" });
    expect(errors[0]?.extensions.allowed).toEqual(expect.arrayContaining(["sent", "void"]));
  });

  test("a guard answers with its sentence", async () => {
    const token = await tokenOf("biller");
    const made = await ask(
      server,
      token,
      `mutation { createInvoice(input: { invoice: { number: "G-1", customerId: "${customerId(1)}" } }) { invoice { id } } }`,
    );
    const { id } = made.data.createInvoice.invoice;
    const sent = await ask(server, token, `mutation { sendInvoice(input: { id: "${id}" }) { invoice { status } } }`);
    expect(sent.errors[0]).toMatchObject({ message: "needs a line", extensions: { code: "EJS5033" } });
  });

  test("the event of an action names the request and the actor", async () => {
    const id = invoiceId(7);
    await ask(server, await tokenOf("biller"), pay, { id }, { "x-request-id": "the-request" });
    const client = await served.database.client();
    const { rows } = await client.query(
      "select action, actor, origin from enginejs.workflow_events_outbox where record_id = $1 and action = 'pay'",
      [id],
    );
    expect(rows).toMatchObject([
      { action: "pay", actor: { id: userId("biller"), tenant: tenantId(1) }, origin: { requestId: "the-request" } },
    ]);
  });
});
