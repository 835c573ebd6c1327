/** What the emit triggers write, and when they ring. */
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { System } from "../../src/model/index.ts";
import {
  asUser,
  createInvoicingDatabase,
  type InvoicingDatabase,
  ids,
  loadInvoicing,
  makeInvoice,
  pay,
  recordBuild,
  workflowOf,
} from "./support/invoicing-database.ts";

let database: InvoicingDatabase;
let client: pg.Client;
let system: System;
beforeAll(async () => {
  database = await createInvoicingDatabase();
  client = await database.client();
  system = await loadInvoicing();
});
beforeEach(async () => {
  await recordBuild(client, system);
  await client.query("truncate enginejs.workflow_events, enginejs.workflow_events_pending");
});
afterAll(() => database.drop());

const events = async () =>
  (
    await client.query(
      "select * from enginejs.workflow_events_outbox where model in ('Invoice', 'Customer') order by id",
    )
  ).rows;

describe("an event", () => {
  it("of a create holds the row, of a delete the row as it was", async () => {
    const { rows } = await client.query(
      "insert into app.customer (tenant_id, name, email) values ($1, 'A', 'a@example.com'), ($1, 'B', 'b@example.com') returning *",
      [ids.tenant],
    );
    await client.query("delete from app.customer where name = 'B' and email = 'b@example.com'");
    const [a, b, gone] = await events();
    expect(a).toMatchObject({
      model: "Customer",
      action: "create",
      record_id: rows[0].id,
      before: null,
      changed: null,
      actor: null,
      origin: null,
      status: "done",
    });
    expect(a.after).toMatchObject({ id: rows[0].id, tenant_id: ids.tenant, name: "A" });
    expect(b.record_id).toBe(rows[1].id);
    expect(gone).toMatchObject({ action: "delete", record_id: rows[1].id, after: null, before: { name: "B" } });
  });

  it("of an update holds both and names what changed; a row that did not change has none", async () => {
    const [one, two] = [await makeInvoice(client, "inv-u1"), await makeInvoice(client, "inv-u2")];
    await client.query("truncate enginejs.workflow_events");
    await client.query(
      "update app.invoice set number = case id when $1 then 'inv-u9' else number end where id in ($1, $2)",
      [one, two],
    );
    const all = await events();
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({
      action: "update",
      record_id: one,
      changed: ["number"],
      before: { number: "inv-u1" },
      after: { number: "inv-u9" },
    });
  });

  it("of an action bears the action's name, the actor and the request", async () => {
    const invoice = await makeInvoice(client, "inv-pay");
    await client.query("truncate enginejs.workflow_events");
    await pay(client, invoice);
    expect(await events()).toEqual([
      expect.objectContaining({
        action: "pay",
        changed: ["status"],
        actor: { kind: "user", id: ids.biller, tenant: ids.tenant },
        origin: { requestId: "test", runId: null, depth: 0 },
        status: "pending",
      }),
    ]);
    // The settings of that transaction are gone: the next change is an update of nobody.
    await client.query("update app.invoice set number = 'inv-pay-2' where id = $1", [invoice]);
    expect((await events())[1]).toMatchObject({ action: "update", actor: null, origin: null, input: null });
  });

  it("of a row that a trigger changes on an action's way is an update like any", async () => {
    const [invoice, other] = [await makeInvoice(client, "inv-way"), await makeInvoice(client, "inv-other")];
    await client.query(
      `create function app.on_the_way() returns trigger language plpgsql security definer as $$ begin
         update app.customer set name = 'way' where id = new.customer_id;
         update app.invoice set number = 'inv-way-2' where id = '${other}' and new.id <> id;
         return null;
       end $$`,
    );
    await client.query(
      'create trigger "99_way" after update of status on app.invoice for each row execute function app.on_the_way()',
    );
    try {
      await client.query("truncate enginejs.workflow_events");
      await pay(client, invoice);
      const written = (await events()).map(({ model, action, record_id }) => [model, action, record_id]);
      expect(written).toHaveLength(3);
      expect(written).toContainEqual(["Customer", "update", ids.customer]);
      expect(written).toContainEqual(["Invoice", "update", other]);
      expect(written).toContainEqual(["Invoice", "pay", invoice]);
    } finally {
      await client.query("drop function app.on_the_way cascade");
    }
  });

  it("is undone with its transaction", async () => {
    await client.query("begin");
    await makeInvoice(client, "inv-undone");
    await client.query("rollback");
    expect(await events()).toEqual([]);
  });

  it("of more than 64 KB holds the key and what changed", async () => {
    const { rows } = await client.query<{ id: string }>(
      "insert into app.customer (tenant_id, name, email) values ($1, 'Large', 'l@example.com') returning id",
      [ids.tenant],
    );
    await client.query("alter table app.customer add column note text");
    try {
      await client.query("truncate enginejs.workflow_events");
      await client.query("update app.customer set note = repeat('x', 40000) where id = $1", [rows[0]?.id]);
      await client.query("update app.customer set note = repeat('y', 40000) where id = $1", [rows[0]?.id]);
      await client.query(
        "insert into app.customer (tenant_id, name, email, note) values ($1, 'L2', 'l2@example.com', repeat('z', 70000))",
        [ids.tenant],
      );
      const [small, update, create] = await events();
      const key = { tenant_id: ids.tenant, id: rows[0]?.id };
      expect(small).toMatchObject({ truncated: false, before: { note: null } });
      expect(update).toMatchObject({ truncated: true, before: key, after: key, changed: ["note"] });
      expect(update.after).toEqual(key);
      expect(create).toMatchObject({ truncated: true, after: { tenant_id: ids.tenant, id: expect.any(String) } });
      expect(Object.keys(create.after)).toHaveLength(2);
      // Copied from another row a value stays compressed: the row is small, what it says is not.
      await client.query("truncate enginejs.workflow_events");
      await client.query(
        "insert into app.customer (tenant_id, name, email, note) select tenant_id, 'L3', 'l3@example.com', note from app.customer where name = 'L2'",
      );
      expect(await events()).toEqual([expect.objectContaining({ action: "create", truncated: true })]);
    } finally {
      await client.query("alter table app.customer drop column note");
    }
  });

  it("is written whoever writes: an upsert has one of each, copy and raw SQL have them as well", async () => {
    const id = "00000000-0000-7000-8000-0000000000c1";
    const upsert = `insert into app.customer (tenant_id, id, name, email) values ($1, $2, 'U', 'u@example.com'), ($1, enginejs.uuid_v7(), 'V', 'v@example.com')
      on conflict (tenant_id, id) do update set name = excluded.name || '2'`;
    await client.query(upsert, [ids.tenant, id]);
    await client.query(upsert, [ids.tenant, id]);
    expect((await events()).map(({ action }) => action).sort()).toEqual(["create", "create", "create", "update"]);
  });

  it("cannot be written, read or forged by an actor", async () => {
    for (const text of [
      "select * from enginejs.workflow_events",
      "select * from enginejs.workflow_events_outbox",
      "insert into enginejs.workflow_events_current (model, action, record_id) values ('Invoice', 'pay', gen_random_uuid())",
      "select enginejs.ring()",
      "select enginejs.workflow_start_runs('{1}', '{1}', '{1}')",
    ]) {
      await expect(asUser(client, ids.biller, () => client.query(text))).rejects.toMatchObject({ code: "42501" });
    }
  });
});

describe("the doorbell", () => {
  const trigger = { kind: "model", entity: "Customer", event: "create" } as const;
  const write = () =>
    client.query("insert into app.customer (tenant_id, name, email) values ($1, 'R', 'r@example.com')", [ids.tenant]);

  it("rings only while somebody sleeps, and only for events that somebody wants", async () => {
    const [sleeper, listener] = [await database.client(), await database.client()];
    let rung = 0;
    listener.on("notification", () => {
      rung += 1;
    });
    await listener.query("listen enginejs_workflow");
    const heard = async () => {
      await listener.query("select 1");
      const now = rung;
      rung = 0;
      return now;
    };
    await sleeper.query("select pg_advisory_lock(7714000, 0)");
    await write();
    expect(await heard(), "nobody wants it").toBe(0);
    await recordBuild(client, { ...system, workflows: [workflowOf({ name: "wants", trigger, as: "system" })] });
    await write();
    expect(await heard(), "somebody sleeps").toBe(1);
    await client.query("begin");
    await write();
    await write();
    expect(await heard(), "not committed yet").toBe(0);
    await client.query("commit");
    expect(await heard(), "once per transaction").toBe(1);
    await sleeper.query("select pg_advisory_unlock(7714000, 0)");
    for (let i = 0; i < 20; i++) await write();
    expect(await heard(), "nobody sleeps").toBe(0);
  });

  it("lets nobody sleep while a writer that did not ring has not ended", async () => {
    await recordBuild(client, { ...system, workflows: [workflowOf({ name: "wants", trigger, as: "system" })] });
    const [relay] = [await database.client()];
    const sleeps = async () => (await relay.query("select pg_try_advisory_lock(7714000, 0) as k")).rows[0].k;
    await client.query("begin");
    await write();
    expect(await sleeps()).toBe(false);
    await client.query("commit");
    expect(await sleeps()).toBe(true);
    await relay.query("select pg_advisory_unlock(7714000, 0)");
  });
});
