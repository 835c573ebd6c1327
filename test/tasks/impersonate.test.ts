/** Runs in somebody's name: his own rights, live; a stranger, or what is nobody, fails the run and is not tried again. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Workflow } from "../../src/model/index.ts";
import { startWorkflow } from "../../src/tasks/index.ts";
import { ids, workflowOf } from "./support/invoicing-database.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
beforeAll(async () => {
  world = await WorkflowWorld.make();
});
afterEach(() => world.stopWorker());
afterAll(() => world.end());

const actor = { kind: "user", id: ids.biller, tenant: ids.tenant } as const;
const who: Workflow = {
  ...workflowOf({
    name: "in-the-name-of",
    trigger: { kind: "manual" },
    as: { impersonate: "input.user" },
    nodes: [{ id: "who", kind: "transform", values: { id: "actor.id", kind: "actor.kind", roles: "actor.roles" } }],
  }),
  input: { type: "object", properties: { user: { anyOf: [{ type: "string", format: "uuid" }, { type: "null" }] } } },
};

async function runFor(user: unknown, given: Parameters<typeof startWorkflow>[2] = { actor }) {
  const run = await startWorkflow(world.client, who.name, { ...given, input: { user } });
  const ended = await world.ended(who.name, run);
  return { ...ended, steps: await world.steps(run) };
}

const person = async (): Promise<string> => {
  const { rows } = await world.client.query<{ id: string }>(
    `insert into app."user" (name, email) values ('Somebody', $1) returning id`,
    [`${randomUUID()}@example.com`],
  );
  return rows[0]?.id ?? "";
};
const refused = (words: RegExp) => ({ status: "failed", attempts: 1, error: expect.stringMatching(words), steps: {} });

describe("impersonate", () => {
  it("acts as a member, with the roles that he has now", async () => {
    await world.start([who]);
    expect(await runFor(ids.member)).toMatchObject({
      status: "done",
      steps: { who: { id: ids.member, kind: "user", roles: ["member"] } },
    });
    const newcomer = await person();
    const join = "insert into app.membership (tenant_id, user_id, roles) values ($1, $2, '{billing}')";
    await world.client.query(join, [ids.tenant, newcomer]);
    expect(await runFor(newcomer)).toMatchObject({ status: "done", steps: { who: { roles: ["billing", "member"] } } });
  });

  it("fails for a stranger in the event's tenant, also one of another tenant, and one who was a member", async () => {
    await world.start([who]);
    const stranger = await person();
    expect(await runFor(stranger)).toMatchObject(refused(/EJS6001.*is no member of the tenant/));
    const join = "insert into app.membership (tenant_id, user_id, roles) values ($1, $2, '{billing}')";
    await world.client.query(join, [ids.otherTenant, stranger]);
    expect(await runFor(stranger)).toMatchObject(refused(/EJS6001.*is no member of the tenant/));
    await world.client.query(join, [ids.tenant, stranger]);
    expect(await runFor(stranger)).toMatchObject({ status: "done" });
    await world.client.query("delete from app.membership where tenant_id = $1 and user_id = $2", [
      ids.tenant,
      stranger,
    ]);
    expect(await runFor(stranger)).toMatchObject(refused(/EJS6001.*is no member of the tenant/));
  });

  it("fails for nobody: an unknown id, null, what is no id, a service account, a tenant", async () => {
    await world.start([who]);
    const unknown = randomUUID();
    expect(await runFor(unknown)).toMatchObject(refused(new RegExp(`EJS6001.*there is no User ${unknown}`)));
    expect(await runFor(null)).toMatchObject(refused(/EJS6001.*nobody here/));
    expect(await runFor(undefined)).toMatchObject(refused(/EJS6001.*nobody here/));
    const account = await world.client.query<{ id: string }>(
      "insert into enginejs.service_accounts (tenant, name, roles) values ($1, 'robot', '{billing}') returning id",
      [ids.tenant],
    );
    expect(await runFor(account.rows[0]?.id)).toMatchObject(refused(/EJS6001.*there is no User/));
    expect(await runFor(ids.tenant)).toMatchObject(refused(/EJS6001.*there is no User/));
  });

  it("fails for what is no id", async () => {
    const properties = { id: { type: "string", format: "uuid" } };
    const input = { type: "object", properties: { user: { type: "object", properties } } };
    await world.start([{ ...who, as: { impersonate: "input.user.id" }, input }]);
    for (const id of ["not an id", "", "';--", "x".repeat(10_000)]) {
      expect(await runFor({ id })).toMatchObject(refused(/EJS60(01|16)/));
    }
    for (const id of [7, true, [ids.member], { id: ids.member }]) {
      expect(await runFor({ id })).toMatchObject(refused(/EJS60(01|16)/));
    }
    expect(await runFor({ id: ids.member })).toMatchObject({ status: "done" });
  });

  it("without a tenant acts as the person, who sees nothing of any tenant", async () => {
    const look = workflowOf({
      ...who,
      nodes: [{ id: "seen", kind: "crud.list", entity: "Customer", order: [], limit: 10 }],
      edges: [
        { from: "start", to: "seen" },
        { from: "seen", to: "end" },
      ],
    });
    await world.start([{ ...look, input: who.input as never }]);
    const system = { kind: "system", id: null, tenant: null } as const;
    expect(await runFor(ids.biller, { actor: system })).toMatchObject({
      status: "done",
      steps: { seen: { count: 0, rows: [] } },
    });
    expect(await runFor(ids.biller)).toMatchObject({ steps: { seen: { count: 1 } } });
  });
});
