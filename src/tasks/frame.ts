/** What a part of a graph sees: the results of its own nodes, of those around it, and the items of its loops. */
import type { NodeOf } from "../model/index.ts";
import type { Definition } from "./definitions.ts";
import type { PreparedGraph } from "./prepared-graph.ts";

export interface Frame {
  /** Before the id of each node of its graph: nothing, or `remind[3].`. */
  readonly prefix: string;
  /** Values by name; grows as its nodes end. */
  readonly names: Record<string, unknown>;
}

/** The frame of a whole run: of its results those that are not inside of a body. */
export function outerFrame(results: Readonly<Record<string, unknown>>): Frame {
  const names: Record<string, unknown> = {};
  for (const path in results) if (isPlain(path)) names[path] = results[path];
  return { prefix: "", names };
}

const isPlain = (path: string): boolean => !path.includes(".") && !path.endsWith("]");

/** The frame of one item of a loop. */
export function itemFrame(outer: Frame, { id, as }: NodeOf<"forEach">, item: unknown, index: number): Frame {
  return {
    prefix: `${outer.prefix}${id}[${index}].`,
    names: { ...outer.names, [as]: item, [`${as}Index`]: index },
  };
}

/** The frame of a compensation: what the undone step saw, and its result. */
export const compensationFrame = (outer: Frame, id: string): Frame => ({
  prefix: `${outer.prefix}${id}.`,
  names: { ...outer.names },
});

/** A checkpoint's place: its graph, its frame as it was, and the node. */
export interface Place {
  readonly graph: PreparedGraph;
  readonly frame: Frame;
  readonly id: string;
}

/**
 * Finds the place of a checkpoint again; undefined for one inside of a compensation, or of no node: a loop's items.
 *
 * @param outer the frame of the whole run, made once for all of its checkpoints
 */
export function placeOf(
  path: string,
  definition: Definition,
  results: Readonly<Record<string, unknown>>,
  outer: Frame,
): Place | undefined {
  let { graph } = definition;
  let frame = outer;
  const parts = path.split(".");
  const id = parts.pop() ?? "";
  for (const part of parts) {
    const [, loop, index] = /^(.+)\[(\d+)\]$/.exec(part) ?? [];
    const prepared = loop === undefined ? undefined : graph.nodes.get(loop);
    if (prepared?.body === undefined || prepared.node.kind !== "forEach") return undefined;
    const items = results[`${frame.prefix}${prepared.node.id}[]`];
    frame = itemFrame(frame, prepared.node, Array.isArray(items) ? items[Number(index)] : undefined, Number(index));
    graph = prepared.body;
    for (const inner of graph.nodes.keys()) {
      const output = results[frame.prefix + inner];
      if (output !== undefined) frame.names[inner] = output;
    }
  }
  return graph.nodes.has(id) ? { graph, frame, id } : undefined;
}
