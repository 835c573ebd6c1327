import { afterAll, beforeAll, expect, test } from "vitest";
import type { System } from "../../src/model/index.ts";
import type { RunningServer } from "../../src/server/index.ts";
import { invoicingSystem } from "../support/invoicing-system.ts";
import {
  applyBuild,
  ask,
  codeOf,
  invoiceId,
  type ServedInvoicing,
  servedInvoicing,
  tokenOf,
} from "./support/served-invoicing.ts";

let served: ServedInvoicing;
let server: RunningServer;
let token: string;
beforeAll(async () => {
  served = await servedInvoicing();
  const system = await invoicingSystem();
  addInput(system);
  await applyBuild(served.database.url, system);
  server = await served.serve();
  token = await tokenOf("biller");
});
afterAll(() => served?.close());

/** `pay` takes a reference, which is required, and a note, which is not. */
function addInput(system: System): void {
  const pay = system.entities.flatMap((entity) => entity.actions).find((action) => action.function === "pay_invoice");
  const writable = { create: true, update: true };
  pay?.input.push(
    {
      name: "note",
      type: { kind: "scalar", scalar: "text" },
      required: false,
      storage: { kind: "column", column: "note", sqlType: "text" },
      writable,
    },
    {
      name: "bankReference",
      type: { kind: "scalar", scalar: "text", max: 5 },
      required: true,
      storage: { kind: "column", column: "bank_reference", sqlType: "text" },
      writable,
    },
  );
}

test("what an action requires is required by the schema, what it may be given is not", async () => {
  const { data } = await ask(
    server,
    token,
    '{ __type(name: "PayInvoiceInput") { inputFields { name type { kind ofType { name } } } } }',
  );
  const kinds = Object.fromEntries(
    data.__type.inputFields.map((field: { name: string; type: { kind: string } }) => [field.name, field.type.kind]),
  );
  expect(kinds).toEqual({ clientMutationId: "SCALAR", id: "NON_NULL", note: "SCALAR", bankReference: "NON_NULL" });
});

test("input reaches the event, and its own rules answer with their sentence", async () => {
  const pay = "mutation ($input: PayInvoiceInput!) { payInvoice(input: $input) { invoice { status } } }";
  const id = invoiceId(9);
  expect(codeOf(await ask(server, token, pay, { input: { id } }))).toBe("EJS5024");
  const long = await ask(server, token, pay, { input: { id, bankReference: "too long" } });
  expect(long.errors[0]).toMatchObject({
    message: expect.stringContaining("bankReference"),
    extensions: { code: "EJS5033", fields: ["bankReference"] },
  });
  const paid = await ask(server, token, pay, { input: { id, bankReference: "B-1" } });
  expect(paid.data).toEqual({ payInvoice: { invoice: { status: "paid" } } });
  const client = await served.database.client();
  const { rows } = await client.query(
    "select input from enginejs.workflow_events_outbox where record_id = $1 and action = 'pay'",
    [id],
  );
  expect(rows).toMatchObject([{ input: { bankReference: "B-1", note: null } }]);
});
