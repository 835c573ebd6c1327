/** Who may decide: a function of the build for each approval, kept for the runs that began with it, gone when nobody needs it. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { approvalFunctionName, compile } from "../../src/dsl-to-sql/index.ts";
import type { NodeOf, System, Workflow } from "../../src/model/index.ts";
import { system as systemSchema } from "../../src/model/index.ts";
import { asUser, ids, workflowOf } from "./support/invoicing-database.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

let world: WorkflowWorld;
let client: pg.Client;
beforeAll(async () => {
  world = await WorkflowWorld.make();
  client = world.client;
});
afterEach(() => world.stopWorker());
afterAll(() => world.end());

const onPay = { kind: "model", entity: "Invoice", event: "action", action: "pay" } as const;
const ask = (policy: string, id = "ask"): NodeOf<"approval"> => ({
  id,
  kind: "approval",
  policy,
  values: {},
  refused: "continue",
});
const approval = (name: string, policy: string, change: Partial<Workflow> = {}) =>
  workflowOf({ name, trigger: onPay, nodes: [ask(policy)], ...change });

/** As `enginejs sql build` does it. */
async function build(workflows: readonly Workflow[], change: Partial<System> = {}) {
  const system = systemSchema.parse({ ...world.system, ...change, workflows });
  const compiled = compile(system);
  const planned = await planBuild(client, compiled);
  await applyPlan(client, planned.plan, { system, compiled, stored: planned.stored });
  return planned;
}

const decide = (user: string, run: string, step = "ask") =>
  asUser(client, user, () => client.query("select enginejs.workflow_decide($1, $2, true)", [run, step]));
const open = (user: string) =>
  asUser(
    client,
    user,
    async () => (await client.query<{ run: string }>("select run from enginejs.workflow_approvals()")).rows,
  );
/** The functions of the workflow `name`, by schema. */
const rules = async (name: string) =>
  (
    await client.query<{ rule: string }>(
      "select pronamespace::regnamespace || '.' || proname as rule from pg_proc where starts_with(proname, $1) order by 1",
      [`may_decide_${name}_`],
    )
  ).rows.map(({ rule }) => rule);
const nameOf = (workflow: Workflow, id = "ask"): string =>
  approvalFunctionName(workflow, workflow.nodes.find((node) => node.id === id) as NodeOf<"approval">);
const forget = async () =>
  (await client.query<{ n: number }>("select enginejs.workflow_forget_rules('0') as n")).rows[0]?.n;

describe("the function of an approval", () => {
  it("belongs to the reader, and actors may not call it", async () => {
    const workflow = approval("owned", '"billing" in actor.roles');
    await build([workflow]);
    const { rows } = await client.query(
      "select proowner::regrole::text as owner, prosecdef, proconfig from pg_proc where proname = $1",
      [nameOf(workflow)],
    );
    expect(rows).toEqual([{ owner: "enginejs_reader", prosecdef: true, proconfig: ['search_path=""'] }]);
    await expect(
      asUser(client, ids.biller, () => client.query(`select app.${nameOf(workflow)}('{}')`)),
    ).rejects.toMatchObject({ code: "42501" });
    const again = await planBuild(client, compile({ ...world.system, workflows: [workflow] }));
    expect(again.plan.empty).toBe(true);
  });

  it("survives names and texts that mean something to SQL", async () => {
    const policy = `record.number != "it's $$ \\\\ '; drop table app.invoice; --" && "billing" in actor.roles`;
    const long = `a${"-very-long-name".repeat(8)}`;
    await build([approval(long, policy), approval(`${long}2`, policy), approval("orders.place", policy)]);
    await world.startWorker();
    const invoice = await world.paid();
    for (const name of [long, `${long}2`, "orders.place"]) {
      const { id } = await world.parked(name, invoice);
      await expect(decide(ids.member, id)).rejects.toMatchObject({ code: "42501" });
      await decide(ids.biller, id);
      expect(await world.ended(name, invoice)).toMatchObject({ status: "done" });
    }
  });

  it("is no stored text: what stands in a wait can name nothing but such a function", async () => {
    await build([approval("named", "false")]);
    await world.startWorker();
    const { id } = await world.parked("named", await world.paid());
    for (const policy of ["select true", "may_decide_x", "true", "workflow_find_rule", "flag", ""]) {
      await client.query("update enginejs.workflow_waits set policy = $2 where run_id = $1", [id, policy]);
      await expect(decide(ids.biller, id)).rejects.toMatchObject({ code: "EJ409" });
      expect(await open(ids.biller)).not.toContainEqual({ run: id });
    }
  });
});

describe("a condition sees", () => {
  it("a row that was made, and has no before", async () => {
    await build([
      approval("made", "event.before.id == null && event.after.number != null && record.id == event.after.id", {
        trigger: { kind: "model", entity: "Invoice", event: "create" },
        as: "system",
      }),
    ]);
    await world.startWorker();
    const invoice = await world.paid();
    await decide(ids.member, (await world.parked("made", invoice)).id);
    expect(await world.ended("made", invoice)).toMatchObject({ status: "done" });
  });

  it("permissions, flags, the time and the results of earlier steps", async () => {
    const { roles, permissions } = world.system;
    const change: Partial<System> = {
      permissions: [...permissions, { name: "invoices.approve" }],
      roles: roles.map((role) =>
        role.name === "billing" ? { ...role, permissions: [...role.permissions, "invoices.approve"] } : role,
      ),
      flags: [...world.system.flags, { name: "fourEyes", default: false }],
    };
    const policies = {
      permitted: '"invoices.approve" in actor.permissions',
      flagged: "flags.fourEyes",
      timely: 'request.time > record.createdAt && request.time - duration("1d") < record.createdAt',
      summed: "sum.amount > 10 && owner.id == actor.id",
    };
    const workflows = Object.entries(policies).map(([name, policy]) =>
      workflowOf({
        name,
        trigger: onPay,
        as: "system",
        nodes: [
          { id: "owner", kind: "crud.get", entity: "User", by: { id: "record.owner.id" }, missing: "fail" },
          { id: "sum", kind: "transform", values: { amount: "record.subtotal", on: "flags.fourEyes" } },
          ask(policy),
        ],
      }),
    );
    await build(workflows, change);
    await world.startWorker();
    const invoice = await world.paid();
    const runs: Record<string, string> = {};
    for (const name of Object.keys(policies)) runs[name] = (await world.parked(name, invoice)).id;
    await expect(decide(ids.member, runs.permitted ?? "")).rejects.toMatchObject({ code: "42501" });
    await decide(ids.biller, runs.permitted ?? "");
    await expect(decide(ids.biller, runs.flagged ?? "")).rejects.toMatchObject({ code: "42501" });
    await client.query("insert into enginejs.feature_flags (name, tenant, value) values ('fourEyes', $1, true)", [
      ids.tenant,
    ]);
    await decide(ids.biller, runs.flagged ?? "");
    await decide(ids.member, runs.timely ?? "");
    await expect(decide(ids.member, runs.summed ?? "")).rejects.toMatchObject({ code: "42501" });
    await decide(ids.biller, runs.summed ?? "");
    for (const name of Object.keys(policies))
      expect(await world.ended(name, invoice)).toMatchObject({ status: "done" });
    expect((await world.steps(runs.summed ?? "")).sum).toEqual({ amount: 1_000, on: false });
  });
  it("a value that it fails on: that hides no other approval, and is nobody's", async () => {
    const summed = (name: string, policy: string) =>
      workflowOf({
        name,
        trigger: onPay,
        as: "system",
        nodes: [{ id: "sum", kind: "transform", values: { amount: "record.subtotal" } }, ask(policy)],
      });
    const policies = {
      "too-large": "sum.amount * 9000000000000000000 > 5",
      "no-number": "sum.amount > 5",
      sound: "sum.amount > 5",
    };
    await build(Object.entries(policies).map(([name, policy]) => summed(name, policy)));
    await world.startWorker();
    const invoice = await world.paid();
    const runs: Record<string, string> = {};
    for (const name of Object.keys(policies)) runs[name] = (await world.parked(name, invoice)).id;
    // As what an earlier definition, or another model, has kept.
    await client.query(
      `update enginejs.workflow_waits set scope = jsonb_set(scope, '{value,sum,amount}', '"many"') where run_id = $1`,
      [runs["no-number"]],
    );
    const shown = (await open(ids.biller)).filter(({ run }) => Object.values(runs).includes(run));
    expect(shown).toEqual([{ run: runs.sound }]);
    for (const name of ["too-large", "no-number"])
      await expect(decide(ids.biller, runs[name] ?? "")).rejects.toMatchObject({ code: "42501" });
    await decide(ids.biller, runs.sound ?? "");
  });
});

describe("a changed policy", () => {
  const strict = approval("versions", "false");
  const open_ = approval("versions", "true");

  it("counts for new runs; those under way are asked by the one that they began with, until none is left", async () => {
    await build([strict]);
    await world.startWorker();
    const old = await world.paid();
    const { id } = await world.parked("versions", old);
    const planned = await build([open_]);
    expect(planned.plan.steps.map(({ sql }) => sql).join("\n")).not.toMatch(/drop function/);
    expect(await rules("versions")).toEqual([`app.${nameOf(open_)}`, `enginejs.${nameOf(strict)}`]);
    await expect(decide(ids.biller, id)).rejects.toMatchObject({ code: "42501" });
    const fresh = await world.paid();
    await decide(ids.member, (await world.parked("versions", fresh)).id);
    expect(await world.ended("versions", fresh)).toMatchObject({ status: "done" });
    await forget();
    expect(await rules("versions")).toHaveLength(2);
    // Nor is it anybody's object that a build would wonder about.
    expect((await planBuild(client, compile({ ...world.system, workflows: [open_] }))).drifted).toBe(false);
    await client.query("select enginejs.workflow_cancel($1, 'enough')", [id]);
    await world.ended("versions", old);
    expect(await forget()).toBe(1);
    expect(await rules("versions")).toEqual([`app.${nameOf(open_)}`]);
  });

  it("that comes back is one function again", async () => {
    await build([strict]);
    await build([open_]);
    await build([strict]);
    await build([open_]);
    const [now, ...old] = await rules("versions");
    expect(now).toBe(`app.${nameOf(open_)}`);
    expect(old).toContain(`enginejs.${nameOf(strict)}`);
    await forget();
    expect(await rules("versions")).toEqual([`app.${nameOf(open_)}`]);
  });

  it("a change elsewhere in the workflow leaves the function as it is", async () => {
    const longer = workflowOf({
      ...strict,
      nodes: [{ id: "pause", kind: "sleep", until: { ms: 50 } }, ask("false")],
      edges: [
        { from: "start", to: "pause" },
        { from: "pause", to: "ask" },
        { from: "ask", to: "end" },
      ],
    });
    expect(nameOf(longer)).toBe(nameOf(strict));
    expect(nameOf(approval("versions", "pause.x"))).not.toBe(nameOf(approval("versions", "pause.y")));
  });

  it("a run that comes to an approval whose function is gone fails and says what to do", async () => {
    const late = workflowOf({
      name: "late",
      trigger: onPay,
      nodes: [{ id: "nap", kind: "sleep", until: { ms: 3_600_000 } }, ask("true")],
    });
    await build([late]);
    await world.startWorker();
    const invoice = await world.paid();
    await world.parked("late", invoice);
    // By hand: the build keeps it.
    await client.query(`drop function app.${nameOf(late)}(jsonb)`);
    await world.wakeSleepers();
    expect(await world.ended("late", invoice)).toMatchObject({
      status: "failed",
      failed_step: "ask",
      error: expect.stringMatching(/EJS6018/),
    });
    // What was dropped by hand is put back by the next build.
    const { missing } = await build([late]);
    expect(missing).toContain(`function app.${nameOf(late)}(jsonb)`);
    expect(await rules("late")).toContain(`app.${nameOf(late)}`);
  });
});
