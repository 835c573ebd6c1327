/** Workflows that a signal starts, and those that people start. */
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { signalWorkflow } from "../../src/tasks/index.ts";
import { asUser, ids, workflowOf } from "./support/invoicing-database.ts";
import { eventually } from "./support/worker.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
beforeAll(async () => {
  world = await WorkflowWorld.make();
});
afterEach(() => world.stopWorker());
afterAll(() => world.end());

const input = { type: "object", properties: { n: { type: "integer" } } } as const;
const shown = (name: string, trigger: Parameters<typeof workflowOf>[0]["trigger"], signal = "") =>
  workflowOf({
    name,
    trigger,
    as: "system",
    input,
    nodes: [
      signal === ""
        ? { id: "seen", kind: "transform", values: { n: "input.n" } }
        : { id: "wait", kind: "waitForSignal", signal, key: '"k"' },
    ],
  });
const events = async (workflow: string) =>
  (
    await world.client.query(
      "select input, actor ->> 'kind' as kind, actor ->> 'id' as id from enginejs.workflow_events where model = 'workflow:' || $1",
      [workflow],
    )
  ).rows;
const startAs = (user: string, workflow: string) =>
  asUser(world.client, user, () => world.client.query("select enginejs.start_workflow($1, '{\"n\": 3}')", [workflow]));

it("a signal starts each workflow whose trigger it is, and is kept for nobody then", async () => {
  await world.start([
    shown("first", { kind: "signal", signal: "go" }),
    shown("second", { kind: "signal", signal: "go" }),
    shown("waits", { kind: "manual" }, "go"),
  ]);
  expect(await signalWorkflow(world.client, "go", "k", { n: 1 })).toBe(2);
  for (const name of ["first", "second"])
    expect(await events(name)).toEqual([{ input: { n: 1 }, kind: null, id: null }]);
  const { rows } = await world.client.query("select from enginejs.workflow_signals");
  expect(rows).toEqual([]);
  expect(await signalWorkflow(world.client, "stop", "k", { n: 1 })).toBe(0);
});

it("a signal whose payload is no input fails what it starts, and says why", async () => {
  await world.start([shown("strict", { kind: "signal", signal: "strict" })]);
  for (const payload of [{ n: "three" }, { n: 1 }]) await signalWorkflow(world.client, "strict", "k", payload);
  const ended = async () =>
    (
      await world.client.query(
        "select status, error from enginejs.workflow_runs where workflow = 'strict' and finished_at is not null order by event_id",
      )
    ).rows;
  await eventually("two ends", async () => (await ended()).length === 2);
  expect(await ended()).toEqual([
    { status: "failed", error: expect.stringMatching(/EJS6016: .* strict does not fit: n: must be integer/) },
    { status: "done", error: null },
  ]);
});

it("a person starts what his roles may, as himself", async () => {
  await world.start([
    shown("bill", { kind: "manual", roles: ["billing"] }),
    shown("nobody", { kind: "manual" }),
    shown("signalled", { kind: "signal", signal: "x" }),
  ]);
  await startAs(ids.biller, "bill");
  expect(await events("bill")).toEqual([{ input: { n: 3 }, kind: "user", id: ids.biller }]);
  await expect(startAs(ids.member, "bill")).rejects.toMatchObject({ code: "42501" });
  await expect(startAs(ids.biller, "nobody")).rejects.toMatchObject({ code: "42501" });
  await expect(startAs(ids.biller, "signalled")).rejects.toMatchObject({ code: "42501" });
  await expect(startAs(ids.biller, "none")).rejects.toMatchObject({ code: "EJ404" });
  // And by no other way.
  await expect(
    asUser(world.client, ids.biller, () => world.client.query("select enginejs.workflow_start('nobody')")),
  ).rejects.toMatchObject({ code: "42501" });
});
