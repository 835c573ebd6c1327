/** The workflows of the storm, and what must have become of each run of theirs. */
import type { Retry, Workflow, WorkflowNode } from "../../../src/model/index.ts";
import { workflowOf } from "./invoicing-database.ts";

export interface Shape {
  /** The name of the customer whose row starts it; of a team for those without a condition. */
  readonly name: string;
  readonly ends: "done" | "failed";
  /** Names of the customers that a run of it makes, one each, all with the email of the row that began it. */
  readonly effects: readonly string[];
}

/** PostgreSQL is away again and again: a failure for good is that of a step alone. */
const patient: Retry = { attempts: 60, backoff: "exponential", initialMs: 20, maxMs: 500 };
const few: Retry = { attempts: 3, backoff: "fixed", initialMs: 20, maxMs: 20 };

const work = (id: string, task = "storm-work", retry?: Retry): WorkflowNode => ({
  id,
  kind: "task",
  task,
  input: { email: "record.email" },
  ...(retry && { retry }),
});
const effect = (id: string, name: string, email = "record.email"): WorkflowNode => ({
  id,
  kind: "crud.create",
  entity: "Customer",
  values: { name: JSON.stringify(name), email },
});
const chain = (nodes: WorkflowNode[]) => ({
  nodes,
  edges: nodes.slice(1).map((node, i) => ({ from: nodes[i]?.id ?? "", to: node.id })),
});

const onCustomer = (name: string, nodes: WorkflowNode[], change: Partial<Workflow> = {}): Workflow =>
  workflowOf({
    name,
    as: "system",
    retry: patient,
    trigger: { kind: "model", entity: "Customer", event: "create", condition: `after.name == "${name}"` },
    nodes,
    ...change,
  });

const byHand = (name: string, nodes: WorkflowNode[], change: Partial<Workflow> = {}): Workflow => ({
  ...workflowOf({ name, as: "system", retry: patient, trigger: { kind: "manual" }, nodes, ...change }),
  input: { type: "object", properties: { email: { type: "string" }, key: { type: "string" }, n: { type: "integer" } } },
});

const child = byHand("errand", [
  { id: "nap", kind: "sleep", until: { ms: 30 } },
  { id: "work", kind: "task", task: "storm-work", input: { email: "input.email" } },
  effect("made", "of an errand", "input.email"),
]);

const keyed = (name: string, options: Workflow["options"]): Workflow =>
  byHand(name, [{ id: "work", kind: "task", task: "storm-work", input: { key: "input.key", n: "input.n" } }], {
    options,
  });

/** Those that take turns, started by hand with a key and a number. */
export const turnWorkflows = ["in-order", "few-at-once"];

/** A tick a second, each emitted once, whatever there was nobody for. */
const ticking = workflowOf({
  name: "ticking",
  as: "system",
  retry: patient,
  trigger: { kind: "interval", everyMs: 1_000, catchUp: { most: 1_000 } },
  nodes: [{ id: "said", kind: "log", level: "debug", message: "tick", values: {} }],
});

export const stormShapes: readonly Shape[] = [
  { name: "steps", ends: "done", effects: ["of steps"] },
  { name: "shaky", ends: "done", effects: ["of shaky"] },
  { name: "sleeper", ends: "done", effects: ["of a sleeper"] },
  { name: "listener", ends: "done", effects: ["of a listener"] },
  { name: "parent", ends: "done", effects: ["of a parent", "of an errand"] },
  { name: "loop", ends: "done", effects: ["of item 1", "of item 2", "of item 3"] },
  { name: "arms", ends: "done", effects: ["of the left", "of the right", "of both"] },
  { name: "undone", ends: "failed", effects: ["to be undone", "undoing"] },
  { name: "broken", ends: "failed", effects: ["before it breaks"] },
];

export const stormWorkflows: readonly Workflow[] = [
  onCustomer("steps", [work("first"), effect("made", "of steps"), work("second"), work("third")]),
  onCustomer("shaky", [work("first"), work("shaky", "storm-shaky"), effect("made", "of shaky")]),
  onCustomer("sleeper", [
    { id: "nap", kind: "sleep", until: { ms: 150 } },
    effect("made", "of a sleeper"),
    { id: "again", kind: "sleep", until: { ms: 50 } },
    work("last"),
  ]),
  onCustomer("listener", [
    work("first"),
    { id: "heard", kind: "waitForSignal", signal: "go", key: "record.id" },
    effect("made", "of a listener"),
  ]),
  onCustomer("parent", [
    { id: "sub", kind: "startWorkflow", workflow: "errand", input: { email: "record.email" }, wait: true },
    effect("made", "of a parent"),
  ]),
  onCustomer("loop", [
    {
      id: "each",
      kind: "forEach",
      items: "[1, 2, 3]",
      item: { schema: { type: "integer" } },
      as: "item",
      limit: 2,
      body: chain([
        work("inner"),
        { id: "nap", kind: "sleep", until: { ms: 20 } },
        {
          id: "which",
          kind: "branch",
          cases: [
            { port: "one", when: "itemIndex == 0" },
            { port: "two", when: "itemIndex == 1" },
          ],
          else: "other",
        },
      ]),
    },
  ]),
  onCustomer("arms", [], {
    nodes: [
      { id: "start", kind: "start" },
      { id: "both", kind: "parallel", ports: ["left", "right"] },
      work("leftWork", "storm-shaky"),
      effect("leftMade", "of the left"),
      { id: "rightNap", kind: "sleep", until: { ms: 60 } },
      effect("rightMade", "of the right"),
      effect("together", "of both"),
      { id: "end", kind: "end" },
    ],
    edges: [
      { from: "start", to: "both" },
      { from: "both", port: "left", to: "leftWork" },
      { from: "leftWork", to: "leftMade" },
      { from: "both", port: "right", to: "rightNap" },
      { from: "rightNap", to: "rightMade" },
      { from: "leftMade", to: "together" },
      { from: "rightMade", to: "together" },
      { from: "together", to: "end" },
    ],
  }),
  onCustomer("undone", [
    effect("made", "to be undone"),
    work("then"),
    { id: "stop", kind: "fail", error: "Enough", values: {} },
  ]),
  onCustomer("broken", [effect("made", "before it breaks"), work("breaks", "storm-broken", few)]),
  child,
  keyed("in-order", { ordered: { by: { key: "input.key" }, onFailure: "halt" } }),
  keyed("few-at-once", { concurrency: { limit: 2, key: "input.key" } }),
  ticking,
].map(finished);

/** What the flow of nodes above cannot say in one line. */
function finished(workflow: Workflow): Workflow {
  if (workflow.name === "undone") {
    const body = chain([{ id: "rest", kind: "sleep", until: { ms: 30 } }, effect("undo", "undoing"), work("told")]);
    return { ...workflow, nodes: [...workflow.nodes, { id: "undoMade", kind: "compensate", of: "made", body }] };
  }
  if (workflow.name === "loop") {
    const nodes = workflow.nodes.map((node): WorkflowNode => {
      if (node.kind !== "forEach") return node;
      const made = [1, 2, 3].map((n) => effect(`made${n}`, `of item ${n}`));
      const ports = ["one", "two", "other"];
      return {
        ...node,
        body: {
          nodes: [...node.body.nodes, ...made],
          edges: [...node.body.edges, ...made.map(({ id }, i) => ({ from: "which", port: ports[i] ?? "", to: id }))],
        },
      };
    });
    return { ...workflow, nodes };
  }
  return workflow;
}

/** Without conditions and turns, the relay takes events by a single statement: these alone have none. */
export const plainShapes: readonly Shape[] = [
  { name: "plain-steps", ends: "done", effects: ["of steps"] },
  { name: "plain-waits", ends: "done", effects: ["of waits", "of an errand"] },
];

const onTeam = (name: string, nodes: WorkflowNode[]): Workflow =>
  workflowOf({
    name,
    as: "system",
    retry: patient,
    trigger: { kind: "model", entity: "Team", event: "create" },
    nodes,
  });
const teamWork = (id: string, task = "storm-work"): WorkflowNode => ({
  id,
  kind: "task",
  task,
  input: { email: "record.name" },
});

export const plainWorkflows: readonly Workflow[] = [
  onTeam("plain-steps", [
    teamWork("first"),
    effect("made", "of steps", "record.name"),
    teamWork("shaky", "storm-shaky"),
    teamWork("last"),
  ]),
  onTeam("plain-waits", [
    { id: "nap", kind: "sleep", until: { ms: 40 } },
    { id: "sub", kind: "startWorkflow", workflow: "errand", input: { email: "record.name" }, wait: true },
    effect("made", "of waits", "record.name"),
    teamWork("last"),
  ]),
  child,
];
