/** Nodes that compute and steer. */
import { schemaProperties } from "../model/schema-types.ts";
import type { Made, NodeContext } from "./node-context.ts";
import type { ProcessNodeOf } from "./process-file.ts";

const BOOL = { kind: "bool" } as const;

export function computeNode(context: NodeContext<ProcessNodeOf<"compute">>): Made {
  const { id, node, out } = context;
  const port = context.ownPort("value");
  if (port === undefined) {
    context.report("EJS2514", "a compute gives its value by an out port.", context.at("op"), {
      hint: 'Write "out": {"value": "…"}.',
    });
    return { nodes: [], values: {} };
  }
  const schema = out[port] ?? {};
  const text = context.value(context.at("expr"), node.expr, schema, id);
  const made = {
    id,
    ...context.labelled,
    kind: "transform",
    values: { [port]: text },
    types: { [port]: schema },
  } as const;
  return { nodes: [made as never], values: { [port]: `${id}.${port}` } };
}

export function transformNode(context: NodeContext<ProcessNodeOf<"transform">>): Made {
  const { id, node, out } = context;
  const port = context.ownPort("value");
  const properties = schemaProperties(out[port ?? ""]);
  if (port === undefined || properties === undefined) {
    const problem = port === undefined ? "a transform gives its values by an out port" : `"${port}" is no object`;
    context.report("EJS2514", `${problem}.`, port === undefined ? context.at("op") : context.at("out", port), {
      hint: "Its type is an object whose properties are the values.",
    });
    return { nodes: [], values: {} };
  }
  const values: Record<string, string> = {};
  for (const [name, text] of Object.entries(node.values)) {
    const property = properties.find((candidate) => candidate.name === name);
    if (property === undefined) {
      const names = properties.map((each) => each.name).join(", ");
      context.report("EJS2513", `the type of "${port}" has no property "${name}".`, context.at("values", name), {
        hint: `It has: ${names || "none"}.`,
      });
      continue;
    }
    values[name] = context.value(context.at("values", name), text, property.schema, `${id}.${name}`);
  }
  const missing = properties.filter(({ name, required }) => required && !Object.hasOwn(node.values, name));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(", ");
    context.report("EJS2513", `the type of "${port}" requires ${names}.`, context.at("values"), { key: true });
  }
  const types = Object.fromEntries(
    properties.filter(({ name }) => Object.hasOwn(values, name)).map(({ name, schema }) => [name, schema]),
  );
  return { nodes: [{ id, ...context.labelled, kind: "transform", values, types } as never], values: { [port]: id } };
}

export function branchNode(context: NodeContext<ProcessNodeOf<"branch">>): Made {
  const { id, node, out } = context;
  const ports = [...node.cases.map(({ port }) => port), node.else];
  const missing = ports.filter((port) => !Object.hasOwn(out, port));
  const odd = Object.keys(out).filter((port) => !ports.includes(port));
  if (missing.length > 0) {
    context.report("EJS2514", `it goes on by ${missing.join(" and ")}, which out does not have.`, context.at("out"), {
      key: true,
    });
  }
  for (const port of odd) {
    context.report("EJS2514", `no case goes on by "${port}".`, context.at("out", port), {
      key: true,
      hint: `Cases: ${ports.join(", ")}.`,
    });
  }
  const cases = node.cases.map(({ port, when }, i) => ({
    port,
    when: context.expression(context.at("cases", i, "when"), when, BOOL),
  }));
  return { nodes: [{ id, ...context.labelled, kind: "branch", cases, else: node.else }], values: {}, chooses: true };
}

export function waitNode(context: NodeContext<ProcessNodeOf<"wait">>, duration: (text: string) => number): Made {
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
        : { ms: duration(node.for) };
    return { nodes: [{ id, ...context.labelled, kind: "sleep", until }], values: {} };
  }
  if (node.key === undefined) {
    context.report("EJS2532", "a wait for a signal has a key: which one of that name.", context.at("signal"));
  }
  const key = context.expression(context.at("key"), node.key ?? "null");
  const received = context.ownPort("received", ["timedOut"]);
  const payload = received === undefined ? undefined : out[received];
  const timeout = node.timeout === undefined ? {} : { timeoutMs: duration(node.timeout) };
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

export function approvalNode(
  context: NodeContext<ProcessNodeOf<"approval">>,
  duration: (text: string) => number,
): Made {
  const { id, node, out } = context;
  const policy = context.expression(context.at("allow"), node.allow, BOOL);
  const approval = {
    id,
    ...context.labelled,
    kind: "approval" as const,
    policy,
    ...(node.question === undefined ? {} : { question: node.question }),
    values: context.values("values", node.values),
    ...(node.timeout === undefined ? {} : { timeoutMs: duration(node.timeout) }),
    refused: "continue" as const,
  };
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
  if (!refused) return { nodes: [{ ...approval, refused: "fail" }], values: {} };
  const cases = [
    { port: "approved", when: `${id}.approved == true` },
    ...(Object.hasOwn(out, "timedOut") ? [{ port: "timedOut", when: `${id}.timedOut == true` }] : []),
  ];
  const branch = { id: context.freeId(`${id}Way`), kind: "branch" as const, cases, else: "refused" };
  return { nodes: [approval, branch], values: {}, chooses: true };
}

/** The values of a port at the border of the process: what its type declares, and nothing that came along. */
export function borderValues(
  source: string | null,
  schema: unknown,
): { readonly values: Record<string, string>; readonly value?: string } {
  const properties = schemaProperties(schema);
  if (properties === undefined) return { values: {}, value: source ?? "null" };
  const entries = source === null ? [] : properties.map(({ name }) => [name, `${source}.${name}`]);
  return { values: Object.fromEntries(entries) };
}
