/** What the oracle has found, each as small as it gets: both sides must agree on all of it. */
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compile } from "../../src/dsl-to-sql/index.ts";
import type { System } from "../../src/model/index.ts";
import { type Answered, isDifferent } from "../../src/policy-test/compare-world.ts";
import { Stage } from "../../src/policy-test/stage.ts";
import { buildSystem, many, one, scalar, state, text } from "../dsl-to-sql/support/system-builder.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { perform, playOf } from "./support/oracle.ts";

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  client = await database.client();
  await client.query("begin");
});
afterAll(async () => {
  await client?.query("rollback");
  await database?.drop();
});

const READ = [["read", "create", "update", "delete"], "everybody", "true"] as const;

async function play(system: System): Promise<readonly Answered[]> {
  const stage = new Stage(client);
  const answers = await perform(stage, playOf(system, 1, await stage.now()));
  expect(answers.filter(isDifferent)).toEqual([]);
  return answers;
}

test("a condition in a condition, as an action's guard: the `then` of a `case` ends no `if`", async () => {
  const guard = "(row.n == null ? row.parent == null : row.n > 1) ? row.n < 3 : row.parent == null";
  const answers = await play(
    buildSystem({
      entities: {
        Thing: {
          fields: {
            n: { type: scalar("integer") },
            parent: { type: one("Thing") },
            status: { type: state(["open", "closed"], "open") },
          },
          policies: [READ],
          actions: {
            close: {
              transition: { field: "status", from: ["open"], to: "closed" },
              allow: { name: "everybody", expression: guard },
              guards: [{ expression: guard, message: "guarded" }],
            },
          },
        },
      },
    }),
  );
  const ofActions = answers.filter(({ case: { command } }) => command === "action").map(({ actual }) => actual);
  // The guards are true of some, who then are told of the state, and the rule is not true of others.
  expect(ofActions.some((actual) => actual === "EJ409" || actual.startsWith("1 row"))).toBe(true);
  expect(ofActions).toContain("42501");
});

test("the row that an upsert proposes has the side value of the row that it would replace", async () => {
  const built = buildSystem({ entities: { Thing: { fields: { n: { type: scalar("integer") } }, policies: [READ] } } });
  const entities = built.entities.map((entity) => ({
    ...entity,
    fields: entity.fields.map((field) =>
      field.name !== "n"
        ? field
        : {
            ...field,
            storage: { kind: "side", table: "thing_n", column: "n", sqlType: "integer" } as const,
            access: { read: { name: "readers", expression: "actor.id != null" } },
          },
    ),
    policies: [
      ...entity.policies,
      { name: "few", effect: "deny", commands: ["create"], actions: [], expression: "row.n <= 1" } as const,
    ].map((policy) => ({ ...policy, commands: [...policy.commands], actions: [] })),
  }));
  const answers = await play({ ...built, entities });
  expect(answers.some(({ case: { command }, actual }) => command === "insert" && actual === "42501")).toBe(true);
});

test("a way over an entity of no tenant says nothing of one's memberships of other tenants", async () => {
  const system = buildSystem({
    tenancy: true,
    entities: {
      Tenant: {
        tenant: false,
        fields: { name: { type: text(20), required: true }, memberships: { type: many("Membership", "tenant") } },
      },
      User: {
        tenant: false,
        fields: {
          name: { type: text(20), required: true },
          manager: { type: one("User") },
          memberships: { type: many("Membership", "user") },
        },
      },
      Membership: {
        fields: {
          user: { type: one("User"), required: true, unique: true },
          roles: { type: scalar("roles"), required: true },
        },
        policies: [[["read"], "who is his own manager", "row.user.manager.id == actor.id"]],
      },
    },
  });
  await play(system);
  const [person, ours, theirs] = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
  const stage = new Stage(client);
  await stage.undone(async () => {
    await stage.install(compile(system));
    await client.query(`set local role enginejs_owner;
      insert into app."user" (id, name, manager_id) values ('${person}', 'chief', '${person}');
      insert into app.tenant (id, name) values ('${ours}', 'ours'), ('${theirs}', 'theirs');
      insert into app.membership (tenant_id, user_id, roles) values ('${ours}', '${person}', '{}'), ('${theirs}', '${person}', '{}');
      reset role;
      select enginejs.begin_request('enginejs_user', '${person}', '${ours}', null, null, null)`);
    const { rows } = await client.query<{ tenant: string }>("select tenant_id as tenant from app.membership");
    expect(rows).toEqual([{ tenant: ours }]);
  });
});
