/** What administrators do is a line, in the transaction of what they do, which nobody changes afterwards. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApiKey } from "../../src/database/api-key.ts";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { recordAdministration } from "../../src/database/record-administration.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { invoicing } from "../dsl-to-sql/support/invoicing.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const actor = "11111111-1111-4111-8111-111111111111";
const tenant = "22222222-2222-4222-8222-222222222222";

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  client = await database.client();
});
afterAll(() => database.drop());

interface Line {
  readonly login: string;
  readonly kind: string;
  readonly actor: string | null;
  readonly tenant: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into details of every shape
  readonly detail: any;
}

const lines = async (): Promise<Line[]> =>
  (await client.query("select login, kind, actor, tenant, detail from enginejs.administration_log order by id")).rows;

/** The lines that `act` adds. */
async function added(act: () => Promise<unknown>): Promise<Line[]> {
  const before = (await lines()).length;
  await act();
  return (await lines()).slice(before);
}
const asOwner = async (sql: string, values: unknown[] = []): Promise<pg.QueryResult> => {
  await client.query("begin");
  try {
    await client.query("set local role enginejs_owner");
    const result = await client.query(sql, values);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
};

describe("each kind of thing that administrators do", () => {
  test("the core's own migration", async () => {
    const detail = { file: "000001.sql", hash: expect.stringMatching(/^sha1:/) };
    expect(await lines()).toMatchObject([{ kind: "migration", detail }]);
  });

  test("a build, with the policies and rights that it changed by name", async () => {
    const system = invoicing();
    const build = async (next: typeof system) => {
      const compiled = compile(next);
      const { plan, stored } = await planBuild(client, compiled);
      await applyPlan(client, plan, { system: next, compiled, stored });
    };
    const first = await added(() => build(system));
    expect(first).toMatchObject([
      { kind: "build", login: client.user, detail: { build: 1, statements: expect.any(Number) } },
    ]);
    const objects = first[0]?.detail.authorization.map((step: { object: string }) => step.object);
    expect(objects).toContain("policy app.invoice.actor_select");
    const changed = structuredClone(system);
    const policy = changed.entities
      .find((entity) => entity.name === "Invoice")
      ?.policies.find(({ commands }) => commands.includes("read"));
    if (!policy) throw new TypeError("the test's model has changed");
    policy.expression = `(${policy.expression}) && actor.id != null`;
    const second = await added(() => build(changed));
    expect(second).toHaveLength(1);
    expect(second[0]?.detail.authorization).toContainEqual(
      expect.objectContaining({ object: "policy app.invoice.actor_select" }),
    );
    expect(await added(() => build(changed))).toEqual([]);
  });

  test("grants, keys, accounts and flags, also by hand", async () => {
    const key = createApiKey();
    const steps: readonly (readonly [kind: string, sql: string, values?: unknown[]])[] = [
      [
        "grant.create",
        "insert into enginejs.role_grants (actor, tenant, role, valid_until, reason) values ($1, $2, 'billing', 'infinity', 'a ''test''')",
        [actor, tenant],
      ],
      ["grant.change", "update enginejs.role_grants set valid_until = '2100-01-01'"],
      ["grant.revoke", "update enginejs.role_grants set revoked_at = now()"],
      ["grant.delete", "delete from enginejs.role_grants"],
      [
        "service_account.create",
        "insert into enginejs.service_accounts (id, tenant, name) values ($1, $2, 'export')",
        [actor, tenant],
      ],
      [
        "key.create",
        "insert into enginejs.api_keys (name, prefix, hash, service_account) values ('k', $1, $2, $3)",
        [key.prefix, key.hash, actor],
      ],
      ["key.revoke", "update enginejs.api_keys set revoked_at = now()"],
      ["service_account.disable", "update enginejs.service_accounts set disabled_at = now()"],
      ["flag.create", "insert into enginejs.feature_flags (name, tenant, value) values ('beta', $1, true)", [tenant]],
      ["flag.change", "update enginejs.feature_flags set value = false"],
      ["flag.delete", "delete from enginejs.feature_flags"],
    ];
    for (const [kind, sql, values] of steps) {
      const [line, ...more] = await added(() => asOwner(sql, values));
      expect(more, kind).toEqual([]);
      expect(line, kind).toMatchObject({ kind, login: client.user });
      if (!kind.startsWith("flag") && kind !== "key.revoke") expect(line?.actor, kind).toBe(actor);
      if (!kind.startsWith("key")) expect(line?.tenant, kind).toBe(tenant);
    }
    expect(await added(() => asOwner("update enginejs.api_keys set last_used_at = now()"))).toEqual([]);
    expect(await added(() => asOwner("update enginejs.api_keys set name = name, revoked_at = revoked_at"))).toEqual([]);
    const log = JSON.stringify(await lines());
    expect(log).toContain(key.prefix);
    expect(log).not.toContain(key.hash.toString("hex"));
  });

  test("acting as somebody else", async () => {
    const entry = { kind: "impersonation", actor, tenant, detail: { command: "explain", note: "'$$\"\\" } } as const;
    expect(await added(() => recordAdministration(client, entry))).toEqual([{ ...entry, login: client.user }]);
  });

  test("what is rolled back was not done", async () => {
    const nothing = added(async () => {
      await client.query("begin");
      await client.query("insert into enginejs.feature_flags (name, value) values ('x', true)");
      await client.query("rollback");
    });
    expect(await nothing).toEqual([]);
  });
});

describe("nobody changes it", () => {
  const commands = [
    "update enginejs.administration_log set kind = 'x'",
    "delete from enginejs.administration_log",
    "truncate enginejs.administration_log",
  ];
  test.each(commands)("%s is refused to the owner and to a superuser", async (command) => {
    const before = await lines();
    await expect(client.query(command)).rejects.toMatchObject({ code: "42501" });
    await expect(asOwner(command)).rejects.toMatchObject({ code: "42501" });
    // The right alone is not what stops him.
    const granted = `grant update, delete, truncate on enginejs.administration_log to enginejs_owner; ${command}`;
    await expect(asOwner(granted)).rejects.toMatchObject({
      code: "42501",
      message: expect.stringContaining("is refused"),
    });
    expect(await lines()).toEqual(before);
  });

  test.each(["feature_flags", "service_accounts", "api_keys", "role_grants"])(
    "%s is not emptied without a record",
    async (table) => {
      await expect(asOwner(`truncate enginejs.${table} cascade`)).rejects.toMatchObject({ code: "42501" });
    },
  );

  const others = [
    "enginejs_anonymous",
    "enginejs_user",
    "enginejs_system",
    "enginejs_action",
    "enginejs_reader",
    "enginejs_writer",
  ];
  test.each(others)("%s neither reads nor writes it", async (role) => {
    for (const command of [
      "select from enginejs.administration_log",
      "insert into enginejs.administration_log (kind) values ('x')",
      "select enginejs.record_administration('impersonation', null, null, '{}')",
      ...commands,
    ]) {
      await client.query("begin");
      await client.query(`set local role ${role}`);
      await expect(client.query(command), command).rejects.toMatchObject({ code: "42501" });
      await client.query("rollback");
    }
  });
});
