import { afterAll, beforeAll, expect, test } from "vitest";
import { invoicingSystem } from "../support/invoicing-system.ts";
import {
  ask,
  codeOf,
  customerId,
  recordBuild,
  type ServedInvoicing,
  servedInvoicing,
  tokenOf,
} from "./support/served-invoicing.ts";

let served: ServedInvoicing;
beforeAll(async () => {
  served = await servedInvoicing();
});
afterAll(() => served?.close());

/** The example with one field more: the table and the stored model, as a build would leave them. */
async function addField(name: string): Promise<void> {
  const client = await served.database.client();
  await client.query(`alter table app.customer add column ${name} text`);
  await client.query(`update app.customer set ${name} = 'filled'`);
  const system = await invoicingSystem();
  const customer = system.entities.find((entity) => entity.name === "Customer");
  customer?.fields.push({
    name,
    type: { kind: "scalar", scalar: "text" },
    required: false,
    storage: { kind: "column", column: name, sqlType: "text" },
    writable: { create: true, update: true },
  });
  await recordBuild(served.database.url, system);
}

test("a new build is served without dropping the listener, a connection or a request, within a second", async () => {
  const server = await served.serve();
  const token = await tokenOf("biller");
  const withField = "{ customers(first: 1) { nodes { nickname } } }";
  expect(codeOf(await ask(server, token, withField))).toBe("EJS5020");
  expect(await server.reload()).toBe(false);

  // Load from before to after; each request must be answered, the old question always, the new one from some moment on.
  let stop = false;
  const statuses: number[] = [];
  const newOnes: boolean[] = [];
  const load = Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      while (!stop) {
        const old = await ask(
          server,
          token,
          "{ customers(first: 5) { nodes { id name invoices(first: 2) { nodes { number } } } } }",
        );
        expect(old.errors).toEqual([]);
        statuses.push(old.status);
        if (i === 0) newOnes.push((await ask(server, token, withField)).errors.length === 0);
      }
    }),
  );
  await addField("nickname");
  expect(await server.reload()).toBe(true);
  expect((await ask(server, token, withField)).data).toEqual({ customers: { nodes: [{ nickname: "filled" }] } });
  await expect.poll(() => newOnes.at(-1)).toBe(true);
  await expect.poll(() => statuses.length).toBeGreaterThan(8);
  stop = true;
  await load;
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(newOnes.indexOf(true)).toBe(newOnes.lastIndexOf(false) + 1);
});

test("a request under way keeps the schema that it began with", async () => {
  const server = await served.serve({ poolSize: 2 });
  const token = await tokenOf("biller");
  const holder = await served.database.client();
  await holder.query("begin");
  await holder.query("update app.customer set name = 'held' where id = $1", [customerId(1)]);
  try {
    const rename = `mutation { updateCustomer(input: { id: "${customerId(1)}", patch: { name: "renamed" } }) { customer { name } } }`;
    const waiting = ask(server, token, rename);
    const ofThisDatabase =
      "select from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())";
    await expect.poll(async () => (await holder.query(ofThisDatabase)).rowCount).toBeGreaterThan(0);
    await recordBuild(served.database.url, { ...(await invoicingSystem()), principals: ["user"] });
    expect(await server.reload()).toBe(true);
    await holder.query("rollback");
    expect((await waiting).data).toEqual({ updateCustomer: { customer: { name: "renamed" } } });
  } finally {
    await holder.query("rollback");
  }
});

test("a build that cannot be read is refused, and the old one goes on", async () => {
  const server = await served.serve();
  const token = await tokenOf("biller");
  const client = await served.database.client();
  await client.query(
    "insert into enginejs.build (ir, ir_hash, fingerprint, engine_version) values ('{\"format\":\"enginejs/99\"}', 'x', '', 'test')",
  );
  try {
    await expect(server.reload()).rejects.toMatchObject({ code: "EJS5053" });
    expect((await ask(server, token, "{ invoices { totalCount } }")).data.invoices.totalCount).toBe(40);
    await expect(served.serve()).rejects.toMatchObject({ code: "EJS5053" });
  } finally {
    await client.query("delete from enginejs.build where ir_hash = 'x'");
  }
  await server.reload();
});

test("reloads that come at once are done one after the other, and the last build wins", async () => {
  const server = await served.serve();
  const token = await tokenOf("biller");
  const first = server.reload();
  await addField("second");
  const second = server.reload();
  await Promise.all([first, second, server.reload()]);
  expect((await ask(server, token, "{ customers(first: 1) { nodes { second } } }")).errors).toEqual([]);
});

test("a model that has nothing in it yet is served, too", async () => {
  const server = await served.serve();
  const system = await invoicingSystem();
  const { tenancy: _none, ...rest } = system;
  await recordBuild(served.database.url, { ...rest, entities: [], workflows: [] });
  expect(await server.reload()).toBe(true);
  expect((await ask(server, undefined, "{ __typename }")).data).toEqual({ __typename: "Query" });
  expect(codeOf(await ask(server, undefined, "{ invoices { totalCount } }"))).toBe("EJS5020");
});
