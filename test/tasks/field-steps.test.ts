/** Steps that write fields with a table of their own, as the run's actor. */
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureLogins } from "../../src/database/logins.ts";
import { type RunningWorker, startWorker } from "../../src/tasks/index.ts";
import { people, tenants } from "../dsl-to-sql/support/invoicing-database.ts";
import { buildPersonnel, employees, personnel } from "../dsl-to-sql/support/personnel.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { workflowOf } from "./support/invoicing-database.ts";
import { eventually } from "./support/worker.ts";

let database: TestDatabase;
let client: pg.Client;
let worker: RunningWorker | undefined;
let logins: readonly string[] = [];

const created = { kind: "model", entity: "Employee", event: "create" } as const;

beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  client = await database.client();
  const system = personnel();
  system.workflows = [
    workflowOf({
      name: "hire-assistant",
      trigger: { ...created, condition: 'after.name == "director"' },
      nodes: [
        {
          id: "assistant",
          kind: "crud.create",
          entity: "Employee",
          values: { name: '"assistant"', manager: "record.manager.id", salary: "100 + 1" },
        },
        {
          id: "raise",
          kind: "crud.update",
          entity: "Employee",
          row: "record.id",
          values: { salary: "assistant.salary * 10", name: '"paid director"' },
        },
      ],
    }),
    workflowOf({
      name: "pay-out",
      trigger: { ...created, condition: 'after.name == "secret"' },
      nodes: [{ id: "give", kind: "crud.update", entity: "Employee", row: "record.id", values: { iban: '"DE1"' } }],
    }),
    workflowOf({
      name: "on-raise",
      as: "system",
      trigger: { kind: "model", entity: "Employee", event: "update" },
      nodes: [{ id: "note", kind: "log", level: "info", message: "raised", values: {} }],
    }),
  ];
  await buildPersonnel(client, system);
  const { workerUrl, serverUrl } = await ensureLogins(database.administratorUrl);
  logins = [workerUrl, serverUrl].map((url) => decodeURIComponent(new URL(url).username));
  const nothing = () => undefined;
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  worker = await startWorker({ url: workerUrl, tasks: new Map(), log, patience: 3_000 });
});
afterAll(async () => {
  await worker?.stop();
  const administrator = await database.administrator();
  for (const login of logins) {
    const name = administrator.escapeIdentifier(login);
    await administrator.query(`drop owned by ${name}; drop role ${name}`);
  }
  await database?.drop();
});

/** As the manager, who may hire and pay those whom he manages. */
async function hire(name: string): Promise<string> {
  await client.query("begin");
  await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 't')", [
    people.owner,
    tenants.ours,
  ]);
  const { rows } = await client.query("select id from app.create_employee($1)", [
    JSON.stringify({ name, manager_id: people.owner }),
  ]);
  await client.query("commit");
  return rows[0].id;
}

const outcomeOf = (record: string) =>
  eventually(`an end for ${record}`, async () => {
    const { rows } = await client.query(
      "select status, error from enginejs.workflow_events_outbox where record_id = $1 and action = 'create'",
      [record],
    );
    return ["done", "failed"].includes(rows[0]?.status)
      ? (rows[0] as { status: string; error: string | null })
      : undefined;
  });

test("a step makes and changes rows with such fields, with the rights of whoever caused it", async () => {
  const id = await hire("director");
  expect(await outcomeOf(id)).toEqual({ status: "done", error: null });
  const { rows } = await client.query(
    `select e.name, s.salary::int from app.employee e join app.employee_salary s using (tenant_id, id)
      where e.id = $1 or e.name = 'assistant' order by e.name`,
    [id],
  );
  expect(rows).toEqual([
    { name: "assistant", salary: 101 },
    { name: "paid director", salary: 1010 },
  ]);
});

test("what he may not give, his run may not give", async () => {
  const outcome = await outcomeOf(await hire("secret"));
  expect(outcome.status).toBe("failed");
  expect(outcome.error).toMatch(/may not update Employee: Employee\.iban is for: billing only/);
});

test("a change of such a field alone starts what follows an update", async () => {
  await client.query("begin; set local role enginejs_owner");
  await client.query("update app.employee_salary set salary = 1234 where id = $1", [employees.worker]);
  await client.query("commit");
  const { rows } = await eventually("the end of the update's run", async () => {
    const found = await client.query(
      "select status, changed, after from enginejs.workflow_events_outbox where record_id = $1 and action = 'update' order by id desc limit 1",
      [employees.worker],
    );
    return found.rows[0]?.status === "done" ? found : undefined;
  });
  expect(rows).toEqual([
    { status: "done", changed: ["salary"], after: { tenant_id: tenants.ours, id: employees.worker } },
  ]);
});
