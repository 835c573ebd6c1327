/** Nodes at which a run, or an item of a loop, ends. */
import { suggestion } from "../errors/suggestion.ts";
import { type JsonSchema, schemaProperties } from "../model/schema-types.ts";
import type { AroundNode } from "./compile-node.ts";
import type { ProcessNodeOf } from "./file-graph.ts";
import type { Made, NodeContext } from "./node-context.ts";
import { misfit } from "./process-types.ts";

const NOTHING: Made = { nodes: [], values: {} };

export function outputNode(context: NodeContext<ProcessNodeOf<"output">>, { collect }: AroundNode): Made {
  const { id, node } = context;
  const { body } = context.scope;
  if (body !== undefined) return itemOutput(context, collect);
  if (node.output === undefined) {
    context.report("EJS2532", "it does not say which output of the process it gives.", context.at("op"), {
      hint: declaredHint(context, "outputs"),
    });
    return NOTHING;
  }
  const schema = declared(context, "outputs", node.output, "output");
  const { values, value } = borderValues(onlyPort(context, schema), schema);
  const given = value === undefined ? { values } : { value };
  return { nodes: [{ id, ...context.labelled, kind: "end", output: node.output, ...given }], values: {} };
}

/** Of an item of a loop: one of its results. */
function itemOutput(context: NodeContext<ProcessNodeOf<"output">>, collect: AroundNode["collect"]): Made {
  const { node, scope } = context;
  if (scope.body?.op === "compensate") {
    context.report("EJS2529", "nobody waits for what a compensation gives.", context.at("op"), {
      hint: "Take the output out.",
    });
  } else if (node.output !== undefined) {
    context.report("EJS2529", "the result of an item has no name.", context.at("output"), {
      key: true,
      hint: 'Remove "output": the results are a list, in the order of the items.',
    });
  }
  const source = onlyPort(context, {});
  const [schema = {}] = Object.values(context.in).map((port) => port.schema);
  collect({ schema, source });
  return { ...NOTHING, isAside: true };
}

export function failNode(context: NodeContext<ProcessNodeOf<"fail">>): Made {
  const { id, node } = context;
  const schema = declared(context, "errors", node.error, "error");
  const given = borderValues(onlyPort(context, schema), schema);
  const message = node.message === undefined ? {} : { message: node.message };
  return { nodes: [{ id, ...context.labelled, kind: "fail", error: node.error, ...message, ...given }], values: {} };
}

function declared(
  context: NodeContext<ProcessNodeOf<"output" | "fail">>,
  part: "outputs" | "errors",
  name: string,
  key: "output" | "error",
): JsonSchema {
  const { file, types } = context.process;
  const type = Object.hasOwn(file[part] ?? {}, name) ? file[part]?.[name] : undefined;
  if (type !== undefined) return types.schema(type, [part, name]);
  context.report("EJS2527", `the process declares no ${key} "${name}".`, context.at(key), {
    hint: declaredHint(context, part, name),
  });
  return {};
}

function declaredHint({ process }: NodeContext, part: "outputs" | "errors", name?: string): string {
  return suggestion(name, Object.keys(process.file[part] ?? {}), "It declares");
}

/** What an end is given: by one port. */
function onlyPort(context: NodeContext<ProcessNodeOf<"output" | "fail">>, schema: JsonSchema): string | null {
  const [name, ...more] = Object.keys(context.in);
  const value = name === undefined ? undefined : context.in[name];
  if (name === undefined || value === undefined || more.length > 0) {
    context.report("EJS2514", "what it gives comes in by one port.", context.at(name === undefined ? "op" : "in"), {
      key: name !== undefined,
    });
    return null;
  }
  const problem = misfit(value.schema, schema);
  if (problem !== undefined)
    context.report("EJS2513", `what comes in by "${name}" is ${problem}.`, context.at("in", name));
  return value.source;
}

/** The values of a port at the border of the process: what its type declares, and nothing that came along. */
function borderValues(
  source: string | null,
  schema: unknown,
): { readonly values: Record<string, string>; readonly value?: string } {
  const properties = schemaProperties(schema);
  if (properties === undefined) return { values: {}, value: source ?? "null" };
  const entries = source === null ? [] : properties.map(({ name }) => [name, `${source}.${name}`]);
  return { values: Object.fromEntries(entries) };
}
