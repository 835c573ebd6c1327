/** Rows whose events hold the key alone: what starts for them, in which order and as whom is decided by their small values. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { defineTask } from "../../src/dsl/task.ts";
import { NonRetryableError } from "../../src/tasks/index.ts";
import { ids, workflowOf } from "./support/invoicing-database.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
beforeAll(async () => {
  world = await WorkflowWorld.make();
  await world.client.query("alter table app.invoice add column note text");
  const boom = defineTask({
    run() {
      throw new NonRetryableError("no");
    },
  });
  const model = { kind: "model", entity: "Invoice" } as const;
  await world.start(
    [
      workflowOf({
        name: "made",
        as: "system",
        trigger: { ...model, event: "create", condition: 'after.number == "l-1"' },
      }),
      workflowOf({
        name: "renumbered",
        trigger: { ...model, event: "update", condition: "before.number != after.number" },
        as: { impersonate: "event.before.owner.id" },
        nodes: [{ id: "who", kind: "transform", values: { id: "actor.id", number: "event.after.number" } }],
      }),
      workflowOf({
        name: "ended",
        as: "system",
        trigger: { ...model, event: "delete", condition: 'before.owner.id != null && before.number.startsWith("d-")' },
        options: { ordered: { by: { key: "event.before.number" }, onFailure: "halt" } },
        nodes: [{ id: "work", kind: "task", task: "boom", input: {} }],
      }),
    ],
    { boom },
  );
});
afterAll(() => world.end());

async function large(number: string): Promise<string> {
  const { rows } = await world.client.query<{ id: string }>(
    "insert into app.invoice (tenant_id, number, owner_id, customer_id, note) values ($1, $2, $3, $4, repeat('é', 40000)) returning id",
    [ids.tenant, number, ids.biller, ids.customer],
  );
  return rows[0]?.id ?? "";
}
const payload = async (record: string) =>
  (
    await world.client.query(
      "select action, before, after, small_values from enginejs.workflow_events where record_id = $1 order by id",
      [record],
    )
  ).rows;

it("a condition sees them, and whom a run is to act as", async () => {
  const [wanted, other] = [await large("l-1"), await large("l-2")];
  await world.client.query("update app.invoice set number = number || 'b' where id = $1", [wanted]);
  expect(await world.ended("made", wanted)).toMatchObject({ status: "done" });
  const run = await world.ended("renumbered", wanted);
  expect(run).toMatchObject({ status: "done", error: null });
  // Steps see the key alone.
  expect(await world.steps(run.id)).toMatchObject({ who: { id: ids.biller, number: null } });
  expect(await world.run("made", other)).toBeUndefined();
  const key = { id: wanted, tenant_id: ids.tenant };
  const [create, update] = await payload(wanted);
  expect(create).toMatchObject({ after: key, small_values: { after: { number: "l-1" } } });
  expect(Object.keys(create.after)).toHaveLength(2);
  expect(create.small_values.after).not.toHaveProperty("note");
  expect(update).toMatchObject({
    before: key,
    after: key,
    small_values: { before: { number: "l-1" }, after: { number: "l-1b" } },
  });
});

it("the keys of turns see them: one that has failed holds up no other key", async () => {
  const [first, second] = [await large("d-1"), await large("d-2")];
  await world.client.query("delete from app.invoice where id = any ($1)", [[first, second]]);
  for (const record of [first, second]) expect(await world.ended("ended", record)).toMatchObject({ status: "failed" });
  const { rows } = await world.client.query("select order_key from enginejs.workflow_turns order by 1");
  expect(rows).toEqual([{ order_key: `${ids.tenant}/d-1` }, { order_key: `${ids.tenant}/d-2` }]);
});
