/**
 * Attacks by somebody who can run SQL of his own as an actor. Each is tried twice: against the database as it is built,
 * where it must fail, and with one defence taken away, where it must succeed: else the test would prove nothing.
 */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  customerId,
  invoiceId,
  type ServedInvoicing,
  servedInvoicing,
  tenantId,
  userId,
} from "../server/support/served-invoicing.ts";

let served: ServedInvoicing;
/** Whoever built it. */
let admin: pg.Client;
/** A superuser: some defences only one can take away. */
let superuser: pg.Client;
beforeAll(async () => {
  served = await servedInvoicing();
  admin = await served.database.client();
  superuser = await served.database.administrator();
});
afterAll(() => served?.close());

type Who = "biller" | "member" | "anonymous" | "nobody" | "owner of the tables";

async function become(client: pg.Client, who: Who): Promise<void> {
  if (who === "owner of the tables") {
    await client.query("set local role enginejs_owner");
    return;
  }
  await client.query("select enginejs.begin_request($1, $2, $3, null, null, 'attack')", [
    who === "anonymous" ? "enginejs_anonymous" : "enginejs_user",
    who === "anonymous" ? null : who === "nobody" ? userId("biller", 2) : userId(who),
    who === "anonymous" ? null : tenantId(1),
  ]);
}

interface Attack {
  readonly name: string;
  readonly as: Who;
  /** The last statement's outcome counts: its SQLSTATE, or the first column of the first row, or how many rows. */
  readonly sql: string;
  /** What comes of it. */
  readonly blocked: string | number;
  /** Takes the defence away, as a superuser, before. */
  readonly without: string;
  /** What comes of it then. */
  readonly succeeds: string | number;
}

async function outcome(attack: Attack, without?: string): Promise<string | number> {
  const client = without === undefined ? admin : superuser;
  await client.query("begin");
  try {
    if (without !== undefined) await client.query(without);
    await become(client, attack.as);
    const result = (await client.query(attack.sql)) as pg.QueryResult | pg.QueryResult[];
    const last = Array.isArray(result) ? result.at(-1) : result;
    const value = Object.values(last?.rows[0] ?? {})[0];
    if (typeof value === "string" && /^\d+$/.test(value)) return Number(value);
    return typeof value === "boolean" ? String(value) : (last?.rowCount ?? 0);
  } catch (error) {
    return (error as pg.DatabaseError).code ?? (error as Error).message;
  } finally {
    await client.query("rollback");
  }
}

const theirs = { invoice: invoiceId(1, 2), customer: customerId(1, 2), tenant: tenantId(2) };
const draft = invoiceId(2);

/** What a policy of customers asks: the teams of the actor. */
const REACHED = `do $$ declare found int;
  reached regclass := (select c.oid from pg_class c where c.relkind = 'v' and c.relname like 'policy\\_customer\\_%'); begin`;

const attacks: readonly Attack[] = [
  {
    name: "reading another tenant's rows",
    as: "biller",
    sql: `select count(*) from app.customer where tenant_id = '${theirs.tenant}'`,
    blocked: 0,
    without: `drop policy tenancy on app.customer; drop policy actor_select on app.customer;
      create policy actor_select on app.customer for select to enginejs_user using (true)`,
    succeeds: 10,
  },
  {
    name: "the tenant's wall alone holds where a rule is too wide",
    as: "biller",
    sql: `select count(*) from app.customer where tenant_id = '${theirs.tenant}'`,
    blocked: 0,
    without: `alter policy actor_select on app.customer using (true); drop policy tenancy on app.customer`,
    succeeds: 10,
  },
  {
    name: "writing a row into another tenant",
    as: "biller",
    sql: `insert into app.customer (tenant_id, name, email) values ('${theirs.tenant}', 'x', 'x@example.org')`,
    blocked: "42501",
    without: `grant insert (tenant_id) on app.customer to enginejs_user; drop policy tenancy on app.customer`,
    succeeds: 1,
  },
  {
    name: "moving a row into another tenant, as the owner of the tables",
    as: "owner of the tables",
    sql: `update app.customer set tenant_id = '${theirs.tenant}' where id = '${customerId(10)}'`,
    blocked: "EJ422",
    without: `alter table app.customer disable trigger all`,
    succeeds: 1,
  },
  {
    name: "existence by unique violation: a number that another tenant has",
    as: "biller",
    sql: `insert into app.invoice (number, owner_id, customer_id) values ('ONLY-THEIRS', '${userId("biller")}', '${customerId(1)}')`,
    blocked: 1,
    without: `update app.invoice set number = 'ONLY-THEIRS' where id = '${theirs.invoice}';
      create unique index on app.invoice (number) where number like 'ONLY%'`,
    succeeds: "23505",
  },
  {
    name: "writing a state past its actions",
    as: "biller",
    sql: `update app.invoice set status = 'paid' where id = '${draft}'`,
    blocked: "42501",
    without: `grant update (status) on app.invoice to enginejs_user; drop trigger "30_transition" on app.invoice`,
    succeeds: 1,
  },
  {
    name: "writing a forbidden transition, as the owner of the tables",
    as: "owner of the tables",
    sql: `update app.invoice set status = 'paid' where id = '${draft}'`,
    blocked: "EJ409",
    without: `drop trigger "30_transition" on app.invoice`,
    succeeds: 1,
  },
  {
    name: "TRUNCATE, which asks no policy",
    as: "biller",
    sql: "truncate app.receipt",
    blocked: "42501",
    without: "grant truncate on app.receipt to enginejs_user",
    succeeds: 0,
  },
  {
    name: "COPY FROM, which takes no policies",
    as: "biller",
    sql: "copy app.customer (name, email) from program 'true'",
    blocked: "42501",
    without: "alter table app.customer disable row level security; grant pg_execute_server_program to enginejs_user",
    succeeds: 0,
  },
  {
    name: "becoming the login again, and from there another actor",
    as: "member",
    sql: "select enginejs.begin_request('enginejs_user', null, null, null, null, null)",
    blocked: "42501",
    without:
      "grant execute on function enginejs.begin_request(text, uuid, uuid, jsonb, int, text, jsonb) to enginejs_user; grant execute on all functions in schema enginejs to enginejs_user",
    succeeds: 1,
  },
  {
    name: "reading the outbox",
    as: "biller",
    sql: "select count(*) >= 0 from enginejs.workflow_events",
    blocked: "42501",
    without: `grant select on enginejs.workflow_events to enginejs_user`,
    succeeds: "true",
  },
  {
    name: "reading the record of builds",
    as: "biller",
    sql: "select count(*) > 0 from enginejs.build",
    blocked: "42501",
    without: `grant select on enginejs.build to enginejs_user; alter table enginejs.build disable row level security`,
    succeeds: "true",
  },
  {
    name: "reading what administrators did",
    as: "biller",
    sql: "select count(*) >= 0 from enginejs.administration_log",
    blocked: "42501",
    without: `grant select on enginejs.administration_log to enginejs_user`,
    succeeds: "true",
  },
  {
    name: "reading the keys",
    as: "biller",
    sql: "select count(*) >= 0 from enginejs.api_keys",
    blocked: "42501",
    without: `grant select on enginejs.api_keys to enginejs_user`,
    succeeds: "true",
  },
  {
    name: "giving an accomplice a role",
    as: "member",
    sql: `insert into app.membership (user_id, roles) values ('${userId("biller", 2)}', '{billing}')`,
    blocked: "42501",
    without: `grant insert on app.membership to enginejs_user; drop policy tenancy_insert on app.membership;
      create policy everybody on app.membership for insert to enginejs_user with check (true);`,
    succeeds: 1,
  },
  {
    name: "switching row level security off",
    as: "biller",
    sql: "set local row_security = off; select count(*) from app.customer",
    blocked: "42501",
    without: "alter role enginejs_user bypassrls",
    succeeds: 30,
  },
  {
    name: "a policy of one's own",
    as: "biller",
    sql: "create policy mine on app.customer using (true)",
    blocked: "42501",
    without: "alter table app.customer owner to enginejs_user",
    succeeds: 0,
  },
  {
    name: "a table in front of the model's",
    as: "biller",
    sql: "create table app.mine (id int)",
    blocked: "42501",
    without: "grant create on schema app to enginejs_user",
    succeeds: 0,
  },
  {
    name: "the rows behind a membership function, asked as a stranger",
    as: "nobody",
    sql: "select count(*) from app.invoice_line",
    blocked: 0,
    without: `alter policy tenancy on app.invoice_line using (true); alter policy actor_select on app.invoice_line using (true)`,
    succeeds: 600,
  },
  {
    name: "an anonymous visitor",
    as: "anonymous",
    sql: `select count(*) from app."user"`,
    blocked: 0,
    without: `alter policy actor_select on app."user" using (true)`,
    succeeds: 9,
  },
  {
    name: "a file of the server",
    as: "biller",
    sql: "select pg_read_file('PG_VERSION')",
    blocked: "42501",
    without:
      "grant execute on function pg_read_file(text) to enginejs_user; grant pg_read_server_files to enginejs_user",
    succeeds: 1,
  },
  {
    name: "a sequence's position tells how many rows others made: there is none to ask",
    as: "biller",
    sql: `select count(*) from pg_class c where c.relkind = 'S'
      and (has_sequence_privilege(c.oid, 'usage') or has_sequence_privilege(c.oid, 'select'))`,
    blocked: 0,
    without: "create sequence app.counted; grant usage on sequence app.counted to enginejs_user",
    succeeds: 1,
  },
  {
    name: "a view shows what its owner sees: none of more than the keys of what the actor reaches",
    as: "biller",
    sql: `select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('v', 'm') and n.nspname in ('app', 'enginejs', 'graphile_worker') and has_table_privilege(c.oid, 'select')
        and not (c.relname ~ '^(policy|rule)_\\w+_[0-9a-f]{8}$' and c.relnatts = 1 and c.reloptions = '{security_barrier=true}'
          and pg_get_userbyid(c.relowner) = 'enginejs_reader' and pg_get_viewdef(c.oid) ~ 'enginejs\\.(actor_id|actor_roles|tenant_id)\\(\\)')`,
    blocked: 0,
    without:
      "create view app.all_customers as select * from app.customer; grant select on app.all_customers to enginejs_user",
    succeeds: 1,
  },
  {
    name: "the view behind a policy, asked as a stranger: it shows him what he reaches himself",
    as: "nobody",
    sql: `${REACHED} execute format('select count(*) from %s', reached) into found; perform set_config('attack.found', found::text, true); end $$;
      select current_setting('attack.found')`,
    blocked: 0,
    without: `${REACHED} execute format('create or replace view %s with (security_barrier) as select id as reached from app.customer limit 2', reached); end $$`,
    succeeds: 2,
  },
  {
    name: "a function's body that sets what it is told: none that an actor can call",
    as: "biller",
    sql: `select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname in ('app', 'enginejs', 'graphile_worker') and has_function_privilege(p.oid, 'execute')
        and pg_get_function_arguments(p.oid) <> '' and p.prosecdef
        and (p.proconfig is null or not exists (select from unnest(p.proconfig) c where c like 'search_path=%'))`,
    blocked: 0,
    without: `create function app.anything(name text) returns text language sql security definer
      as 'select set_config(name, ''none'', true)'; grant execute on function app.anything(text) to enginejs_user`,
    succeeds: 1,
  },
];

describe("attacks in SQL", () => {
  test.each(attacks)("$name", async (attack) => {
    expect(await outcome(attack)).toBe(attack.blocked);
    expect(await outcome(attack, attack.without), "with the defence taken away").toBe(attack.succeeds);
  });
});

describe("cross-tenant references", () => {
  interface Key {
    readonly table: string;
    readonly name: string;
    readonly own: string;
    readonly far: string;
    readonly farTable: string;
    readonly composite: boolean;
  }

  async function foreignKeys(): Promise<Key[]> {
    const { rows } = await admin.query<Key>(`
      select c.conrelid::regclass::text as table, c.conname as name, c.confrelid::regclass::text as "farTable",
        (select attname from pg_attribute where attrelid = c.conrelid and attnum = c.conkey[cardinality(c.conkey)]) as own,
        (select attname from pg_attribute where attrelid = c.confrelid and attnum = c.confkey[cardinality(c.confkey)]) as far,
        cardinality(c.conkey) > 1 as composite
      from pg_constraint c
      where c.contype = 'f' and c.connamespace = 'app'::regnamespace
        and exists (select from pg_attribute a where a.attrelid = c.confrelid and a.attname = 'tenant_id')
        and exists (select from pg_attribute a where a.attrelid = c.conrelid and a.attname = 'tenant_id')`);
    return rows;
  }

  test("there are some, and each holds the tenant", async () => {
    const keys = await foreignKeys();
    expect(keys.length).toBeGreaterThan(2);
    expect(keys.filter(({ composite }) => !composite)).toEqual([]);
  });

  test("no row can refer to another tenant's, whoever writes; without the key's tenant it could", async () => {
    const tried: string[] = [];
    for (const { table, name, own, far, farTable } of await foreignKeys()) {
      // A side table's key is its reference: that it never changes is said by "10_immutable" before the key is asked.
      if (own === "id") continue;
      const refer = `update ${table} set ${own} = (select ${far} from ${farTable} where tenant_id = '${tenantId(2)}' limit 1)
        where ctid = (select ctid from ${table} where tenant_id = '${tenantId(1)}' limit 1)`;
      await admin.query("begin");
      const { rows } = await admin.query<{ some: boolean }>(
        `select exists (select from ${table} where tenant_id = '${tenantId(1)}') and exists (select from ${farTable} where tenant_id = '${tenantId(2)}') as some`,
      );
      if (rows[0]?.some) {
        await admin.query("savepoint defended");
        await expect(admin.query(refer), `${table}.${name}`).rejects.toMatchObject({ code: "23503" });
        await admin.query("rollback to savepoint defended");
        await admin.query(`alter table ${table} drop constraint ${admin.escapeIdentifier(name)}`);
        expect((await admin.query(refer)).rowCount, `${table} without ${name}`).toBe(1);
        tried.push(name);
      }
      await admin.query("rollback");
    }
    expect(tried.length).toBeGreaterThan(1);
  });

  test("a cascade stays within its tenant", async () => {
    await admin.query("begin");
    const count = async () =>
      (
        await admin.query<{ n: string }>(
          `select count(*) as n from app.invoice_line where tenant_id <> '${tenantId(1)}'`,
        )
      ).rows[0]?.n;
    const before = await count();
    await become(admin, "biller");
    expect((await admin.query("delete from app.invoice where true")).rowCount).toBeGreaterThan(0);
    await admin.query("reset role");
    expect(await count()).toBe(before);
    await admin.query("rollback");
  });
});

describe("the server's login", () => {
  test("has no right of its own, and can become nobody but an actor", async () => {
    const { default: pg } = await import("pg");
    const client = new pg.Client(served.serverUrl);
    await client.connect();
    try {
      for (const sql of [
        "select from app.invoice",
        "set role enginejs_owner",
        "set role enginejs_system",
        "set role enginejs_action",
        "set role enginejs_reader",
        "set role enginejs_writer",
        "select from enginejs.workflow_events",
        "create table app.mine (id int)",
      ]) {
        await expect(client.query(sql), sql).rejects.toMatchObject({ code: "42501" });
      }
    } finally {
      await client.end();
    }
  });

  test("`role none` in a request leads back to a login that may nothing", async () => {
    const { default: pg } = await import("pg");
    const client = new pg.Client(served.serverUrl);
    await client.connect();
    try {
      await client.query("begin");
      await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, null)", [
        userId("biller"),
        tenantId(1),
      ]);
      await client.query("select set_config('role', 'none', true)");
      await expect(client.query("select from app.invoice")).rejects.toMatchObject({ code: "42501" });
    } finally {
      await client.end();
    }
  });

  test("one connection, two actors: nothing of the first is left for the second", async () => {
    const { default: pg } = await import("pg");
    const client = new pg.Client(served.serverUrl);
    await client.connect();
    const see = async (role: string, person: string | null, tenant: string | null, end: "commit" | "rollback") => {
      await client.query("begin");
      await client.query("select enginejs.begin_request($1, $2, $3, null, null, null)", [role, person, tenant]);
      const { rows } = await client.query<{ n: string }>("select count(*) as n from app.customer");
      await client.query(end);
      return Number(rows[0]?.n);
    };
    try {
      expect(await see("enginejs_user", userId("biller"), tenantId(1), "commit")).toBe(10);
      expect(await see("enginejs_anonymous", null, null, "commit")).toBe(0);
      expect(await see("enginejs_user", userId("biller"), tenantId(1), "rollback")).toBe(10);
      expect(await see("enginejs_user", userId("biller", 2), tenantId(1), "commit")).toBe(0);
      // Between the requests the login stands there alone.
      await expect(client.query("select from app.customer")).rejects.toMatchObject({ code: "42501" });
      const { rows } = await client.query(
        "select nullif(current_setting('enginejs.actor_id', true), '') as actor, nullif(current_setting('enginejs.roles', true), '') as roles",
      );
      expect(rows[0]).toEqual({ actor: null, roles: null });
    } finally {
      await client.end();
    }
  });
});

describe("functions of the core", () => {
  /** Each is here for a reason: a new one must find its own. */
  const forEverybody = [
    // What policies and defaults ask, of the settings of this very transaction.
    ...["actor_id", "actor_kind", "actor_roles", "claims", "request_id", "request_ip", "request_origin", "tenant_id"],
    ...["flag", "is_own_write", "uuid_v7"],
    // Called by the functions of synchronous processes; it only refuses.
    "require_call",
  ];
  const forPeople = [
    // Each asks the trigger's roles and `allow`, the queue's publishers, the approval's condition, or who started the run.
    ...["start_workflow", "publish", "publish_in_call", "workflow_approvals", "workflow_decide", "workflow_result"],
    // Each asks `require_operator()` first.
    ...["cancel_run", "fork_run", "list_dead_letters", "list_runs", "pause_run", "pause_workflow", "redrive_runs"],
    ...["resume_run", "resume_workflow", "retry_run", "show_run", "skip_run"],
    // Each asks `webhook_reach()` first.
    ...["create_webhook_endpoint", "delete_webhook_endpoint", "list_webhook_deliveries", "list_webhook_endpoints"],
    ...["redeliver_failed_webhooks", "redeliver_webhook", "rotate_webhook_secret", "send_test_webhook"],
    ...["update_webhook_endpoint", "webhook_event_types"],
  ];

  test.each([
    ["enginejs_anonymous", forEverybody],
    ["enginejs_user", [...forEverybody, ...forPeople]],
    ["public", []],
  ])("what %s may call is known", async (role, expected) => {
    const { rows } = await admin.query<{ name: string }>(
      `select distinct p.proname as name from pg_proc p
       where p.pronamespace = 'enginejs'::regnamespace and has_function_privilege($1, p.oid, 'execute')`,
      [role],
    );
    expect(rows.map(({ name }) => name).sort()).toEqual([...expected].sort());
  });

  test("those of operators and of managers refuse a member, whatever they are given", async () => {
    const asked = forPeople.slice(6);
    const { rows } = await admin.query<{ name: string; types: string[] }>(
      `select p.proname as name, p.proargtypes::oid[]::regtype[]::text[] as types from pg_proc p
       where p.pronamespace = 'enginejs'::regnamespace and p.proname = any ($1)`,
      [asked],
    );
    expect(rows.length).toBe(asked.length);
    const hostile: Readonly<Record<string, string>> = {
      text: `'x'' or true; --$$'`,
      jsonb: `'{"enabled": true, "url": "https://x"}'`,
      uuid: "'00000000-0000-0000-0000-000000000000'",
    };
    for (const { name, types } of rows) {
      for (const given of [(type: string) => hostile[type] ?? "null", () => "null"]) {
        await admin.query("begin");
        await become(admin, "member");
        const call = `select * from enginejs.${name}(${types.map((type) => `${given(type)}::${type}`).join(", ")})`;
        await expect(admin.query(call), call).rejects.toMatchObject({ code: "42501" });
        await admin.query("rollback");
      }
    }
  });

  test("no table or view of the core, its jobs and its history opens to an actor or to the server", async () => {
    const { rows: relations } = await admin.query<{ name: string; owner: string }>(
      `select c.oid::regclass::text as name from pg_class c
       where c.relnamespace::regnamespace::text in ('enginejs', 'graphile_worker', 'graphile_migrate') and c.relkind in ('r', 'p', 'v', 'm')`,
    );
    expect(relations.length).toBeGreaterThan(40);
    const { rows } = await admin.query(
      `select r.rolname, c.oid::regclass::text as relation, p as right
       from pg_class c, pg_roles r, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p
       where c.relnamespace::regnamespace::text in ('enginejs', 'graphile_worker', 'graphile_migrate') and c.relkind in ('r', 'p', 'v', 'm')
         and r.rolname in ('enginejs_user', 'enginejs_anonymous', 'enginejs_action', $1) and has_table_privilege(r.oid, c.oid, p)`,
      [decodeURIComponent(new URL(served.serverUrl).username)],
    );
    expect(rows).toEqual([]);
  });
});

describe("an actor's own objects in the way", () => {
  test("a temporary table of a table's name changes nothing for actions and policies", async () => {
    await admin.query("begin");
    await become(admin, "biller");
    await admin.query("create temporary table invoice as select * from app.invoice with no data");
    await admin.query("create temporary table membership (user_id uuid, tenant_id uuid, roles text[])");
    const sent = invoiceId(1);
    await admin.query("select app.pay_invoice($1)", [sent]);
    expect((await admin.query("select from pg_temp.invoice")).rowCount).toBe(0);
    expect((await admin.query("select status from app.invoice where id = $1", [sent])).rows[0]?.status).toBe("paid");
    await admin.query("rollback");
  });
});
