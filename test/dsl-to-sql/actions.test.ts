/** Actions, states and events on a real database, by raw SQL. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { invoicing } from "./support/invoicing.ts";
import {
  type ActorName,
  actors,
  attempt,
  buildInvoicing,
  invoices,
  lines,
  outcome,
} from "./support/invoicing-database.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";

const call = (action: string, invoice: string, ...input: string[]): string =>
  `select * from app.${action}_invoice(${[`'${invoice}'`, ...input].join(", ")})`;
const eventsOf =
  "select action, record_id, before ->> 'status' as before, after ->> 'status' as after, changed, input, actor from enginejs.workflow_events_outbox where model = 'Invoice' order by id";

describe.each(servers)("on $name", ({ create, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    database = await create();
    client = await database.client();
    await buildInvoicing(client, invoicing());
    await client.query("select from enginejs.workflow_events_outbox");
  });
  afterAll(() => database?.drop());

  // biome-ignore format: a table
  const table: readonly (readonly [string, string, Record<ActorName, number | string>])[] = [
    ["pay what was sent", call("pay", invoices.sent, "'R-1'"),
      { owner: 1, biller: 1, member: "42501", stranger: "EJ404", intruder: "EJ404", nobody: "EJ404", anonymous: "EJ404", system: 1 }],
    ["pay a draft", call("pay", invoices.draft),
      { owner: "EJ409", biller: "EJ409", member: "42501", stranger: "EJ404", intruder: "EJ404", nobody: "EJ404", anonymous: "EJ404", system: "EJ409" }],
    ["send a draft", call("send", invoices.draft),
      { owner: 1, biller: 1, member: "42501", stranger: "EJ404", intruder: "EJ404", nobody: "EJ404", anonymous: "EJ404", system: 1 }],
    ["send one without a line", call("send", invoices.empty),
      { owner: "EJ422", biller: "EJ422", member: "42501", stranger: "EJ404", intruder: "EJ404", nobody: "EJ404", anonymous: "EJ404", system: "EJ422" }],
    ["void", call("void", invoices.sent),
      { owner: 1, biller: 1, member: "42501", stranger: "EJ404", intruder: "EJ404", nobody: "EJ404", anonymous: "EJ404", system: 1 }],
    ["act on the other tenant's", call("void", invoices.theirs),
      { owner: "EJ404", biller: "EJ404", member: "EJ404", stranger: 1, intruder: "EJ404", nobody: "EJ404", anonymous: "EJ404", system: "EJ404" }],
    ["act on what does not exist", call("void", "00000000-0000-0000-0000-000000000000"),
      { owner: "EJ404", biller: "EJ404", member: "EJ404", stranger: "EJ404", intruder: "EJ404", nobody: "EJ404", anonymous: "EJ404", system: "EJ404" }],
    ["leave out what is required", call("remind", invoices.sent),
      { owner: "EJ422", biller: "EJ422", member: "EJ422", stranger: "EJ422", intruder: "EJ422", nobody: "EJ422", anonymous: "EJ422", system: "EJ422" }],
    ["give too long an input", call("pay", invoices.sent, "repeat('x', 81)"),
      { owner: "EJ422", biller: "EJ422", member: "EJ422", stranger: "EJ422", intruder: "EJ422", nobody: "EJ422", anonymous: "EJ422", system: "EJ422" }],
  ];
  for (const [label, sql, expected] of table) {
    test.skipIf(missing)(label, async () => {
      const found: Record<string, number | string> = {};
      for (const name of Object.keys(expected) as ActorName[]) found[name] = await outcome(client, actors[name], sql);
      expect(found).toEqual(expected);
    });
  }

  test.skipIf(missing)("an action gives back the row as it is now", async () => {
    const { rows } = await attempt(client, actors.biller, call("pay", invoices.sent));
    expect(rows[0]).toMatchObject({ id: invoices.sent, status: "paid" });
  });

  test.skipIf(missing)("errors name what is wrong, for the API", async () => {
    const wrongState = await attempt(client, actors.biller, call("pay", invoices.draft));
    expect(JSON.parse(wrongState.error?.detail ?? "")).toEqual({ from: "draft", allowed: ["sent", "void"] });
    expect(wrongState.error?.message).toBe('Invoice.pay needs the state "sent", this one is "draft"');
    const notAllowed = await attempt(client, actors.member, call("pay", invoices.sent));
    expect(notAllowed.error?.message).toBe("Invoice.pay is for: the owner or billing");
    const guarded = await attempt(client, actors.biller, call("send", invoices.empty));
    expect(guarded.error?.message).toBe("needs a line");
    const input = await attempt(client, actors.biller, call("remind", invoices.sent, "null"));
    expect(input.error).toMatchObject({ message: "note is required", column: "note" });
  });

  test.skipIf(missing)("states change as the actions declare it, by raw SQL and for the owner too", async () => {
    const set = (from: string, to: string): Promise<unknown> =>
      client.query(`update app.invoice set status = '${to}' where id = '${from}'`);
    await client.query("begin; set local role enginejs_owner");
    await set(invoices.draft, "sent");
    await set(invoices.draft, "paid");
    await expect(set(invoices.draft, "draft")).rejects.toMatchObject({
      code: "EJ409",
      detail: '{"from": "paid", "allowed": []}',
    });
    await client.query("rollback");
    await client.query("begin; set local role enginejs_owner");
    await expect(set(invoices.draft, "paid")).rejects.toMatchObject({
      code: "EJ409",
      detail: '{"from": "draft", "allowed": ["sent", "void"]}',
    });
    await client.query("rollback");
  });

  test.skipIf(missing)("an action is one event of its own name, with its input and actor", async () => {
    await client.query("begin");
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'request-1')", [
      actors.biller.id,
      actors.biller.tenant,
    ]);
    await client.query(call("pay", invoices.sent, "'R-1'"));
    // What the function has set is gone: a later update is an update.
    await client.query(`update app.invoice set number = 'INV-9' where id = '${invoices.sent}'`);
    await client.query(call("remind", invoices.sent, "'again'"));
    await client.query("reset role");
    const before = await client.query(
      "select max(id) from enginejs.workflow_events_outbox where model = 'Invoice' and action = 'create'",
    );
    const { rows } = await client.query(eventsOf);
    await client.query("rollback");
    expect(before.rowCount).toBe(1);
    const events = rows.filter((row) => row.action !== "create");
    expect(events.map((event) => [event.action, event.before, event.after, event.input])).toEqual([
      ["pay", "sent", "paid", { reference: "R-1" }],
      ["update", "paid", "paid", null],
      ["remind", "paid", "paid", { note: "again" }],
    ]);
    expect(events[0].actor).toEqual({ kind: "user", id: actors.biller.id, tenant: actors.biller.tenant });
  });

  test.skipIf(missing)("what an action sets is gone after it, also where it fails", async () => {
    await client.query("begin");
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, null)", [
      actors.biller.id,
      actors.biller.tenant,
    ]);
    await client.query(call("pay", invoices.sent, "'R-1'"));
    const { rows } = await client.query(
      "select current_setting('enginejs.action', true) as action, current_setting('enginejs.action_row', true) as row, current_setting('enginejs.action_input', true) as input, current_user::text as who",
    );
    await client.query("rollback");
    expect(rows[0]).toEqual({ action: "", row: "", input: "", who: "enginejs_user" });
  });

  test.skipIf(missing)("setting the locked row by hand opens nothing", async () => {
    const { count } = await attempt(
      client,
      actors.stranger,
      `select set_config('enginejs.action_row', '${invoices.draft}', true); select from app.invoice where id = '${invoices.draft}'`,
    );
    expect(count).toBe(0);
    const acted = await outcome(
      client,
      actors.stranger,
      `select set_config('enginejs.action_row', '${invoices.draft}', true); ${call("void", invoices.draft)}`,
    );
    expect(acted).toBe("EJ404");
  });

  test.skipIf(missing)("virtual fields show the reader's rows, and nothing is null where nothing is", async () => {
    const sql = `select id, app.invoice_subtotal(invoice) as subtotal from app.invoice where id in ('${invoices.draft}', '${invoices.empty}') order by id`;
    const { rows } = await attempt(client, actors.member, sql);
    expect(rows).toEqual([
      { id: invoices.draft, subtotal: "1000" },
      { id: invoices.empty, subtotal: "0" },
    ]);
  });

  test.skipIf(missing)("deleting an invoice takes its lines along, each with its event", async () => {
    await client.query("begin; set local role enginejs_owner");
    await client.query(`delete from app.invoice where id = '${invoices.draft}'`);
    const { rows } = await client.query(
      "select model, record_id from enginejs.workflow_events_outbox where action = 'delete' order by model",
    );
    await client.query("rollback");
    expect(rows).toEqual([
      { model: "Invoice", record_id: invoices.draft },
      { model: "InvoiceLine", record_id: lines.draft },
    ]);
  });
});
