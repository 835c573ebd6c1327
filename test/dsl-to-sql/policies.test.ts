/** Who may do what: tables of actor × command on a real database, should-pass and should-fail. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { invoicing } from "./support/invoicing.ts";
import {
  type ActorName,
  actors,
  attempt,
  buildInvoicing,
  customers,
  invoices,
  lines,
  outcome,
  people,
  tenants,
} from "./support/invoicing-database.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";

type Row = readonly [
  label: string,
  sql: string,
  expected: Readonly<Record<Exclude<ActorName, never>, number | string>>,
];

const denied = "42501";
const insertInvoice = (owner: string): string =>
  `insert into app.invoice (number, owner_id, customer_id) values ('NEW-1', '${owner}', '${customers.ours}') returning id`;
const insertLine = (invoice: string): string =>
  `insert into app.invoice_line (invoice_id, description, price) values ('${invoice}', 'more', 1)`;

// biome-ignore format: a table
const TABLE: readonly Row[] = [
  ["read tenants", "select from app.tenant",
    { owner: 1, biller: 1, member: 1, stranger: 1, intruder: 0, nobody: 0, anonymous: 0, system: 2 }],
  ["read users", 'select from app."user"',
    { owner: 3, biller: 3, member: 3, stranger: 2, intruder: 1, nobody: 1, anonymous: 0, system: 5 }],
  ["edit oneself", `update app."user" set name = 'x' where id = '${people.biller}'`,
    { owner: 0, biller: 1, member: 0, stranger: 0, intruder: 0, nobody: 0, anonymous: 0, system: 1 }],
  ["create a user", `insert into app."user" (name, email) values ('n', 'n@n')`,
    { owner: denied, biller: denied, member: denied, stranger: denied, intruder: denied, nobody: denied, anonymous: denied, system: 1 }],
  // The owner belongs to both tenants.
  ["read memberships", "select from app.membership",
    { owner: 4, biller: 3, member: 3, stranger: 2, intruder: 1, nobody: 0, anonymous: 0, system: 5 }],
  ["give oneself a role", `update app.membership set roles = '{billing}' where user_id = '${people.member}'`,
    { owner: 0, biller: 0, member: 0, stranger: 0, intruder: 0, nobody: 0, anonymous: 0, system: 1 }],
  ["read customers", "select from app.customer",
    { owner: 1, biller: 1, member: 1, stranger: 1, intruder: 0, nobody: 0, anonymous: 0, system: 2 }],
  ["create a customer", "insert into app.customer (name, email) values ('n', 'e')",
    { owner: denied, biller: 1, member: denied, stranger: 1, intruder: denied, nobody: denied, anonymous: denied, system: 1 }],
  ["delete a customer", `delete from app.customer where id = '${customers.ours}' and false or id = '${customers.ours}' and name = 'nobody'`,
    { owner: 0, biller: 0, member: 0, stranger: 0, intruder: 0, nobody: 0, anonymous: 0, system: 0 }],
  ["read invoices", "select from app.invoice",
    { owner: 3, biller: 3, member: 3, stranger: 1, intruder: 0, nobody: 0, anonymous: 0, system: 4 }],
  ["create an invoice of the biller's", insertInvoice(people.biller),
    { owner: denied, biller: 1, member: denied, stranger: "EJ422", intruder: denied, nobody: denied, anonymous: denied, system: 1 }],
  ["create an invoice of the owner's", insertInvoice(people.owner),
    { owner: 1, biller: 1, member: denied, stranger: "23503", intruder: denied, nobody: denied, anonymous: denied, system: 1 }],
  ["update an invoice", `update app.invoice set due_at = now() + interval '1 day' where id = '${invoices.draft}'`,
    { owner: 1, biller: 1, member: 0, stranger: 0, intruder: 0, nobody: 0, anonymous: 0, system: 1 }],
  ["update the other tenant's invoice", `update app.invoice set due_at = now() + interval '1 day' where id = '${invoices.theirs}'`,
    { owner: 0, biller: 0, member: 0, stranger: 1, intruder: 0, nobody: 0, anonymous: 0, system: 1 }],
  ["write a state", `update app.invoice set status = 'paid' where id = '${invoices.sent}'`,
    { owner: denied, biller: denied, member: denied, stranger: denied, intruder: denied, nobody: denied, anonymous: denied, system: denied }],
  ["create with a state", `insert into app.invoice (number, owner_id, customer_id, status) values ('N', '${people.owner}', '${customers.ours}', 'paid')`,
    { owner: denied, biller: denied, member: denied, stranger: denied, intruder: denied, nobody: denied, anonymous: denied, system: denied }],
  ["move to another tenant", `update app.invoice set tenant_id = '${tenants.theirs}'`,
    { owner: denied, biller: denied, member: denied, stranger: denied, intruder: denied, nobody: denied, anonymous: denied, system: denied }],
  ["delete an invoice", `delete from app.invoice where id = '${invoices.empty}'`,
    { owner: 1, biller: 1, member: 0, stranger: 0, intruder: 0, nobody: 0, anonymous: 0, system: 1 }],
  ["read lines", "select from app.invoice_line",
    { owner: 2, biller: 2, member: 2, stranger: 1, intruder: 0, nobody: 0, anonymous: 0, system: 3 }],
  ["add a line to a draft", insertLine(invoices.draft),
    { owner: 1, biller: 1, member: denied, stranger: denied, intruder: denied, nobody: denied, anonymous: denied, system: 1 }],
  ["add a line to what was sent", insertLine(invoices.sent),
    { owner: denied, biller: denied, member: denied, stranger: denied, intruder: denied, nobody: denied, anonymous: denied, system: 1 }],
  ["change a draft's line", `update app.invoice_line set price = 1 where id = '${lines.draft}'`,
    { owner: 1, biller: 1, member: 0, stranger: 0, intruder: 0, nobody: 0, anonymous: 0, system: 1 }],
  ["move a line to a sent invoice", `update app.invoice_line set invoice_id = '${invoices.sent}' where id = '${lines.draft}'`,
    { owner: denied, biller: denied, member: 0, stranger: 0, intruder: 0, nobody: 0, anonymous: 0, system: 1 }],
  ["write a generated column", `update app.invoice_line set total = 1`,
    { owner: "428C9", biller: "428C9", member: "428C9", stranger: "428C9", intruder: "428C9", nobody: "428C9", anonymous: "428C9", system: "428C9" }],
  ["truncate", "truncate app.invoice_line",
    { owner: denied, biller: denied, member: denied, stranger: denied, intruder: denied, nobody: denied, anonymous: denied, system: denied }],
];

describe.each(servers)("on $name", ({ create, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  /** Whom no policy stops, but all that holds whoever writes. */
  let superuser: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    database = await create();
    client = await database.client();
    superuser = await database.administrator();
    await buildInvoicing(client, invoicing());
  });
  afterAll(() => database?.drop());

  for (const [label, sql, expected] of TABLE) {
    test.skipIf(missing)(label, async () => {
      const found: Record<string, number | string> = {};
      for (const name of Object.keys(expected) as ActorName[]) found[name] = await outcome(client, actors[name], sql);
      expect(found).toEqual(expected);
    });
  }

  test.skipIf(missing)(
    "forced row level security holds the owner's tables too, and the owner sees everything",
    async () => {
      const { rows } = await client.query(
        `select count(*) as tables, count(*) filter (where relrowsecurity and relforcerowsecurity and pg_get_userbyid(relowner) = 'enginejs_owner') as forced
         from pg_class where relnamespace = 'app'::regnamespace and relkind = 'r'`,
      );
      expect(rows[0]).toEqual({ tables: "6", forced: "6" });
      await client.query("begin; set local role enginejs_owner");
      const seen = await client.query("select from app.invoice");
      await client.query("rollback");
      expect(seen.rowCount).toBe(4);
    },
  );

  test.skipIf(missing)("a reference into another tenant is refused whoever writes", async () => {
    for (const role of ["postgres", "enginejs_owner", "enginejs_system"]) {
      await superuser.query("begin");
      await superuser.query(`set local role ${role === "postgres" ? "none" : role}`);
      const insert = superuser.query(
        `insert into app.invoice (tenant_id, number, owner_id, customer_id) values ('${tenants.ours}', 'X', '${people.owner}', '${customers.theirs}')`,
      );
      // The system may not even name a tenant.
      await expect(insert).rejects.toMatchObject({ code: role === "enginejs_system" ? "42501" : "23503" });
      await superuser.query("rollback");
    }
  });

  test.skipIf(missing)("a row names members of its tenant only, whoever writes", async () => {
    const insert = (owner: string): Promise<unknown> =>
      superuser.query(
        `insert into app.invoice (tenant_id, number, owner_id, customer_id) values ('${tenants.ours}', 'X', '${owner}', '${customers.ours}')`,
      );
    await expect(insert(people.stranger)).rejects.toMatchObject({ code: "EJ422", column: "owner_id" });
    await expect(insert(people.nobody)).rejects.toMatchObject({ code: "EJ422" });
    await superuser.query("begin");
    await insert(people.member);
    await expect(
      superuser.query(`update app.invoice set owner_id = '${people.stranger}' where number = 'X'`),
    ).rejects.toMatchObject({ code: "EJ422" });
    await superuser.query("rollback");
  });

  test.skipIf(missing)("uniques tell nothing of other tenants", async () => {
    // INV-1 is taken in both tenants already; a third one in ours is not possible.
    const twice = `insert into app.invoice (number, owner_id, customer_id) values ('INV-1', '${people.owner}', '${customers.ours}')`;
    expect(await outcome(client, actors.owner, twice)).toBe("23505");
  });

  test.skipIf(missing)("the key and the time of creation never change", async () => {
    for (const [column, value] of [
      ["id", "gen_random_uuid()"],
      ["tenant_id", `'${tenants.theirs}'`],
      ["created_at", "now() + interval '1 day'"],
    ]) {
      await expect(
        superuser.query(`update app.customer set ${column} = ${value} where id = '${customers.ours}'`),
      ).rejects.toMatchObject({ code: "EJ422", column });
    }
  });

  test.skipIf(missing)("updated_at is the time of the last change, whatever the update says", async () => {
    await superuser.query("begin");
    const { rows } = await superuser.query(
      `update app.customer set name = 'Z', updated_at = '2001-01-01' where id = '${customers.ours}' returning updated_at = now() as touched`,
    );
    await superuser.query("rollback");
    expect(rows[0]).toEqual({ touched: true });
  });

  test.skipIf(missing)("checks hold: limits, states, slugs, roles, rules", async () => {
    const refused = [
      `update app.customer set name = repeat('x', 201)`,
      `update app.invoice set number = 'a b'`,
      `update app.invoice set number = repeat('x', 101)`,
      `update app.invoice set due_at = '2001-01-01'`,
      `update app.membership set roles = '{king}'`,
      `update app.membership set roles = array[null]`,
      `update app.invoice_line set quantity = 0`,
      `insert into app.invoice (tenant_id, number, owner_id, customer_id, status) values ('${tenants.ours}', 'Y', '${people.owner}', '${customers.ours}', 'lost')`,
    ];
    for (const sql of refused) await expect(superuser.query(sql), sql).rejects.toMatchObject({ code: "23514" });
  });

  test.skipIf(missing)("roles that a role includes count for policies", async () => {
    const roles = async (actor: ActorName): Promise<unknown> =>
      (await attempt(client, actors[actor], "select enginejs.actor_roles() as roles")).rows[0]?.roles;
    expect(await roles("biller")).toEqual(["billing", "member"]);
    expect(await roles("member")).toEqual(["member"]);
    expect(await roles("intruder")).toEqual([]);
    const { rows } = await client.query("select enginejs.membership_roles($1, $2) as roles", [
      people.stranger,
      tenants.ours,
    ]);
    expect(rows[0]).toEqual({ roles: null });
  });

  test.skipIf(missing)("a policy's sets are gathered once and found by an index", async () => {
    await client.query("begin");
    await client.query("set local enable_seqscan = off");
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, null)", [
      people.owner,
      tenants.ours,
    ]);
    const { rows } = await client.query("explain (costs off) select * from app.\"user\" where name = 'x'");
    await client.query("rollback");
    const text = rows.map((row) => Object.values(row)[0]).join("\n");
    expect(text).toContain("InitPlan");
    expect(text).not.toContain("SubPlan");
  });

  test.skipIf(missing)("policies carry their sentence as a comment that begins with a blank line", async () => {
    const { rows } = await client.query(
      `select obj_description(oid, 'pg_policy') as comment from pg_policy where polrelid = 'app.invoice'::regclass and polname = 'actor_update'`,
    );
    expect(rows[0]).toEqual({ comment: "\nthe owner or billing" });
  });

  test.skipIf(missing)("nobody but those who are named may execute a function", async () => {
    const { rows } = await client.query(
      `select p.oid::regprocedure::text as name from pg_proc p
        where p.pronamespace = 'app'::regnamespace and has_function_privilege('public', p.oid, 'execute')`,
    );
    expect(rows).toEqual([]);
  });
});
