import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requestErrors } from "../../src/errors/request-errors.ts";
import type { RunningServer } from "../../src/server/index.ts";
import {
  ask,
  codeOf,
  customerId,
  type GraphqlAnswer,
  invoiceId,
  type ServedInvoicing,
  servedInvoicing,
  tokenOf,
  userId,
} from "./support/served-invoicing.ts";

let served: ServedInvoicing;
let server: RunningServer;
let token: string;
beforeAll(async () => {
  served = await servedInvoicing();
  server = await served.serve();
  token = await tokenOf("biller");
});
afterAll(() => served?.close());

/** Words that only the database, its driver or our own inner side would say. */
const innerWords =
  /violates|relation "|column "|syntax error at|duplicate key|pg_|SQLSTATE|permission denied|row-level security|constraint "|_fkey|_pkey|_check"|invalid input syntax|select |insert into|node_modules|\.ts:|\bat \w+ \(|plpgsql|search_path|enginejs_/i;

function expectMasked(answer: GraphqlAnswer): void {
  for (const error of answer.errors) {
    expect(error.extensions.code, answer.text).toSatisfy((code: string) => code in requestErrors);
    expect(error.extensions.requestId).toBe(answer.headers.get("x-request-id"));
    expect(Object.keys(error).sort(), answer.text).toEqual(
      Object.keys(error)
        .filter((key) => ["extensions", "locations", "message", "path"].includes(key))
        .sort(),
    );
  }
}

const createInvoice = `mutation ($invoice: InvoiceInput!) { createInvoice(input: { invoice: $invoice }) { invoice { id } } }`;
const createLine = `mutation ($line: InvoiceLineInput!) { createInvoiceLine(input: { invoiceLine: $line }) { invoiceLine { id } } }`;
const createCustomer = `mutation ($customer: CustomerInput!) { createCustomer(input: { customer: $customer }) { customer { id } } }`;

test("a database that is read-only: reading goes on, and who writes is told", async () => {
  const administrator = await served.database.administrator();
  await administrator.query(`alter database ${served.database.name} set default_transaction_read_only = on`);
  try {
    const readOnly = await served.serve();
    expect((await ask(readOnly, token, "{ customers { totalCount } }")).errors).toEqual([]);
    const refused = await ask(readOnly, token, createCustomer, { customer: { name: "n", email: "n@example.com" } });
    expect(codeOf(refused)).toBe("EJS5045");
    expectMasked(refused);
  } finally {
    await administrator.query(`alter database ${served.database.name} reset default_transaction_read_only`);
  }
});

describe("each refusal of the database has its own code and words", () => {
  const nobody = "00000000-0000-4000-8000-00000000dead";
  test.each<[string, string, Record<string, unknown>, string, RegExp, Record<string, unknown>]>([
    [
      "unique",
      createInvoice,
      { invoice: { number: "INV-1", customerId: customerId(1) } },
      "EJS5034",
      /Another Invoice has this number already/,
      { fields: ["number"] },
    ],
    [
      "foreign key",
      createInvoice,
      { invoice: { number: "F-1", customerId: nobody } },
      "EJS5035",
      /customer: there is no such Customer/,
      { fields: ["customer"] },
    ],
    [
      "a rule of the model",
      createInvoice,
      { invoice: { number: "C-1", customerId: customerId(1), dueAt: "2001-01-01T00:00:00Z" } },
      "EJS5036",
      /^must be due after it was made$/,
      {},
    ],
    [
      "a rule with another name",
      createLine,
      { line: { invoiceId: invoiceId(2), description: "x", quantity: 0, price: "1" } },
      "EJS5036",
      /^the quantity must be positive$/,
      {},
    ],
    [
      "a field's own limits",
      createCustomer,
      { customer: { name: "x".repeat(201), email: "x" } },
      "EJS5036",
      /name must have at most 200 characters/,
      {},
    ],
    [
      "a pattern",
      createInvoice,
      { invoice: { number: "not a slug!", customerId: customerId(1) } },
      "EJS5036",
      /number must/,
      {},
    ],
    [
      "out of range",
      createLine,
      { line: { invoiceId: invoiceId(2), description: "x", quantity: 2147483647, price: "9223372036854775807" } },
      "EJS5038",
      /not of the field's type/,
      {},
    ],
    [
      "more than bigint holds",
      createLine,
      { line: { invoiceId: invoiceId(2), description: "x", price: "99999999999999999999" } },
      "EJS5038",
      /not of the field's type/,
      {},
    ],
    [
      "no number at all",
      createLine,
      { line: { invoiceId: invoiceId(2), description: "x", price: "1; drop table app.invoice" } },
      "EJS5038",
      /not of the field's type/,
      {},
    ],
    [
      "no time",
      createInvoice,
      { invoice: { number: "D-1", customerId: customerId(1), dueAt: "tomorrow' or '1'='1" } },
      "EJS5038",
      /not of the field's type/,
      {},
    ],
    ["a NUL", createCustomer, { customer: { name: "a\0b", email: "x" } }, "EJS5038", /not of the field's type/, {}],
    [
      "a row that the policy keeps unwritten",
      createLine,
      { line: { invoiceId: invoiceId(1), description: "x", price: "1" } },
      "EJS5031",
      /while it is a draft/,
      { rule: "the invoice's owner or billing, while it is a draft" },
    ],
  ])("%s", async (_what, query, variables, code, message, extensions) => {
    const answer = await ask(server, token, query, variables);
    expect(answer.errors[0], answer.text).toMatchObject({ extensions: { code, ...extensions } });
    expect(answer.errors[0]?.message).toMatch(message);
    expectMasked(answer);
    expect(answer.text).not.toMatch(innerWords);
  });

  test("a row that others refer to", async () => {
    const answer = await ask(
      server,
      token,
      `mutation { deleteCustomer(input: { id: "${customerId(1)}" }) { customer { id } } }`,
    );
    expect([codeOf(answer), answer.errors[0]?.message]).toEqual([
      "EJS5035",
      "There are rows of Invoice that refer to it.",
    ]);
    expectMasked(answer);
  });

  test("a null where the model requires a value", async () => {
    const patch = `mutation { updateInvoice(input: { id: "${invoiceId(2)}", patch: { number: null } }) { invoice { id } } }`;
    const answer = await ask(server, token, patch);
    expect(answer.errors[0]).toMatchObject({
      message: "number needs a value.",
      extensions: { code: "EJS5037", fields: ["number"] },
    });
  });

  test("a patch without anything in it", async () => {
    const patch = `mutation { updateInvoice(input: { id: "${invoiceId(2)}", patch: {} }) { invoice { id } } }`;
    expect(codeOf(await ask(server, token, patch))).toBe("EJS5024");
  });

  test("a filter that nests more deeply than anybody means it, as variable and as literal", async () => {
    let filter: Record<string, unknown> = { number: { equalTo: "x" } };
    let literal = '{ number: { equalTo: "x" } }';
    for (let i = 0; i < 3_000; i++) {
      filter = { not: filter };
      literal = `{ not: ${literal} }`;
    }
    const byVariable = "query ($filter: InvoiceFilter) { invoices(filter: $filter) { totalCount } }";
    expect(codeOf(await ask(server, token, byVariable, { filter }))).toBe("EJS5021");
    const answer = await ask(server, token, `{ invoices(filter: ${literal}) { totalCount } }`);
    expect(answer.errors[0]?.extensions.code).toMatch(/^EJS50(20|21|40)$/);
    expectMasked(answer);
    expect((await ask(server, token, "{ invoices { totalCount } }")).errors).toEqual([]);
  });

  test("one failing field leaves the others their answers", async () => {
    const answer = await ask(
      server,
      token,
      `mutation { a: deleteInvoice(input: { id: "${userId("owner")}" }) { invoice { id } }
                  b: updateInvoice(input: { id: "${invoiceId(40)}", patch: { number: "B-40" } }) { invoice { number } } }`,
    );
    expect(answer.data).toEqual({ a: null, b: { updateInvoice: undefined, invoice: { number: "B-40" } } });
    expect(answer.errors).toMatchObject([{ path: ["a"], extensions: { code: "EJS5030" } }]);
  });
});

test("what is not known leaves as one sentence with the request's id, and goes to the log whole", async () => {
  const client = await served.database.client();
  // A bug of ours, or somebody's hand in the database.
  await client.query(
    "create function app.boom() returns trigger language plpgsql as $$ begin raise exception 'secret detail of %', new.name using errcode = 'XX000', detail = 'inner'; end $$",
  );
  await client.query("create trigger boom before insert on app.customer for each row execute function app.boom()");
  try {
    const answer = await ask(
      server,
      token,
      createCustomer,
      { customer: { name: "Acme", email: "x" } },
      { "x-request-id": "boom-1" },
    );
    expect(answer.errors).toEqual([
      {
        message: "Something went wrong.",
        locations: [{ line: 1, column: 40 }],
        path: ["createCustomer"],
        extensions: { code: "EJS5049", requestId: "boom-1" },
      },
    ]);
    const line = served.logged.find((entry) => entry.requestId === "boom-1");
    expect(JSON.stringify(line)).toContain("secret detail of Acme");
  } finally {
    await client.query("drop trigger boom on app.customer");
  }
});

test("no token and no secret gets into the log", async () => {
  await ask(server, token, "{ invoices { totalCount } }");
  await ask(server, `${token}x`, "{ invoices { totalCount } }");
  const log = JSON.stringify(served.logged);
  expect(log).not.toContain(token);
  expect(log).not.toContain("a secret of the tests");
  expect(log).not.toContain(new URL(served.serverUrl).password);
});

describe("hostile input", () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.constantFrom(
      ..."' or 1=1 --|\"; drop table app.invoice; --|$1|$$|\\|\0|%|_|$ {jndi}|{{7*7}}|\u2028|𝒳|\ud800|1e400|-0|NaN|infinity|now()|{}|[]|null|00000000-0000-0000-0000-000000000000".split(
        "|",
      ),
    ),
  );
  const value = fc.oneof(
    hostile,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(hostile, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("equalTo", "in", "includes", "and", "__proto__", "constructor"), hostile),
  );
  const questions = [
    "query ($v: UUID!) { invoice(id: $v) { id } }",
    "query ($v: String) { invoices(filter: { number: { equalTo: $v } }) { totalCount } }",
    "query ($v: String) { invoices(filter: { number: { includesInsensitive: $v } }) { totalCount } }",
    "query ($v: [String!]) { invoices(filter: { status: { in: $v } }) { totalCount } }",
    "query ($v: InvoiceFilter) { invoices(filter: $v) { totalCount } }",
    "query ($v: Datetime) { invoices(filter: { dueAt: { lessThan: $v } }) { totalCount } }",
    "query ($v: BigInt) { invoiceLines(filter: { price: { greaterThan: $v } }) { totalCount } }",
    "query ($v: Cursor) { invoices(first: 1, after: $v) { nodes { id } } }",
    "query ($v: Int) { invoices(first: $v) { nodes { id } } }",
    "query ($v: [InvoiceOrderBy!]) { invoices(first: 1, orderBy: $v) { nodes { id } } }",
    'mutation ($v: String) { updateInvoice(input: { id: "30000001-0000-4000-8000-000000000002", patch: { number: $v } }) { invoice { id } } }',
    "mutation ($v: CustomerInput!) { createCustomer(input: { customer: $v }) { customer { id } } }",
    "mutation ($v: UUID!) { payInvoice(input: { id: $v }) { invoice { id } } }",
    'mutation ($v: Datetime) { createInvoice(input: { invoice: { number: "z", customerId: "20000001-0000-4000-8000-000000000001", dueAt: $v } }) { invoice { id } } }',
  ];

  test(`variables, seed ${seed}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...questions), value, async (question, v) => {
        const answer = await ask(server, token, question, { v });
        expectMasked(answer);
        for (const error of answer.errors) {
          expect(error.extensions.code, answer.text).not.toBe("EJS5049");
          // graphql-js repeats the caller's own value; the rest of the sentence is to be ours.
          if (error.extensions.code !== "EJS5024") expect(error.message).not.toMatch(innerWords);
        }
      }),
      { numRuns: 400, seed },
    );
    expect((await ask(server, token, "{ invoices { totalCount } }")).errors).toEqual([]);
  });

  test(`documents and bodies, seed ${seed}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          hostile,
          fc.json(),
          fc.constantFrom(...questions).chain((q) => hostile.map((h) => q.slice(0, q.length / 2) + h)),
        ),
        fc.boolean(),
        async (text, asBody) => {
          const response = await fetch(server.url, {
            method: "POST",
            headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
            body: asBody ? text : JSON.stringify({ query: text }),
          });
          const { errors = [] } = (await response.json()) as { errors?: { extensions: { code: string } }[] };
          for (const { extensions } of errors) expect(extensions.code).not.toBe("EJS5049");
          expect(response.status).toBeLessThan(500);
        },
      ),
      { numRuns: 200, seed },
    );
  });
});
