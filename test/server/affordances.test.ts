/** `_can`: what the caller may do with each row, read together with it. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../src/server/index.ts";
import { ask, invoiceId, type ServedInvoicing, servedInvoicing, tokenOf } from "./support/served-invoicing.ts";

let served: ServedInvoicing;
let server: RunningServer;
let pool: pg.Pool;
let statements = 0;

beforeAll(async () => {
  served = await servedInvoicing();
  pool = new pg.Pool({ connectionString: served.serverUrl, max: 4 });
  pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    (client as { query: unknown }).query = (...args: unknown[]) => {
      statements += 1;
      return query(...args);
    };
  });
  server = await served.serve({ database: pool });
});
afterAll(async () => {
  await server?.stop();
  await pool?.end();
  await served?.close();
});

const all = `_can { update delete updateReason fields { name read update reason } transitions { name allowed reason } }`;

describe("_can", () => {
  test("comes with a page of rows in one statement", async () => {
    const member = await tokenOf("member");
    const query = `{ invoices(first: 20, orderBy: NUMBER_ASC) { nodes { id status ${all} customer { name _can { update } } } } }`;
    const first = await ask(server, member, query);
    expect(first.errors).toEqual([]);
    expect(first.data.invoices.nodes).toHaveLength(20);
    for (const { _can, customer } of first.data.invoices.nodes) {
      expect(_can).toMatchObject({
        update: false,
        delete: false,
        updateReason: "Invoice.update is for: the owner or billing",
      });
      expect(customer._can).toEqual({ update: false });
      expect(_can.transitions.map((transition: { name: string }) => transition.name)).toEqual(["pay", "send", "void"]);
    }
    statements = 0;
    await ask(server, member, query);
    expect(statements).toBe(1);
  });

  test("says what the state allows", async () => {
    const biller = await tokenOf("biller");
    const query = `{ invoice(id: "${invoiceId(1)}") { status _can { update delete deleteReason transitions { name allowed reason } } } }`;
    const { data } = await ask(server, biller, query);
    expect(data.invoice).toMatchObject({
      status: "sent",
      _can: {
        update: true,
        delete: false,
        deleteReason: "Invoice.delete is denied: only drafts are deleted",
        transitions: [
          { name: "pay", allowed: true, reason: null },
          { name: "send", allowed: false, reason: "is sent; send starts from: draft" },
          { name: "void", allowed: true, reason: null },
        ],
      },
    });
  });

  test("tells after a mutation of the row as it is now, and of a deleted one nothing", async () => {
    const biller = await tokenOf("biller");
    const paid = await ask(
      server,
      biller,
      `mutation { payInvoice(input: { id: "${invoiceId(3)}" }) { invoice { status _can { transitions { name reason } } } } }`,
    );
    expect(paid.errors).toEqual([]);
    expect(paid.data.payInvoice.invoice._can.transitions[0]).toEqual({
      name: "pay",
      reason: "is paid; pay starts from: sent",
    });
    const updated = await ask(
      server,
      biller,
      `mutation { updateInvoice(input: { id: "${invoiceId(2)}", patch: { number: "other" } }) { invoice { number ${all} } } }`,
    );
    expect(updated.errors).toEqual([]);
    expect(updated.data.updateInvoice.invoice).toMatchObject({ number: "other", _can: { update: true } });
    const deleted = await ask(
      server,
      biller,
      `mutation { deleteInvoice(input: { id: "${invoiceId(4)}" }) { invoice { id _can { update } } } }`,
    );
    expect(deleted.data ?? deleted.errors).toMatchObject({ deleteInvoice: { invoice: { _can: null } } });
  });

  test("is described, and typed: no JSON", async () => {
    const { data } = await ask(
      server,
      undefined,
      `{ __type(name: "Affordances") { description fields { name description type { name kind ofType { name kind ofType { kind ofType { name } } } } } } }`,
    );
    expect(data.__type.description).toContain("What you may do with a row");
    expect(data.__type.fields.map((field: { name: string }) => field.name)).toEqual([
      "update",
      "delete",
      "updateReason",
      "deleteReason",
      "fields",
      "transitions",
    ]);
    for (const field of data.__type.fields) expect(field.description).not.toBeNull();
  });
});
