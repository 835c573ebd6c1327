/** What the relay reads for a batch: as much as is in the batch, whatever waits behind it and whatever statistics say. */
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  createInvoicingDatabase,
  type InvoicingDatabase,
  ids,
  loadInvoicing,
  recordBuild,
  workflowOf,
} from "./support/invoicing-database.ts";

let database: InvoicingDatabase;
beforeAll(async () => {
  database = await createInvoicingDatabase();
});
afterAll(() => database.drop());

it("a batch reads its own events only, by plans that were made when the queue and the log were empty", async () => {
  const client = await database.client();
  const administrator = await database.administrator();
  const welcome = workflowOf({
    name: "welcome",
    as: "system",
    trigger: { kind: "model", entity: "Customer", event: "create" },
    nodes: [{ id: "said", kind: "log", level: "debug", message: "welcome", values: {} }],
  });
  await recordBuild(client, { ...(await loadInvoicing()), workflows: [welcome] });
  const { rows: workers } = await client.query<{ id: number }>(
    "insert into enginejs.workflow_workers (host, process_id) values ('here', 1) returning id",
  );
  const addCustomers = (n: number) =>
    client.query(
      "insert into app.customer (tenant_id, name, email) select $1, 'c' || n, n || '@example.com' from generate_series(1, $2) n",
      [ids.tenant, n],
    );
  const relay = async (slots: number) =>
    (
      await client.query<{ taken: number; begun: unknown[] }>({
        name: "relay",
        text: "select taken, begun from enginejs.workflow_relay(0, 500, 5000, $1, $2, false)",
        values: [workers[0]?.id, slots],
      })
    ).rows[0];
  // The pages are there and nothing is in them: so statistics expect one row, however many there are.
  await client.query("begin");
  await addCustomers(2_000);
  await client.query("rollback");
  await administrator.query("vacuum (analyze, truncate false) enginejs.workflow_events_pending");
  await administrator.query("vacuum (analyze, truncate false) enginejs.workflow_events");
  for (let call = 0; call < 6; call++) {
    await addCustomers(1);
    expect(await relay(5)).toMatchObject({ taken: 1 });
  }
  await addCustomers(2_000);
  await client.query("begin");
  const before = await readSoFar(client);
  const batch = await relay(5);
  const after = await readSoFar(client);
  await client.query("commit");
  expect(batch).toMatchObject({ taken: 5 });
  expect(batch?.begun).toHaveLength(5);
  // Twice: when they are locked and when they are taken.
  expect(after.pending - before.pending).toBe(10);
  expect(after.log - before.log).toBe(5);
});

/** Rows that this session has read, since it last told the server's statistics. */
async function readSoFar(client: pg.Client): Promise<{ readonly pending: number; readonly log: number }> {
  const { rows } = await client.query<{ pending: number; log: number }>(
    `select
       sum(seq_tup_read + idx_tup_fetch) filter (where relname = 'workflow_events_pending')::int as pending,
       sum(seq_tup_read + idx_tup_fetch) filter (where relname = 'workflow_events_current')::int as log
     from pg_stat_xact_user_tables where schemaname = 'enginejs'`,
  );
  return rows[0] ?? { pending: Number.NaN, log: Number.NaN };
}
