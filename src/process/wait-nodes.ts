/** Nodes that wait: for a time, a signal, a person. */
import { type JsonSchema, schemaProperties } from "../model/schema-types.ts";
import { milliseconds } from "./duration.ts";
import type { ProcessNodeOf } from "./file-graph.ts";
import type { Made, NodeContext } from "./node-context.ts";
import { misfit } from "./process-types.ts";

const BOOL = { kind: "bool" } as const;

export function waitNode(context: NodeContext<ProcessNodeOf<"wait">>): Made {
  const { id, node, out } = context;
  const given = (["for", "until", "signal"] as const).filter((part) => node[part] !== undefined);
  if (given.length !== 1) {
    context.report("EJS2532", "a wait has one of for, until and signal.", context.at("op"));
    return { nodes: [], values: {} };
  }
  if (node.signal === undefined) {
    for (const part of ["key", "timeout"] as const) {
      if (node[part] === undefined) continue;
      context.report("EJS2532", `${part} belongs to a wait for a signal.`, context.at(part), { key: true });
    }
    const until =
      node.for === undefined
        ? { moment: context.expression(context.at("until"), node.until ?? "", { kind: "timestamp" }) }
        : { ms: milliseconds(node.for) };
    return { nodes: [{ id, ...context.labelled, kind: "sleep", until }], values: {} };
  }
  if (node.key === undefined) {
    context.report("EJS2532", "a wait for a signal has a key: which one of that name.", context.at("signal"));
  }
  const key = context.expression(context.at("key"), node.key ?? "null");
  const received = context.ownPort("received", ["timedOut"]);
  const payload = received === undefined ? undefined : out[received];
  const timeout = node.timeout === undefined ? {} : { timeoutMs: milliseconds(node.timeout) };
  const wait = {
    id,
    ...context.labelled,
    kind: "waitForSignal" as const,
    signal: node.signal,
    key,
    ...(payload === undefined ? {} : { payload: payload as never }),
    ...timeout,
  };
  const values = received === undefined ? {} : { [received]: `${id}.payload` };
  if (!Object.hasOwn(out, "timedOut")) return { nodes: [wait], values };
  if (node.timeout === undefined) {
    context.report("EJS2532", "it can go on by timedOut only after a timeout.", context.at("out", "timedOut"), {
      key: true,
    });
  }
  const chosen = context.freeId(`${id}Way`);
  const cases = [{ port: "timedOut", when: `${id}.timedOut` }];
  return { nodes: [wait, { id: chosen, kind: "branch", cases, else: received ?? "received" }], values, chooses: true };
}

export function approvalNode(context: NodeContext<ProcessNodeOf<"approval">>): Made {
  const { id, node, out } = context;
  const policy = context.expression(context.at("allow"), node.allow, BOOL);
  const approval = {
    id,
    ...context.labelled,
    kind: "approval" as const,
    policy,
    ...(node.question === undefined ? {} : { question: node.question }),
    values: context.values("values", node.values),
    ...(node.timeout === undefined ? {} : { timeoutMs: milliseconds(node.timeout) }),
    refused: "continue" as const,
  };
  const decided = decisions(context);
  for (const port of Object.keys(out)) {
    if (["approved", "refused", "timedOut"].includes(port)) continue;
    const hint = "An approval goes on by approved, refused and timedOut.";
    context.report("EJS2514", `an approval has no way "${port}".`, context.at("out", port), { key: true, hint });
  }
  if (!Object.hasOwn(out, "approved")) {
    context.report("EJS2514", "an approval goes on by approved.", context.at("op"));
  }
  const refused = Object.hasOwn(out, "refused");
  // Who does not say what a refusal leads to has it end the run.
  if (!refused) return { nodes: [{ ...approval, refused: "fail" }], values: decided };
  const cases = [
    { port: "approved", when: `${id}.approved == true` },
    ...(Object.hasOwn(out, "timedOut") ? [{ port: "timedOut", when: `${id}.timedOut == true` }] : []),
  ];
  const branch = { id: context.freeId(`${id}Way`), kind: "branch" as const, cases, else: "refused" };
  return { nodes: [approval, branch], values: decided, chooses: true };
}

/** What is known of a decision. */
const DECISION: JsonSchema = {
  type: "object",
  properties: {
    approved: { type: "boolean" },
    by: { type: "string", format: "uuid" },
    comment: { type: "string" },
    timedOut: { type: "boolean" },
  },
  required: ["approved", "by", "comment", "timedOut"],
};

/** The decision, by every way whose type has nothing but parts of it. */
function decisions({ id, in: ins, out }: NodeContext): Record<string, string> {
  const parts = Object.keys(DECISION.properties as object);
  const is = (port: string, schema: JsonSchema) => {
    const properties = schemaProperties(schema) ?? [];
    const own = properties.length > 0 && properties.every(({ name }) => parts.includes(name));
    return own && !Object.hasOwn(ins, port) && misfit(DECISION, schema) === undefined;
  };
  return Object.fromEntries(Object.entries(out).flatMap(([port, schema]) => (is(port, schema) ? [[port, id]] : [])));
}
