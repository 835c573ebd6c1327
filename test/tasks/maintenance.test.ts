/** Segments of the history: opened, filled, dropped. */
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  createInvoicingDatabase,
  type InvoicingDatabase,
  ids,
  makeInvoice,
  pay,
} from "./support/invoicing-database.ts";

let database: InvoicingDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createInvoicingDatabase();
  client = await database.client();
});
afterAll(() => database.drop());

const maintain = async (segment: string, done: string, failed: string): Promise<number> =>
  (await client.query("select enginejs.workflow_maintain($1, $2, $3) as dropped", [segment, done, failed])).rows[0]
    .dropped;
const segments = async () =>
  (await client.query<{ segment: number }>("select segment from enginejs.workflow_segments order by 1")).rows.map(
    ({ segment }) => segment,
  );

it("writers go on in a new segment, while a transaction writes the old one is not touched", async () => {
  await makeInvoice(client, "inv-1");
  const writer = await database.client();
  await writer.query("begin");
  await makeInvoice(writer, "inv-2");
  // It does not wait for the writer: it gives up, and the next time is soon enough.
  await expect(maintain("0", "1 day", "1 day")).rejects.toMatchObject({ code: "55P03" });
  await makeInvoice(client, "inv-3");
  await writer.query("commit");
  expect(await maintain("0", "1 day", "1 day")).toBe(0);
  expect(await segments()).toEqual([1, 2]);
  await makeInvoice(client, "inv-4");
  // Also on a connection whose plans were made for the old one.
  await makeInvoice(writer, "inv-5");
  const { rows } = await client.query(
    "select segment, count(*)::int as n from enginejs.workflow_events where model = 'Invoice' group by 1 order by 1",
  );
  expect(rows).toEqual([
    { segment: 1, n: 3 },
    { segment: 2, n: 2 },
  ]);
});

it("keeps what is not finished, and what has failed for longer; the rest is dropped", async () => {
  await client.query(
    "update enginejs.workflow_segments set opened_at = opened_at - interval '10 days', closed_at = closed_at - interval '10 days'",
  );
  // Pending: kept.
  await pay(client, await makeInvoice(client, "inv-6"));
  expect(await maintain("1 day", "7 days", "90 days")).toBe(1);
  expect(await segments()).toEqual([2, 3]);
  await client.query(
    "update enginejs.workflow_segments set closed_at = closed_at - interval '10 days' where closed_at is not null",
  );
  expect(await maintain("1 day", "7 days", "90 days")).toBe(0);
  // Failed: kept for longer.
  await client.query("select * from enginejs.workflow_relay(0, 10, 10)");
  const { rows } = await client.query<{ id: string }>(
    "insert into enginejs.workflow_workers (host, process_id) values ('test', 1) returning id",
  );
  const { rows: runs } = await client.query(
    "select c.id, c.lease from enginejs.workflow_claim(array(select id from enginejs.workflow_runs_active), $1) c",
    [rows[0]?.id],
  );
  expect(runs).toHaveLength(1);
  await client.query("select enginejs.workflow_finish(array[$1::uuid], array[$2::int], array['mail'], array['no'])", [
    runs[0].id,
    runs[0].lease,
  ]);
  expect(await maintain("1 day", "7 days", "90 days")).toBe(0);
  expect((await client.query("select error from enginejs.workflow_dead_letters")).rows).toEqual([{ error: "no" }]);
  await client.query(
    "update enginejs.workflow_segments set closed_at = closed_at - interval '100 days' where closed_at is not null",
  );
  expect(await maintain("1 day", "7 days", "90 days")).toBe(1);
  expect(await segments()).toEqual([3]);
  expect((await client.query("select from enginejs.workflow_dead_letters")).rows).toEqual([]);
  expect((await client.query("select to_regclass('enginejs.workflow_run_steps_2') as t")).rows).toEqual([{ t: null }]);
  expect(ids.tenant).toBeDefined();
});
