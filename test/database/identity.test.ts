/** Who acts with which roles: memberships, temporary grants, service accounts, keys and flags, all of it built by a plain owner. */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiKeyHash, createApiKey } from "../../src/database/api-key.ts";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { invoicing } from "../dsl-to-sql/support/invoicing.ts";
import { buildInvoicing, people, tenants } from "../dsl-to-sql/support/invoicing-database.ts";
import { type CoreDatabase, servers } from "../dsl-to-sql/support/servers.ts";
import { buildSystem, text } from "../dsl-to-sql/support/system-builder.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase } from "../support/database.ts";

const begin = "select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'test', $3)";
const seen = `select enginejs.actor_kind() as kind, enginejs.tenant_id() as tenant, enginejs.actor_roles() as roles,
  enginejs.request_origin() as origin, enginejs.request_ip() as ip`;
/** Of the platform, and of nobody. */
const operator = { name: "operator", includes: ["billing", "member"], of: "system" as const, permissions: [] };

describe.each(servers)("on $name", ({ create, missing }) => {
  const builder = `builder_${randomBytes(4).toString("hex")}`;
  let database: CoreDatabase;
  /** Builds and administers: no superuser. */
  let owner: pg.Client;
  /** One open connection that actors take turns on. */
  let requests: pg.Client;

  beforeAll(async () => {
    if (missing) return;
    database = await create();
    // Becomes the builder below; a superuser makes it.
    owner = await database.administrator();
    const { rows } = await owner.query(
      "select current_database() as name, current_setting('server_version_num')::int as version",
    );
    await owner.query(`create role ${builder} login nosuperuser nocreaterole`);
    await owner.query(`grant enginejs_owner, enginejs_reader, enginejs_writer, enginejs_action to ${builder}`);
    await owner.query(`grant create on database ${owner.escapeIdentifier(rows[0].name)} to ${builder}`);
    await owner.query(`set session authorization ${builder}`);
    const system = invoicing();
    await buildInvoicing(owner, { ...system, roles: [...system.roles, operator] });
    await owner.query("set role enginejs_owner");
    requests = await database.client();
  });
  afterAll(async () => {
    if (missing) return;
    await owner.query("reset session authorization");
    await owner.query(`reassign owned by ${builder} to current_user`);
    await owner.query(`drop owned by ${builder}`);
    await owner.query(`drop role ${builder}`);
    await database.drop();
  });

  async function request(
    actor: string,
    tenant: string | null,
    facts: object | null = null,
  ): Promise<Record<string, unknown>> {
    await requests.query("begin");
    try {
      await requests.query(begin, [actor, tenant, facts]);
      return (await requests.query(seen)).rows[0];
    } finally {
      await requests.query("rollback");
    }
  }
  const rolesOf = async (actor: string, tenant: string | null = tenants.ours): Promise<unknown> => {
    const { tenant: counted, roles } = await request(actor, tenant);
    return counted === null ? null : roles;
  };
  const grant = async (actor: string, role: string, window: string, tenant = tenants.ours): Promise<string> =>
    (
      await owner.query(
        `insert into enginejs.role_grants (actor, tenant, role, valid_from, valid_until, reason)
         select $1, $2, $3, clock_timestamp() + (w[1])::interval, clock_timestamp() + (w[2])::interval, 'a test'
         from string_to_array($4, ' to ') as w returning id`,
        [actor, tenant, role, window],
      )
    ).rows[0].id;

  describe("temporary grants", () => {
    test.skipIf(missing)(
      "count at once, beside the membership and with what they include, and end when they are revoked",
      async () => {
        expect(await rolesOf(people.member)).toEqual(["member"]);
        const id = await grant(people.member, "billing", "0 to 1 hour");
        expect(await rolesOf(people.member)).toEqual(["billing", "member"]);
        await owner.query("update enginejs.role_grants set revoked_at = clock_timestamp() where id = $1", [id]);
        expect(await rolesOf(people.member)).toEqual(["member"]);
      },
    );

    test.skipIf(missing)("let a stranger in for as long as they last", async () => {
      expect(await rolesOf(people.nobody)).toBeNull();
      const id = await grant(people.nobody, "member", "0 to 1 hour");
      expect(await rolesOf(people.nobody)).toEqual(["member"]);
      expect(await rolesOf(people.nobody, tenants.theirs)).toBeNull();
      await owner.query("delete from enginejs.role_grants where id = $1", [id]);
      expect(await rolesOf(people.nobody)).toBeNull();
    });

    test.skipIf(missing)("end by themselves, by the database's clock, and do not begin before their time", async () => {
      const deadline = Date.now() + 60_000;
      await grant(people.nobody, "member", "-1 hour to 3 seconds");
      expect(await rolesOf(people.nobody)).toEqual(["member"]);
      while ((await rolesOf(people.nobody)) !== null && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(await rolesOf(people.nobody)).toBeNull();
      await grant(people.nobody, "member", "1 hour to 2 hours");
      expect(await rolesOf(people.nobody)).toBeNull();
    });

    test.skipIf(missing)("never give a role of the platform, nor one that is in no model", async () => {
      const hostile = 'no "such" {role}, \\';
      const ids = [
        await grant(people.member, "operator", "0 to 1 hour"),
        await grant(people.member, hostile, "0 to 1 hour"),
      ];
      expect(await rolesOf(people.member)).toEqual(["member"]);
      await owner.query("delete from enginejs.role_grants where id = any ($1)", [ids]);
    });

    test.skipIf(missing)("need a reason and an end after their beginning", async () => {
      await expect(grant(people.member, "member", "1 hour to 0")).rejects.toMatchObject({ code: "23514" });
      const blank = owner.query(
        "insert into enginejs.role_grants (actor, tenant, role, valid_until, reason) values ($1, $2, 'member', 'infinity', ' ')",
        [people.member, tenants.ours],
      );
      await expect(blank).rejects.toMatchObject({ code: "23514", constraint: "role_grants_reason_check" });
    });
  });

  test.skipIf(missing)("a membership that is taken away counts at the next request of an open connection", async () => {
    expect(await rolesOf(people.biller)).toEqual(["billing", "member"]);
    await owner.query("delete from app.membership where user_id = $1", [people.biller]);
    expect(await rolesOf(people.biller)).toBeNull();
    await owner.query("insert into app.membership (tenant_id, user_id, roles) values ($1, $2, '{}')", [
      tenants.ours,
      people.biller,
    ]);
    expect(await rolesOf(people.biller)).toEqual([]);
    await owner.query("update app.membership set roles = '{billing}' where user_id = $1", [people.biller]);
    expect(await rolesOf(people.biller)).toEqual(["billing", "member"]);
  });

  describe("service accounts and keys", () => {
    let account: string;
    const authenticate = async (text: string) =>
      (await owner.query("select * from enginejs.authenticate_key($1)", [apiKeyHash(text)])).rows;
    const addKey = async (key: ReturnType<typeof createApiKey>, of: object, expires: string | null = null) => {
      const values = { service_account: null, actor: null, tenant: null, ...of };
      const { rows } = await owner.query(
        `insert into enginejs.api_keys (name, prefix, hash, service_account, actor, tenant, expires_at)
         values ('a key', $1, $2, $3, $4, $5, clock_timestamp() + $6::interval) returning id`,
        [key.prefix, key.hash, values.service_account, values.actor, values.tenant, expires],
      );
      return rows[0].id as string;
    };

    beforeAll(async () => {
      if (missing) return;
      const { rows } = await owner.query(
        "insert into enginejs.service_accounts (tenant, name, roles) values ($1, 'export', '{billing,operator}') returning id",
        [tenants.ours],
      );
      account = rows[0].id;
      // The function belongs to the reader, whom the builder inherits.
      await owner.query("reset role");
    });
    afterAll(async () => {
      if (!missing) await owner.query("set role enginejs_owner");
    });

    test.skipIf(missing)(
      "an account has its own roles in its own tenant, none of the platform's, until it is disabled",
      async () => {
        expect(await rolesOf(account)).toEqual(["billing", "member"]);
        expect(await rolesOf(account, tenants.theirs)).toBeNull();
        await owner.query("update enginejs.service_accounts set roles = '{}' where id = $1", [account]);
        expect(await rolesOf(account)).toEqual([]);
        await owner.query("update enginejs.service_accounts set disabled_at = now() where id = $1", [account]);
        expect(await rolesOf(account)).toBeNull();
        await owner.query(
          "update enginejs.service_accounts set disabled_at = null, roles = '{billing}' where id = $1",
          [account],
        );
      },
    );

    test.skipIf(missing)("a key is known by the whole of it, and says who acts", async () => {
      const [service, person] = [createApiKey(), createApiKey()];
      await addKey(service, { service_account: account });
      await addKey(person, { actor: people.member, tenant: tenants.ours });
      expect(await authenticate(service.text)).toEqual([{ kind: "service", actor: account, tenant: tenants.ours }]);
      expect(await authenticate(person.text)).toEqual([{ kind: "key", actor: people.member, tenant: tenants.ours }]);
      const otherPrefix = service.text.replace(service.prefix, person.prefix);
      expect(await authenticate(otherPrefix)).toEqual([]);
      expect(await authenticate(createApiKey().text)).toEqual([]);
    });

    test.skipIf(missing)(
      "one that is revoked, has expired, or whose account is disabled gives nothing, at once",
      async () => {
        const key = createApiKey();
        const id = await addKey(key, { service_account: account });
        const works = async () => (await authenticate(key.text)).length === 1;
        expect(await works()).toBe(true);
        for (const [off, on] of [
          [
            "update enginejs.api_keys set revoked_at = now() where id = $1",
            "update enginejs.api_keys set revoked_at = null where id = $1",
          ],
          [
            "update enginejs.api_keys set expires_at = now() where id = $1",
            "update enginejs.api_keys set expires_at = null where id = $1",
          ],
          [
            "update enginejs.service_accounts set disabled_at = now() where id = (select service_account from enginejs.api_keys where id = $1)",
            "update enginejs.service_accounts set disabled_at = null where id = (select service_account from enginejs.api_keys where id = $1)",
          ],
        ] as const) {
          await owner.query(off, [id]);
          expect(await works(), off).toBe(false);
          await owner.query(on, [id]);
          expect(await works(), on).toBe(true);
        }
      },
    );

    test.skipIf(missing)("remembers its use to the minute, and does not wait for another request", async () => {
      const key = createApiKey();
      const id = await addKey(key, { service_account: account });
      const used = async () =>
        (await owner.query("select last_used_at::text as at from enginejs.api_keys where id = $1", [id])).rows[0].at;
      expect(await used()).toBeNull();
      await requests.query("begin");
      await requests.query("select from enginejs.api_keys where id = $1 for update", [id]);
      await owner.query("set statement_timeout = '5s'");
      expect(await authenticate(key.text)).toHaveLength(1);
      await owner.query("reset statement_timeout");
      await requests.query("rollback");
      expect(await used()).toBeNull();
      await authenticate(key.text);
      const first = await used();
      expect(first).not.toBeNull();
      await authenticate(key.text);
      expect(await used()).toBe(first);
      await owner.query(
        "update enginejs.api_keys set last_used_at = last_used_at - interval '2 minutes' where id = $1",
        [id],
      );
      await authenticate(key.text);
      expect(new Date(await used()).getTime()).toBeGreaterThanOrEqual(new Date(first).getTime());
      // Also where nothing can be written.
      await owner.query("update enginejs.api_keys set last_used_at = null where id = $1", [id]);
      await owner.query("begin read only");
      expect(await authenticate(key.text)).toHaveLength(1);
      await owner.query("rollback");
    });
  });

  test.skipIf(missing)("actors on one connection see nothing of each other", async () => {
    const facts = { origin: "https://a.example", ip: "192.0.2.7", kind: "key" };
    expect(await request(people.owner, tenants.ours, facts)).toMatchObject({
      kind: "key",
      origin: facts.origin,
      ip: facts.ip,
    });
    expect(await request(people.stranger, tenants.theirs)).toEqual({
      kind: "user",
      tenant: tenants.theirs,
      roles: ["billing", "member"],
      origin: null,
      ip: null,
    });
    const { rows } = await requests.query(seen);
    expect(rows[0]).toEqual({ kind: "anonymous", tenant: null, roles: [], origin: null, ip: null });
  });

  test.skipIf(missing)("events carry what acts", async () => {
    const kinds: unknown[] = [];
    for (const [actor, facts] of [
      [people.owner, null],
      [people.owner, { kind: "key" }],
    ] as const) {
      await requests.query("begin");
      await requests.query(begin, [actor, tenants.ours, facts]);
      await requests.query("update app.invoice set due_at = now() where number = 'INV-1'");
      await requests.query("reset role");
      const { rows } = await requests.query(
        "select actor from enginejs.workflow_events where origin ->> 'requestId' = 'test'",
      );
      kinds.push(...rows.map((row) => row.actor));
      await requests.query("rollback");
    }
    const of = { id: people.owner, tenant: tenants.ours };
    expect(kinds).toEqual([
      { kind: "user", ...of },
      { kind: "key", ...of },
    ]);
  });

  describe("flags", () => {
    const flag = async (tenant: string | null, otherwise: boolean): Promise<unknown> => {
      await requests.query("begin");
      await requests.query(begin, [people.owner, tenant, null]);
      const { rows } = await requests.query(`select enginejs.flag('a "flag''s" name', $1) as value`, [otherwise]);
      await requests.query("rollback");
      return rows[0].value;
    };
    const set = (tenant: string | null, value: boolean) =>
      owner.query(
        `insert into enginejs.feature_flags (name, tenant, value) values ('a "flag''s" name', $1, $2)
         on conflict (name, tenant) do update set value = excluded.value`,
        [tenant, value],
      );

    test.skipIf(missing)("the tenant's setting wins over everybody's, and that over the model's", async () => {
      expect([await flag(tenants.ours, true), await flag(tenants.ours, false)]).toEqual([true, false]);
      await set(null, true);
      await set(null, true);
      expect([await flag(tenants.ours, false), await flag(null, false)]).toEqual([true, true]);
      await set(tenants.ours, false);
      expect([await flag(tenants.ours, true), await flag(tenants.theirs, false), await flag(null, false)]).toEqual([
        false,
        true,
        true,
      ]);
      // Who names a tenant that is not his gets everybody's.
      await requests.query("begin");
      await requests.query(begin, [people.nobody, tenants.ours, null]);
      const { rows } = await requests.query(`select enginejs.flag('a "flag''s" name', false) as value`);
      await requests.query("rollback");
      expect(rows[0].value).toBe(true);
    });
  });

  describe("a claim on what one is", () => {
    test.skipIf(missing).each(["system", "anonymous", "administrator", ""])(
      "%j as the kind of a request is refused",
      async (kind) => {
        await expect(request(people.owner, tenants.ours, { kind })).rejects.toMatchObject({ code: "42501" });
      },
    );
    test.skipIf(missing)("the system and nobody are what they are, whatever is said", async () => {
      for (const [role, kind] of [
        ["enginejs_system", "system"],
        ["enginejs_anonymous", "anonymous"],
      ]) {
        await requests.query("begin");
        await requests.query("select enginejs.begin_request($1, null, null, null, null, null, $2)", [
          role,
          { kind: "key" },
        ]);
        expect((await requests.query("select enginejs.actor_kind() as kind")).rows[0]).toEqual({ kind });
        await requests.query("rollback");
      }
    });
  });
});

test("without tenancy nobody is a stranger, and what is granted is granted without a tenant", async () => {
  const database = await createTestDatabase({ template: coreTemplate });
  const client = await database.client();
  const role = { of: "tenant" as const, permissions: [] };
  const roles = [
    { name: "reader", includes: [], ...role },
    { name: "editor", includes: ["reader"], ...role },
    operator,
  ];
  const system = {
    ...buildSystem({ tenancy: false, entities: { Note: { fields: { text: { type: text() } } } } }),
    roles,
  };
  const compiled = compile(system);
  const { plan } = await planBuild(client, compiled);
  await applyPlan(client, plan, { system, compiled });
  const rolesOf = async (actor: string, tenant: string | null): Promise<unknown> =>
    (await client.query("select enginejs.membership_roles($1, $2) as roles", [actor, tenant])).rows[0].roles;
  const grant = (tenant: string | null, role: string) =>
    client.query(
      "insert into enginejs.role_grants (actor, tenant, role, valid_until, reason) values ($1, $2, $3, 'infinity', 'x')",
      [people.member, tenant, role],
    );
  expect(await rolesOf(people.member, null)).toEqual([]);
  await grant(tenants.ours, "editor");
  await grant(null, "operator");
  expect(await rolesOf(people.member, null)).toEqual([]);
  await grant(null, "editor");
  // Whatever tenant a token names.
  for (const tenant of [null, tenants.theirs])
    expect(await rolesOf(people.member, tenant)).toEqual(["editor", "reader"]);
  const { rows } = await client.query(
    "insert into enginejs.service_accounts (name, roles) values ('export', '{reader,operator}') returning id",
  );
  expect(await rolesOf(rows[0].id, null)).toEqual(["reader"]);
  await client.query("update enginejs.service_accounts set disabled_at = now()");
  expect(await rolesOf(rows[0].id, null)).toEqual([]);
  // The same again is nothing to do.
  expect((await planBuild(client, compiled)).plan.empty).toBe(true);
  await database.drop();
});
