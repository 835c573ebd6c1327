/** Who may start, decide, publish and manage, as whom workflows act, and what leaves by webhooks: compared between two builds. */
import { describe, expect, test } from "vitest";
import { type CompiledSystem, compareAccess } from "../../src/dsl-to-sql/index.ts";
import type { System, Workflow, WorkflowNode } from "../../src/model/index.ts";
import { workflowOf } from "../tasks/support/invoicing-database.ts";
import { documentSystem, HOSTILE } from "./support/documents.ts";

const roles = (more: readonly System["roles"][number][] = [], billing: readonly string[] = []): System["roles"] => [
  { name: "billing", includes: [], of: "tenant", permissions: [...billing] },
  { name: "member", includes: [], of: "tenant", permissions: [] },
  { name: "sales", includes: [], of: "tenant", permissions: [] },
  ...more,
];

const input = { type: "object", properties: { amount: { type: "integer" } }, required: ["amount"] };
type Manual = Omit<Extract<Workflow["trigger"], { kind: "manual" }>, "kind">;

const refund = (trigger: Manual, more: Partial<Workflow> = {}): Workflow =>
  workflowOf({ name: "send-refund", trigger: { kind: "manual", ...trigger }, input, ...more });
const approval = (policy: string, id = "secondPair"): WorkflowNode => ({
  id,
  kind: "approval",
  policy,
  values: {},
  refused: "fail",
});

const model = (workflows: readonly Workflow[], more: Partial<System> = {}): System => ({
  ...documentSystem({ roles: roles() }),
  ...more,
  workflows: [...workflows],
});

/** What is compared is the model, not the statements that it becomes. */
const bare = (system: System): CompiledSystem => ({ system, statements: [], places: {}, diagnostics: [] });

/** What is told of it, one line each, and after a bar how it counts. */
function told(before: System, after: System): string[] {
  const { rights } = compareAccess(bare(before), bare(after));
  return rights.flatMap(({ says, causes }) => [
    ...says,
    ...causes.map(
      ({ verb, what, widens, consent }) =>
        `${verb} ${what}${widens === undefined ? "" : ` | ${widens}`}${consent === undefined ? "" : `: ${consent}`}`,
    ),
  ]);
}
const started = (before: Manual, after: Manual, more: Partial<System> = {}): string[] =>
  told(model([refund(before)]), model([refund(after)], more));

describe("who may start a workflow", () => {
  test("a role more, a role less, and both", () => {
    expect(started({ roles: ["sales"] }, { roles: ["billing", "sales"] })).toEqual([
      "billing may now start send-refund",
      "~ roles of workflow send-refund | some",
    ]);
    expect(started({ roles: ["billing", "sales"] }, { roles: ["sales"] })).toEqual([
      "billing may no longer start send-refund",
      "~ roles of workflow send-refund",
    ]);
    expect(started({ roles: ["sales"] }, { roles: ["billing", "member"] })).toEqual([
      "billing and member may now start send-refund",
      "sales may no longer start send-refund",
      "~ roles of workflow send-refund | some",
    ]);
  });

  test("from nobody to somebody, and back", () => {
    expect(started({}, { roles: ["billing"] })).toEqual([
      "billing may now start send-refund",
      "+ roles of workflow send-refund | some",
    ]);
    expect(started({ allow: "true" }, {})).toEqual([
      "everybody may no longer start send-refund",
      "- allow of workflow send-refund",
    ]);
    const before = refund({}, { trigger: { kind: "signal", signal: "refund" } });
    expect(told(model([before]), model([refund({ allow: "true" })]))).toEqual([
      "everybody may now start send-refund",
      "+ allow of workflow send-refund | some",
    ]);
  });

  test("the same said otherwise is none", () => {
    expect(started({ roles: ["sales"] }, { allow: '"sales" in actor.roles' })).toEqual([]);
    expect(
      started({ allow: "input.amount < 100" }, { allow: "input.amount < 100 && (true || input.amount < 5)" }),
    ).toEqual([]);
    expect(started({ roles: ["sales", "billing"] }, { roles: ["billing", "sales"] })).toEqual([]);
  });

  test("by a condition: what the text proves is said, what it does not is changed", () => {
    expect(started({ roles: ["sales"] }, { roles: ["sales"], allow: "input.amount < 100" })).toEqual([
      "billing, member and whoever has no role may now start send-refund, where the condition holds",
      "+ allow of workflow send-refund | unknown",
    ]);
    expect(started({ allow: "input.amount < 100" }, { allow: "input.amount < 1000" })).toEqual([
      "whether everybody may start send-refund changed",
      "~ allow of workflow send-refund | unknown",
    ]);
    expect(started({ allow: "input.amount < 100" }, { allow: 'input.amount < 100 && "sales" in actor.roles' })).toEqual(
      ["billing, member and whoever has no role may no longer start send-refund", "~ allow of workflow send-refund"],
    );
  });

  test("by what a role includes or carries", () => {
    const including = roles().map((role) => (role.name === "billing" ? { ...role, includes: ["sales"] } : role));
    expect(started({ roles: ["sales"] }, { roles: ["sales"] }, { roles: including })).toEqual([
      "billing may now start send-refund",
      "~ role billing | some",
    ]);
    const allow = '"Document.pay" in actor.permissions';
    expect(started({ allow }, { allow }, { roles: roles([], ["Document.pay"]) })).toEqual([
      "billing may now start send-refund",
      "~ role billing | some",
    ]);
    const auditor = { name: "auditor", includes: ["sales"], of: "tenant" as const, permissions: [] };
    expect(started({ roles: ["sales"] }, { roles: ["sales"] }, { roles: roles([auditor]) })).toEqual([]);
  });

  test("a new workflow widens nothing, and one that is gone neither", () => {
    expect(told(model([]), model([refund({ roles: ["billing"] })]))).toEqual([]);
    expect(told(model([refund({ roles: ["billing"] })]), model([]))).toEqual([]);
  });

  test("a process that is a function is everybody's, unless it says whose", () => {
    const sync = { execution: "sync" } as const;
    expect(told(model([refund({ roles: ["sales"] }, sync)]), model([refund({}, sync)]))).toEqual([
      "billing, member and whoever has no role may now start send-refund",
      "- roles of workflow send-refund",
      "+ start of workflow send-refund | some",
    ]);
  });
});

describe("what else starts a workflow", () => {
  const by = (trigger: Workflow["trigger"], as: Workflow["as"] = "system"): System =>
    model([refund({}, { trigger, as })], { queues: [{ name: "stock-moves" }] });
  const bank = (secret: string, path = "bank"): Workflow["trigger"] => ({
    kind: "webhook",
    path,
    secret,
    scheme: "stripe",
    toleranceMs: 300_000,
  });
  const sales: Workflow["trigger"] = { kind: "manual", roles: ["sales"] };
  const trigger = "~ trigger of workflow send-refund";

  test("what people started becomes a webhook: whoever has its secret, and nobody by his role", () => {
    expect(told(by(sales), by(bank("BANK_SECRET")))).toEqual([
      "sales may no longer start send-refund",
      "- roles of workflow send-refund",
      "whoever signs requests to /webhooks/bank with BANK_SECRET may now start send-refund",
      `${trigger} | unknown`,
    ]);
    expect(told(by(bank("BANK_SECRET")), by(sales))).toEqual([
      "sales may now start send-refund",
      "+ roles of workflow send-refund | some",
      "whoever signs requests to /webhooks/bank with BANK_SECRET may no longer start send-refund",
      trigger,
    ]);
  });

  test("another secret is somebody else's, another path is not", () => {
    expect(told(by(bank("A")), by(bank("B")))).toEqual([
      "whoever signs requests to /webhooks/bank with B may now start send-refund",
      "whoever signs requests to /webhooks/bank with A may no longer start send-refund",
      `${trigger} | unknown`,
    ]);
    expect(told(by(bank("A")), by(bank("A", "other")))).toEqual([]);
  });

  test("messages and rows; with his own rights nobody gains, the clock is nobody", () => {
    const created: Workflow["trigger"] = { kind: "model", entity: "Document", event: "create" };
    const hourly: Workflow["trigger"] = { kind: "interval", everyMs: 3_600_000, catchUp: "one" };
    expect(told(by(hourly), by({ kind: "queue", queue: "stock-moves" }))).toEqual([
      "whoever publishes to stock-moves may now start send-refund",
      `${trigger} | unknown`,
    ]);
    expect(told(by(hourly), by(created))).toEqual([
      "whoever writes Document may now start send-refund",
      `${trigger} | unknown`,
    ]);
    expect(told(by(created), by({ ...created, event: "delete" }))).toEqual([]);
    expect(told(by(hourly, "inherit"), by(created, "inherit"))).toEqual([]);
    expect(told(by(created, "inherit"), by(created))).toEqual([
      "send-refund now acts as the system, past every policy",
      "~ actor of workflow send-refund | some",
    ]);
    expect(told(by(created), by(hourly))).toEqual(["whoever writes Document may no longer start send-refund", trigger]);
  });

  test("it asks for the consent of the workflow's name", () => {
    const consents = [{ subject: "workflows.send-refund", why: HOSTILE }];
    expect(told(by(sales), { ...by(bank("A")), consents }).at(-1)).toBe(`${trigger} | unknown: ${HOSTILE}`);
  });
});

describe("a workflow with another name is not a new one", () => {
  const nodes: Workflow["nodes"] = [
    { id: "start", kind: "start" },
    { id: "pay", kind: "task", task: "pay", input: {} },
    { id: "end", kind: "end" },
  ];
  const edges: Workflow["edges"] = [
    { from: "start", to: "pay" },
    { from: "pay", to: "end" },
  ];
  const named = (name: string, manual: Manual, more: Partial<Workflow> = {}): Workflow => ({
    ...refund(manual, { nodes, edges, ...more }),
    name,
  });

  test("who gains by the way is told, who does not is none", () => {
    const before = model([named("send-refund", { roles: ["sales"] })]);
    expect(told(before, model([named("pay-back", { roles: ["sales"] })]))).toEqual([]);
    expect(told(before, model([named("pay-back", { roles: ["billing", "sales"] }, { as: "system" })]))).toEqual([
      "billing may now start pay-back",
      "- roles of workflow send-refund",
      "+ roles of workflow pay-back | some",
      "pay-back now acts as the system, past every policy",
      "~ actor of workflow pay-back | some",
    ]);
    const other = nodes.map((node) => (node.kind === "task" ? { ...node, input: { amount: "input.amount" } } : node));
    expect(told(before, model([named("pay-back", { allow: "true" }, { nodes: other })]))[0]).toBe(
      "billing, member and whoever has no role may now start pay-back",
    );
  });

  test("other steps make another workflow; one beside the old one is new", () => {
    const before = model([named("send-refund", { roles: ["sales"] })]);
    const other = nodes.map((node) => (node.id === "pay" ? { ...node, id: "remind" } : node));
    expect(told(before, model([named("pay-back", { allow: "true" }, { nodes: other })]))).toEqual([]);
    const beside = [named("pay-back", { allow: "true" }), named("send-refund", { roles: ["sales"] })];
    expect(told(before, model(beside))).toEqual([]);
    const bare: Partial<Workflow> = { nodes: [{ id: "start", kind: "start" }], edges: [] };
    expect(told(model([named("a", {}, bare)]), model([named("b", { allow: "true" }, bare)]))).toEqual([]);
  });
});

describe("who decides an approval", () => {
  const asked = (policy: string, id?: string): System =>
    model([refund({ roles: ["sales"] }, { nodes: [approval(policy, id)] })]);
  const sales = '"sales" in actor.roles';

  test("roles, and a condition over the run", () => {
    expect(told(asked(sales), asked(`${sales} || "billing" in actor.roles`))).toEqual([
      "billing may now decide secondPair of send-refund",
      "~ policy of approval secondPair of workflow send-refund | some",
    ]);
    expect(told(asked(`${sales} && input.amount > 5`), asked(`${sales} && input.amount > 7`))).toEqual([
      "whether sales may decide secondPair of send-refund changed",
      "~ policy of approval secondPair of workflow send-refund | unknown",
    ]);
    expect(told(asked(sales), asked(`${sales} && input.amount > 7`))).toEqual([
      "sales may decide secondPair of send-refund in fewer cases than before",
      "~ policy of approval secondPair of workflow send-refund",
    ]);
  });

  test("one that is gone asks nobody; under another name it is the same", () => {
    expect(told(asked(sales), model([refund({ roles: ["sales"] })]))).toEqual([
      "send-refund asks nobody for secondPair any more",
      "- approval secondPair of workflow send-refund | unknown",
    ]);
    expect(told(asked(sales), asked(sales, "fourEyes"))).toEqual([]);
    expect(told(asked(sales), asked('"billing" in actor.roles', "fourEyes"))).toHaveLength(2);
  });
});

test("as whom a workflow acts", () => {
  const as = (mode: Workflow["as"]): System => model([refund({ roles: ["sales"] }, { as: mode })]);
  const impersonate = (expression: string): System => as({ impersonate: expression });
  const who = "~ actor of workflow send-refund";
  expect(told(as("inherit"), as("system"))).toEqual([
    "send-refund now acts as the system, past every policy",
    `${who} | some`,
  ]);
  expect(told(as("system"), as("inherit"))).toEqual(["send-refund now acts as whoever causes it", who]);
  expect(told(impersonate("input.a"), impersonate("input.b"))).toEqual([
    "send-refund now acts as somebody else: input.b",
    `${who} | unknown`,
  ]);
  expect(told(as("inherit"), impersonate("input.b"))[1]).toBe(`${who} | unknown`);
  expect(told(as("system"), impersonate("input.b"))[1]).toBe(who);
  expect(told(impersonate("input.b"), as("inherit"))[1]).toBe(who);
});

test("who publishes to a queue", () => {
  const queue = (publishers?: string[]): System =>
    model([], { queues: [{ name: "stock-moves", ...(publishers === undefined ? {} : { publishers }) }] });
  expect(told(queue(), queue(["sales"]))).toEqual([
    "sales may now publish to stock-moves",
    "+ publishers of queue stock-moves | some",
  ]);
  expect(told(queue(["billing", "sales"]), queue(["sales"]))).toEqual([
    "billing may no longer publish to stock-moves",
    "~ publishers of queue stock-moves",
  ]);
  expect(told(model([]), queue(["sales"]))).toEqual([]);
});

test("which events leave by webhooks, who manages endpoints, and where these may be", () => {
  const event = (action: string) => ({ name: `Document.${action}`, entity: "Document", action });
  const hooks = (change: Partial<NonNullable<System["webhooks"]>> = {}): System =>
    model([], {
      queues: [{ name: "stock-moves" }],
      webhooks: { events: [event("pay")], manage: ["billing"], privateHosts: [], ...change },
    });
  const queued = { name: "stock-moves", queue: "stock-moves" };
  expect(told(hooks(), hooks({ events: [event("send"), queued] }))).toEqual([
    "webhook endpoints may now be sent Document.send, stock-moves",
    "webhook endpoints may no longer be sent Document.pay",
    "~ events of webhooks | some",
  ]);
  expect(told(hooks(), hooks({ manage: ["billing", "sales"], privateHosts: ["localhost"] }))).toEqual([
    "sales may now manage webhook endpoints",
    "~ manage of webhooks | some",
    "webhook endpoints may now be at localhost",
    "~ privateHosts of webhooks | some",
  ]);
  // What leaves now was there before: the first offer widens, too. Rows and messages that are new were nobody's.
  expect(told(model([], { queues: [{ name: "stock-moves" }] }), hooks({ events: [event("pay"), queued] }))).toEqual([
    "webhook endpoints may now be sent Document.pay, stock-moves",
    "~ events of webhooks | some",
    "billing may now manage webhook endpoints",
    "+ manage of webhooks | some",
  ]);
  expect(told(model([]), hooks({ events: [queued] }))).toHaveLength(2);
  expect(told(hooks(), model([]))).toEqual([
    "webhook endpoints may no longer be sent Document.pay",
    "~ events of webhooks",
    "billing may no longer manage webhook endpoints",
    "- manage of webhooks",
  ]);
});

test("consents count by the workflow's name, once each", () => {
  const wider = (consents: Record<string, string>): System =>
    model([refund({ roles: ["billing", "sales"] }, { as: "system" })], {
      consents: Object.entries(consents).map(([subject, why]) => ({ subject, why })),
    });
  const before = model([refund({ roles: ["sales"] })]);
  expect(told(before, wider({ "workflows.send-refund": HOSTILE }))).toEqual([
    "billing may now start send-refund",
    `~ roles of workflow send-refund | some: ${HOSTILE}`,
    "send-refund now acts as the system, past every policy",
    `~ actor of workflow send-refund | some: ${HOSTILE}`,
  ]);
  const taken = { ...before, consents: [{ subject: "workflows.send-refund", why: "x" }] };
  expect(told(taken, wider({ "workflows.send-refund": "x" }))[1]).toBe("~ roles of workflow send-refund | some");
  expect(told(before, wider({ "workflows.other": "x" }))[1]).toBe("~ roles of workflow send-refund | some");
});
