/** Nodes with a graph of their own: what is done for each item, and what undoes another node. */
import { suggestion } from "../errors/suggestion.ts";
import { describeType } from "../expression/index.ts";
import type { WorkflowNode } from "../model/index.ts";
import type { JsonSchema } from "../model/schema-types.ts";
import type { AroundNode } from "./compile-node.ts";
import type { ProcessNodeOf } from "./file-graph.ts";
import type { BodyOp } from "./graph-scope.ts";
import type { Made, NodeContext, PortValue } from "./node-context.ts";
import { typeMisfit } from "./process-context.ts";
import { isEntry } from "./process-graph.ts";
import { misfit } from "./process-types.ts";

const INT: JsonSchema = { type: "integer" };

export function forEachNode(context: NodeContext<ProcessNodeOf<"forEach">>, around: AroundNode): Made {
  const { id, node, out } = context;
  const { as: port = "item" } = node;
  const item = startPort(context, port) ?? {};
  const type = context.typeOf(context.at("items"), node.items);
  if (type !== undefined && type.kind !== "list" && type.kind !== "json") {
    context.report("EJS2513", `items is ${describeType(type)}, and no list.`, context.at("items"));
  }
  const problem = type?.kind === "list" ? typeMisfit(type.of, item) : undefined;
  if (problem !== undefined) {
    context.report(
      "EJS2513",
      `an item of ${node.items} is ${problem}, as "${port}" of its start says.`,
      context.at("items"),
    );
  }
  for (const name of [port, "index"].filter((each) => Object.hasOwn(context.in, each))) {
    const what = name === port ? "the item" : "the number of the item";
    context.report("EJS2525", `"${name}" is ${what} in its body.`, context.at("in", name), {
      key: true,
      hint: "Call the port otherwise.",
    });
  }
  const as = context.freeId(port);
  // The loop's own name for the number: nothing else may have it.
  context.freeId(`${as}Index`);
  const given = { ...context.in, [port]: { schema: item, source: as }, index: { schema: INT, source: `${as}Index` } };
  const { collected, ...body } = around.body(bodyScope(context, "forEach", given));
  const results = context.ownPort("results", ["count"]);
  if (Object.hasOwn(out, "count") && !Object.hasOwn(context.in, "count")) context.gives("count", INT);
  if (results !== undefined) checkResults(context, results, collected);
  const made = {
    id,
    ...context.labelled,
    kind: "forEach",
    items: context.rewritten(node.items),
    item: { schema: item as never },
    as,
    limit: node.limit ?? 10,
    ...(collected === undefined ? {} : { collect: collected.source ?? "null", collects: collected.schema as never }),
    body,
  } satisfies WorkflowNode;
  return {
    nodes: [made],
    values: {
      ...(results === undefined ? {} : { [results]: `${id}.results` }),
      ...(Object.hasOwn(out, "count") && !Object.hasOwn(context.in, "count") ? { count: `${id}.count` } : {}),
    },
  };
}

function checkResults(
  context: NodeContext<ProcessNodeOf<"forEach">>,
  port: string,
  collected: PortValue | undefined,
): void {
  if (collected === undefined) {
    context.report("EJS2514", `no output in its body gives an item of "${port}".`, context.at("out", port), {
      key: true,
      hint: 'Add "…": {"op": "output", "in": {"value": "…"}} to its nodes.',
    });
    return;
  }
  context.gives(port, { type: "array", items: collected.schema });
}

export function compensateNode(context: NodeContext<ProcessNodeOf<"compensate">>, around: AroundNode): Made {
  const { id, node, scope } = context;
  const { of } = node;
  const undone = Object.hasOwn(scope.nodes, of) ? scope.nodes[of] : undefined;
  const aside = ["start", "queue.consume", "branch", "merge", "parallel", "compensate", "output", "fail"];
  if (undone === undefined || aside.includes(undone.op)) {
    const names = Object.keys(scope.nodes).filter((name) => !aside.includes(scope.nodes[name]?.op ?? ""));
    const what = undone === undefined ? `there is no node "${of}"` : `${undone.op} does nothing that could be undone`;
    context.report("EJS2530", `${what}.`, context.at("of"), { hint: suggestion(of, names, "Nodes beside it") });
  }
  const other = Object.entries(scope.nodes).find(
    ([name, each]) => name < id && each.op === "compensate" && each.of === of,
  );
  if (other !== undefined) context.report("EJS2530", `${other[0]} undoes ${of} already.`, context.at("of"));
  const { nodes, edges } = around.body(bodyScope(context, "compensate", context.in));
  const guarded = guard(context, around.wayOf(of), nodes, edges);
  return {
    nodes: [{ id, ...context.labelled, kind: "compensate", of, body: guarded }],
    values: {},
    isAside: true,
  };
}

type Body = Extract<WorkflowNode, { kind: "compensate" }>["body"];

/** Edges from one of several ways of a node undo that way only. */
function guard(context: NodeContext, when: string | undefined, nodes: Body["nodes"], edges: Body["edges"]): Body {
  const start = nodes.find(({ kind }) => kind === "start");
  if (when === undefined || start === undefined) return { nodes, edges };
  const way = context.freeId(`${context.id}Way`);
  const branch: WorkflowNode = { id: way, kind: "branch", cases: [{ port: "undo", when }], else: "leave" };
  return {
    nodes: [start, branch, ...nodes.filter((node) => node !== start)],
    edges: [
      { from: start.id, to: way },
      ...edges.map((edge) => (edge.from === start.id ? { ...edge, from: way, port: "undo" } : edge)),
    ],
  };
}

/** The body of a node, with what its start gives. */
function bodyScope(
  context: NodeContext<ProcessNodeOf<"forEach" | "compensate">>,
  op: BodyOp,
  given: Readonly<Record<string, PortValue>>,
) {
  const { id, node, path } = context;
  const entries = Object.entries(node.nodes).filter(([, inner]) => isEntry(inner));
  if (entries.length !== 1 || entries[0]?.[1].op !== "start") {
    const what = entries.length === 0 ? "has no start" : `begins with ${entries.map(([name]) => name).join(", ")}`;
    context.report("EJS2524", `its body ${what}; it begins with one start.`, context.at("nodes"), {
      key: true,
      hint: `Add "${id}Start": {"op": "start", "out": {…}} to its nodes; its ports are any of: ${Object.keys(given).join(", ") || "none"}.`,
    });
  }
  return { nodes: node.nodes, edges: node.edges, path, body: { op, of: id, given } };
}

/** The schema of a port of the body's start. */
function startPort(
  { node, path, process }: NodeContext<ProcessNodeOf<"forEach">>,
  port: string,
): JsonSchema | undefined {
  for (const [id, inner] of Object.entries(node.nodes)) {
    const type = inner.op === "start" && Object.hasOwn(inner.out ?? {}, port) ? inner.out?.[port] : undefined;
    if (type !== undefined) return process.types.schema(type, [...path, "nodes", id, "out", port]);
  }
  return undefined;
}

/** The start of a body: its ports are what the body is given. */
export function bodyStart(context: NodeContext<ProcessNodeOf<"start">>): Made {
  const { id, out, scope } = context;
  const given = scope.body?.given ?? {};
  const values: Record<string, string> = {};
  for (const [port, schema] of Object.entries(out)) {
    const value = Object.hasOwn(given, port) ? given[port] : undefined;
    if (value === undefined) {
      context.report("EJS2514", `its body is given no "${port}".`, context.at("out", port), {
        key: true,
        hint: suggestion(port, Object.keys(given), "It is given"),
      });
      values[port] = "null";
      continue;
    }
    const problem = misfit(value.schema, schema);
    if (problem !== undefined)
      context.report("EJS2513", `what "${port}" gives is ${problem}.`, context.at("out", port));
    values[port] = value.source ?? "null";
  }
  return { nodes: [{ id, ...context.labelled, kind: "start" }], values };
}
