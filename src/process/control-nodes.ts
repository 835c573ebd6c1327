/** Nodes that compute and steer. */
import { schemaProperties } from "../model/schema-types.ts";
import type { ProcessNodeOf } from "./file-graph.ts";
import type { Made, NodeContext } from "./node-context.ts";

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

/** Every way out is gone at once. */
export function parallelNode(context: NodeContext<ProcessNodeOf<"parallel">>): Made {
  const { id, out } = context;
  const ports = Object.keys(out);
  if (ports.length === 0)
    context.report("EJS2514", "it goes on by all of its out ports, and has none.", context.at("op"));
  return { nodes: [{ id, ...context.labelled, kind: "parallel", ports }], values: {}, chooses: true };
}
