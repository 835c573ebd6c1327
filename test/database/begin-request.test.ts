import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const actor = "11111111-1111-4111-8111-111111111111";
const tenant = "22222222-2222-4222-8222-222222222222";
const stranger = "33333333-3333-4333-8333-333333333333";
const begin = "select enginejs.begin_request($1, $2, $3, $4, $5, $6)";
const seen = `select current_user::text as role, enginejs.actor_id() as actor, enginejs.tenant_id() as tenant,
  enginejs.actor_roles() as roles, enginejs.claims() as claims, enginejs.request_id() as request,
  current_setting('statement_timeout') as timeout`;

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  client = await database.client();
  // What a build with a declared membership makes of the stand-in.
  await client.query(`
    create table public.membership (actor uuid, tenant uuid, roles text[]);
    grant select on public.membership to enginejs_reader;
    insert into public.membership values ('${actor}', '${tenant}', '{billing,member}');
    create or replace function enginejs.membership_roles(actor uuid, tenant uuid) returns text[]
    language sql stable parallel safe security definer set search_path = ''
    begin atomic select m.roles from public.membership m where m.actor = $1 and m.tenant = $2; end`);
});
afterAll(() => database.drop());

async function inTransaction(values: unknown[]): Promise<Record<string, unknown>> {
  await client.query("begin");
  try {
    await client.query(begin, values);
    return (await client.query(seen)).rows[0];
  } finally {
    await client.query("rollback");
  }
}

describe("begin_request", () => {
  test("sets role, claims and time limit", async () => {
    const result = await inTransaction(["enginejs_user", actor, tenant, { plan: "gold" }, 5_000, "request 1"]);
    expect(result).toEqual({
      role: "enginejs_user",
      actor,
      tenant,
      roles: ["billing", "member"],
      claims: { plan: "gold" },
      request: "request 1",
      timeout: "5s",
    });
  });

  test("without a request nothing is known of where it comes from, and a person acts", async () => {
    await client.query("begin");
    await client.query(begin, ["enginejs_user", actor, tenant, null, null, null]);
    const { rows } = await client.query(
      "select enginejs.actor_kind() as kind, enginejs.request_origin() as origin, enginejs.request_ip() as ip",
    );
    await client.query("rollback");
    expect(rows[0]).toEqual({ kind: "user", origin: null, ip: null });
  });

  test("leaves nothing behind after the transaction, whether it commits or not", async () => {
    for (const end of ["commit", "rollback"]) {
      await client.query("begin");
      await client.query(begin, ["enginejs_user", actor, tenant, { plan: "gold" }, 5_000, "request 1"]);
      await client.query(end);
      const { rows } = await client.query(seen);
      expect(rows[0]).toEqual({
        role: client.user,
        actor: null,
        tenant: null,
        roles: [],
        claims: null,
        request: null,
        timeout: "0",
      });
    }
  });

  test("does not set a tenant of which the actor is no member", async () => {
    const result = await inTransaction(["enginejs_user", stranger, tenant, null, null, null]);
    expect(result).toMatchObject({ actor: stranger, tenant: null, roles: [] });
  });

  test("does not set a tenant for nobody", async () => {
    const anonymous = await inTransaction(["enginejs_anonymous", null, tenant, null, null, null]);
    expect(anonymous).toMatchObject({ role: "enginejs_anonymous", actor: null, tenant: null, roles: [] });
    const user = await inTransaction(["enginejs_user", null, tenant, null, null, null]);
    expect(user).toMatchObject({ actor: null, tenant: null, roles: [] });
  });

  test("sets the tenant of the system as given, without roles", async () => {
    const result = await inTransaction(["enginejs_system", actor, tenant, null, null, null]);
    expect(result).toMatchObject({ role: "enginejs_system", actor, tenant, roles: [] });
  });

  test("reads roles live", async () => {
    await client.query(`update public.membership set roles = '{"with \\"quotes\\", commas and {braces}"}'`);
    const changed = await inTransaction(["enginejs_user", actor, tenant, null, null, null]);
    expect(changed.roles).toEqual(['with "quotes", commas and {braces}']);
    await client.query("delete from public.membership");
    const revoked = await inTransaction(["enginejs_user", actor, tenant, null, null, null]);
    expect(revoked).toMatchObject({ tenant: null, roles: [] });
  });

  test.each([null, "", "none", "postgres", "enginejs_owner", "enginejs_action", "enginejs_writer", "enginejs_reader"])(
    "refuses the role %s",
    async (role) => {
      await expect(inTransaction([role, actor, null, null, null, null])).rejects.toMatchObject({ code: "42501" });
    },
  );
});
