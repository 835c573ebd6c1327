/** Asks a server of the world outside. */
import { parse, type Syntax } from "../expression/index.ts";
import type { WorkflowNode } from "../model/index.ts";
import type { ProcessNodeOf } from "./file-graph.ts";
import type { Made, NodeContext } from "./node-context.ts";

/** Of what a server answers; `body` is of the type that its port has. */
const ANSWER = ["body", "status", "headers"];

export function httpNode(context: NodeContext<ProcessNodeOf<"http.request">>): Made {
  const { id, node, out } = context;
  const { method = "GET" } = node;
  requireHost(context, method);
  const url = context.expression(context.at("url"), node.url, { kind: "string" });
  const texts = (part: "headers") =>
    Object.fromEntries(
      Object.entries(node[part] ?? {}).map(([name, text]) => [name, context.expression(context.at(part, name), text)]),
    );
  const given = ANSWER.filter((port) => Object.hasOwn(out, port) && !Object.hasOwn(context.in, port));
  if (given.includes("status")) context.gives("status", { type: "integer" });
  if (given.includes("headers")) context.gives("headers", { type: "object" });
  const made = {
    id,
    ...context.labelled,
    kind: "http.request",
    method,
    url,
    headers: texts("headers"),
    ...(node.body === undefined ? {} : { body: context.values("body", node.body) }),
    ...(node.secret === undefined ? {} : { secret: node.secret }),
    privateHosts: node.privateHosts ?? [],
    accept: node.accept ?? [],
    ...(given.includes("body") ? { response: out.body as never } : {}),
    ...context.attempts(node),
  } satisfies WorkflowNode;
  return { nodes: [made], values: Object.fromEntries(given.map((port) => [port, `${id}.${port}`])) };
}

/** Where the text itself says which server it is, `uses` names that one; else it allows any. */
function requireHost(context: NodeContext<ProcessNodeOf<"http.request">>, method: string): void {
  const { node } = context;
  const text = beginning(node.url);
  const url = text === undefined ? undefined : URL.parse(text);
  const path = context.at("url");
  if (text !== undefined && (url === null || url === undefined || !/^https?:$/.test(url.protocol))) {
    context.report("EJS2532", `${JSON.stringify(text)} does not begin like an address.`, path, {
      hint: '"\\"https://api.example.com/orders/\\" + order.id"',
    });
    return;
  }
  context.process.effects.require("http", url?.host ?? "*", method, path, [], "*");
}

/** The text that an expression begins with, up to the end of a server's name; undefined where it is computed. */
function beginning(expression: string): string | undefined {
  const parsed = parse(expression);
  if (!parsed.ok) return undefined;
  let syntax: Syntax = parsed.syntax;
  let whole = true;
  while (syntax.kind === "binary" && syntax.operator === "+") {
    syntax = syntax.left;
    whole = false;
  }
  if (syntax.kind !== "string") return undefined;
  // What is added to "https://api.example" belongs to the server's name.
  return whole || /^[a-z]+:\/\/[^/?#]+[/?#]/i.test(syntax.value) ? syntax.value : undefined;
}
