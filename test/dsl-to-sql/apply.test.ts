/** Plans on a real database: applied whole or not at all, and then there is nothing left to do. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { applyPlan, planBuild, readBuild } from "../../src/database/apply.ts";
import { catalogFingerprint } from "../../src/database/build-record.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { EngineError } from "../../src/errors/engine-error.ts";
import type { SourceMap, System } from "../../src/model/index.ts";
import { invoicingBuild } from "../support/invoicing-system.ts";
import { invoicing, invoicingEntities } from "./support/invoicing.ts";
import { actors, buildInvoicing, invoices, outcome } from "./support/invoicing-database.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";
import { buildSystem, type EntityOptions, one, scalar, state, text } from "./support/system-builder.ts";

async function build(client: pg.Client, system: System, sourceMap: SourceMap = {}, maxLocks?: number) {
  const compiled = compile(system, sourceMap);
  const planned = await planBuild(client, compiled);
  await applyPlan(client, planned.plan, {
    system,
    compiled,
    stored: planned.stored,
    ...(maxLocks === undefined ? {} : { maxLocks }),
  });
  return planned;
}

const invoice = invoicingEntities.Invoice as EntityOptions;
const changedInvoicing = (change: Partial<EntityOptions>, more: Record<string, EntityOptions> = {}): System =>
  buildSystem({ tenancy: true, entities: { ...invoicingEntities, Invoice: { ...invoice, ...change }, ...more } });

const fingerprint = (client: pg.Client): Promise<string> => catalogFingerprint(client, "app");

describe.each(servers)("on $name", ({ create, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    database = await create();
    client = await database.client();
  });
  beforeEach(async () => {
    if (missing) return;
    await client.query("drop schema if exists app cascade; truncate enginejs.build");
    await buildInvoicing(client, invoicing());
  });
  afterAll(() => database?.drop());

  test.skipIf(missing)("built again, there is nothing to do", async () => {
    const { plan, drifted } = await planBuild(client, compile(invoicing()));
    expect(plan).toMatchObject({ empty: true, steps: [], refusals: [] });
    expect(drifted).toBe(false);
    expect((await readBuild(client))?.system).toEqual(invoicing());
  });

  // biome-ignore format: a table
  const changes: readonly (readonly [string, System])[] = [
    ["a new entity", changedInvoicing({}, { Note: { events: true, fields: { invoice: { type: one("Invoice"), required: true }, text: { type: text(9) } }, policies: [[["read"], "r", "row.invoice.owner.id == actor.id"]] } })],
    ["new fields", changedInvoicing({ fields: { ...invoice.fields, note: { type: text(9) }, code: { type: scalar("slug"), unique: true }, rank: { type: scalar("integer"), required: true, default: { kind: "value", value: 7 } }, approver: { type: one("User") }, phase: { type: state(["a", "b"], "a") } } })],
    ["a stored computed field", changedInvoicing({ fields: { ...invoice.fields, numberLength: { type: scalar("integer"), generated: "row.number.size()" } } })],
    ["changed policies", changedInvoicing({ policies: [[["read"], "owners", "row.owner.id == actor.id"], [["delete"], "those with lines", "row.lines.exists(l, l.price > 5)"]] })],
    ["a new state", changedInvoicing({ fields: { ...invoice.fields, status: { type: state(["draft", "sent", "paid", "void", "lost"], "draft") } }, actions: { ...invoice.actions, lose: { transition: { field: "status", from: ["sent"], to: "lost" } } } })],
    ["other actions", changedInvoicing({ actions: { pay: { ...invoice.actions?.pay, input: { when: { type: scalar("timestamp") } } }, hold: {} } })],
    ["a virtual field of another type", changedInvoicing({ fields: { ...invoice.fields, subtotal: { type: scalar("boolean"), virtual: "row.lines.size() > 0" } } })],
    ["no events", changedInvoicing({ events: false })],
    ["other descriptions", changedInvoicing({ description: "@omit is no tag" })],
    ["another index", changedInvoicing({ indexes: [{ name: "invoice_due_at_idx", columns: ["tenant_id", "due_at"], where: 'row.status == "sent"' }] })],
  ];

  for (const [label, next] of changes) {
    test.skipIf(missing)(`${label}: rows are kept, and there and back is nothing left to do`, async () => {
      const rows = async () => {
        await client.query("set role enginejs_owner");
        const found = await client.query("select id, number, status from app.invoice order by id");
        await client.query("reset role");
        return found;
      };
      const before = await rows();
      expect(before.rowCount).toBeGreaterThan(0);
      await build(client, next);
      const after = await rows();
      expect(after.rows).toEqual(before.rows);
      expect((await planBuild(client, compile(next))).plan.empty).toBe(true);

      // The same catalogue as one built at once.
      const inPlace = await fingerprint(client);
      await client.query("drop schema app cascade; truncate enginejs.build");
      await build(client, next);
      expect(await fingerprint(client)).toBe(inPlace);
    });
  }

  test.skipIf(missing)("a changed policy counts at once", async () => {
    const read = "select from app.invoice";
    expect(await outcome(client, actors.member, read)).toBe(3);
    await build(client, changedInvoicing({ policies: [[["read"], "owners", "row.owner.id == actor.id"]] }));
    expect(await outcome(client, actors.member, read)).toBe(0);
    expect(await outcome(client, actors.owner, read)).toBe(3);
    expect(await outcome(client, actors.owner, `delete from app.invoice where id = '${invoices.empty}'`)).toBe(0);
  });

  test.skipIf(missing)("a refused change applies nothing", async () => {
    const before = await fingerprint(client);
    const { number: _, ...fields } = invoice.fields;
    const next = changedInvoicing({
      fields: { ...fields, note: { type: text(5) } },
      policies: [[["read"], "nobody", "false"]],
    });
    await expect(build(client, next)).rejects.toMatchObject({ code: "EJS3011" });
    expect(await fingerprint(client)).toBe(before);
  });

  test.skipIf(missing)(
    "a build that fails half-way leaves the database as it was, and names the statement",
    async () => {
      const before = await fingerprint(client);
      const builds = await client.query("select count(*) from enginejs.build");
      await client.query("create view app.note as select 1 as x");
      const expected = await fingerprint(client);
      const next = changedInvoicing({ policies: [] }, { Zebra: { fields: {} }, Note: { fields: {} } });
      const compiled = compile(next);
      const { plan, stored } = await planBuild(client, compiled);
      const failing = applyPlan(client, plan, { system: next, compiled, stored });
      await expect(failing).rejects.toMatchObject({
        code: "EJS4030",
        message: expect.stringContaining('The build failed at table app.note: relation "note" already exists'),
      });
      expect(await fingerprint(client)).toBe(expected);
      await client.query("drop view app.note");
      expect(await fingerprint(client)).toBe(before);
      expect((await client.query("select count(*) from enginejs.build")).rows).toEqual(builds.rows);
      expect((await client.query("select current_user = session_user as same")).rows).toEqual([{ same: true }]);
    },
  );

  test.skipIf(missing)("what was changed by hand is put in place again", async () => {
    const before = await fingerprint(client);
    // A superuser's hand: an action's function belongs to a role whose rights nobody inherits.
    const administrator = await database.administrator();
    await administrator.query(`
      drop policy tenancy on app.invoice;
      alter policy actor_select on app.customer using (true);
      alter table app.customer disable row level security;
      grant truncate on app.invoice to enginejs_user;
      grant all on app.customer to public;
      drop trigger "30_transition" on app.invoice;
      drop index app.customer_name_idx;
      alter function app.pay_invoice(uuid, text) security invoker;
    `);
    const { plan, drifted } = await build(client, invoicing());
    expect(drifted).toBe(true);
    expect(plan.empty).toBe(false);
    // TRUNCATE was given to one of the two roles of the grant and went with it.
    expect(await fingerprint(client)).toBe(before);
    expect((await planBuild(client, compile(invoicing()))).plan.empty).toBe(true);
  });

  test.skipIf(missing)("a policy's function that somebody opened is closed again", async () => {
    const before = await fingerprint(client);
    await client.query(`
      create or replace function enginejs.membership_roles(actor uuid, tenant uuid) returns text[]
        language sql stable parallel safe security definer set search_path = '' as 'select ''{billing}''::text[]';
    `);
    const { drifted } = await build(client, invoicing());
    expect(drifted).toBe(true);
    expect(await fingerprint(client)).toBe(before);
    expect(await outcome(client, actors.intruder, "select from app.customer")).toBe(0);
  });

  test.skipIf(missing)("a build that was planned before another one came is not applied", async () => {
    const first = changedInvoicing({ description: "one" });
    const second = changedInvoicing({ description: "two" });
    const planned = await planBuild(client, compile(first));
    await build(client, second);
    const late = applyPlan(client, planned.plan, { system: first, compiled: compile(first), stored: planned.stored });
    await expect(late).rejects.toMatchObject({ code: "EJS4031" });
  });

  test.skipIf(missing)("two builds at once: one after the other", async () => {
    const other = await database.client();
    await other.query("select pg_advisory_lock($1, $2)", [0x656a73, 0x6275696c]);
    const next = changedInvoicing({ description: "x" });
    const compiled = compile(next);
    const { plan, stored } = await planBuild(client, compiled);
    await expect(applyPlan(client, plan, { system: next, compiled, stored, lockTimeout: 200 })).rejects.toMatchObject({
      code: "EJS4031",
    });
    const waiting = applyPlan(client, plan, { system: next, compiled, stored, lockTimeout: 20_000 });
    await other.query("select pg_advisory_unlock_all()");
    await waiting;
    expect((await planBuild(client, compiled)).plan.empty).toBe(true);
  });

  test.skipIf(missing)("tables in use are told, and nothing is applied", async () => {
    const other = await database.client();
    await other.query("begin; lock table app.invoice in access share mode");
    const next = changedInvoicing({ fields: { ...invoice.fields, note: { type: text(5) } } });
    const compiled = compile(next);
    const { plan, stored } = await planBuild(client, compiled);
    const blocked = applyPlan(client, plan, { system: next, compiled, stored, lockTimeout: 0 });
    await expect(blocked).rejects.toMatchObject({ code: "EJS4032" });
    await other.query("rollback");
    await applyPlan(client, plan, { system: next, compiled, stored });
  });

  test.skipIf(missing)("too large for one transaction: in several, with the same result", async () => {
    const expected = await fingerprint(client);
    await client.query("drop schema app cascade; truncate enginejs.build");
    const { plan } = await build(client, invoicing(), {}, 12);
    expect(plan.initial).toBe(true);
    expect(await fingerprint(client)).toBe(expected);
    const { rows } = await client.query("select obj_description('app'::regnamespace, 'pg_namespace') as mark");
    expect(rows).toEqual([{ mark: null }]);
  });

  test.skipIf(missing)(
    "in several, a failure takes back what was made; a build that was cut off is cleared away",
    async () => {
      await client.query(
        "drop schema app cascade; truncate enginejs.build; create schema app authorization enginejs_owner",
      );
      await client.query("create view app.membership as select 1 as x");
      await expect(build(client, invoicing(), {}, 12)).rejects.toMatchObject({ code: "EJS4030" });
      const objects = "select relname from pg_class where relnamespace = 'app'::regnamespace";
      expect((await client.query(objects)).rows).toEqual([{ relname: "membership" }]);
      await client.query("drop view app.membership");
      // As a killed build leaves it.
      await client.query(`
      set role enginejs_owner; create table app.customer (x int); reset role;
      comment on schema app is 'enginejs: a build of this schema is under way'`);
      await build(client, invoicing(), {}, 12);
      expect((await planBuild(client, compile(invoicing()))).plan.empty).toBe(true);
    },
  );

  test.skipIf(missing)("an owner who is no superuser builds", async () => {
    const name = `builder_${randomBytes(4).toString("hex")}`;
    await client.query("drop schema app cascade; truncate enginejs.build");
    const administrator = await database.administrator();
    await administrator.query(`
      create role ${name} login password 'builder';
      grant enginejs_owner, enginejs_action, enginejs_reader, enginejs_writer to ${name};
      do $$ begin execute format('grant create on database %I to ${name}', current_database()); end $$;`);
    const url = new URL(database.url);
    url.username = name;
    url.password = "builder";
    const builder = new pg.Client({ connectionString: url.href });
    await builder.connect();
    try {
      await build(builder, invoicing());
      const next = changedInvoicing({ policies: [], fields: { ...invoice.fields, note: { type: text(5) } } });
      await build(builder, next);
      expect((await planBuild(builder, compile(next))).plan.empty).toBe(true);
      const { rows } = await client.query(
        "select distinct relkind = 'v' as view, pg_get_userbyid(relowner)::text as owner from pg_class where relnamespace = 'app'::regnamespace order by 1",
      );
      expect(rows).toEqual([
        { view: false, owner: "enginejs_owner" },
        { view: true, owner: "enginejs_reader" },
      ]);
    } finally {
      await builder.end();
      await administrator.query(`drop owned by ${name}; drop role ${name}`);
    }
  });

  test.skipIf(missing)("examples/invoicing builds, without a warning, and has nothing left to do", async () => {
    await client.query("drop schema app cascade; truncate enginejs.build");
    const { system, sourceMap } = await invoicingBuild();
    expect(compile(system, sourceMap).diagnostics).toEqual([]);
    await build(client, system, sourceMap);
    expect((await planBuild(client, compile(system, sourceMap))).plan.empty).toBe(true);
    const { rows } = await client.query(
      `select obj_description(oid, 'pg_policy') as comment from pg_policy
        where polrelid = 'app.invoice'::regclass and polname = 'actor_update'`,
    );
    expect(rows[0]?.comment).toMatch(/^\n.*\n.*\.ts:\d+$/);
  });

  test.skipIf(missing)("a refused plan is an EngineError with every refusal", async () => {
    const { dueAt: _, ...fields } = invoice.fields;
    const next = changedInvoicing({ fields: { ...fields, number: { type: text(5), required: true } }, rules: {} });
    const compiled = compile(next);
    const { plan } = await planBuild(client, compiled);
    const error: unknown = await applyPlan(client, plan, { system: next, compiled }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EngineError);
    const codes = (error as EngineError).diagnostics.map((diagnostic) => diagnostic.code);
    expect(codes).toEqual(expect.arrayContaining(["EJS3011", "EJS3012", "EJS3015"]));
  });
});
