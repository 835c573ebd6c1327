/** The model's schema served by PostGraphile alone, with none of the server's plugins: what a policy asks stays out of it. */
import { makeSchema } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServedInvoicing, servedInvoicing } from "./support/served-invoicing.ts";

let served: ServedInvoicing;
beforeAll(async () => {
  served = await servedInvoicing();
});
afterAll(() => served?.close());

/** The names of types that stand for views. */
async function viewTypes(): Promise<string[]> {
  const service = makePgService({ connectionString: served.database.url, schemas: ["app"] });
  try {
    const { schema } = await makeSchema({ extends: [PostGraphileAmberPreset], pgServices: [service] });
    expect(schema.getType("InvoiceLine")).toBeDefined();
    return Object.keys(schema.getTypeMap()).filter((name) => /^Policy.*Connection$/.test(name));
  } finally {
    await service.release?.();
  }
}

test("views of what an actor reaches are not shown", async () => {
  const client = await served.database.client();
  // PostGraphile alone takes the reader of a side field for a second thing of the side table's name.
  await client.query("alter function app.invoice_margin(app.invoice) rename to invoice_margin_read");
  const { rows } = await client.query<{ name: string }>(
    "select oid::regclass::text as name from pg_class where relkind = 'v' and relnamespace = 'app'::regnamespace and relname ~ '^policy_'",
  );
  expect(rows.length).toBeGreaterThan(0);
  expect(await viewTypes()).toEqual([]);
  // Without the tag they would be.
  for (const { name } of rows) await client.query(`comment on view ${name} is null`);
  expect(await viewTypes()).toHaveLength(rows.length);
});
