/** Synchronous processes of arithmetic, made of a seed: branches, merges, values that are not there, errors. */
import type { Workflow, WorkflowEdge, WorkflowNode } from "../../../src/model/index.ts";
import { shortHash } from "../../../src/model/index.ts";

/** Numbers from 0 to below 1, the same for a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function randomInput(of: string): Readonly<Record<"a" | "b" | "c", number | null>> {
  const random = randomOf(Number.parseInt(shortHash(of), 16));
  const number = () => (random() < 0.15 ? null : Math.floor(random() * 20) - 10);
  return { a: number(), b: number(), c: number() };
}

const integer = { anyOf: [{ type: "integer" }, { type: "null" }] };

export function randomProcess(seed: number): Workflow {
  const random = randomOf(seed);
  const below = (most: number) => Math.floor(random() * most);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const nodes: WorkflowNode[] = [{ id: "start", kind: "start" }];
  const edges: WorkflowEdge[] = [];
  /** The values that a node leaves behind, as expressions, with those of the nodes that lead to it: what comes beside it may be done before or after. */
  const left = new Map<string, readonly string[]>([["start", ["input.a", "input.b", "input.c"]]]);
  let known: readonly string[] = [];
  const value = (depth = 0): string =>
    depth > 2 || random() < 0.5
      ? pick([...known, String(below(9))])
      : `(${value(depth + 1)} ${pick(["+", "-", "*", "/"])} ${value(depth + 1)})`;
  const truth = (depth = 0): string =>
    depth > 1 || random() < 0.6
      ? `${value(2)} ${pick(["<", ">", "==", "!="])} ${value(2)}`
      : pick([
          `(${truth(depth + 1)} && ${truth(depth + 1)})`,
          `(${truth(depth + 1)} || ${truth(depth + 1)})`,
          `!(${truth(depth + 1)})`,
        ]);
  const from = (node: WorkflowNode): Pick<WorkflowEdge, "from" | "port"> =>
    node.kind === "branch"
      ? { from: node.id, port: pick([...node.cases.map(({ port }) => port), node.else]) }
      : { from: node.id };
  const count = 5 + below(6);
  for (let i = 1; i <= count; i++) {
    const id = `n${i}`;
    const sources = nodes.filter(({ kind }) => kind !== "fail");
    const came = random() < 0.4 ? [from(pick(sources)), from(pick(sources))] : [from(pick(sources))];
    known = [...new Set(came.flatMap((edge) => left.get(edge.from) ?? []))];
    const kind = random();
    if (kind < 0.35) {
      const cases = Array.from({ length: 1 + below(2) }, (_, c) => ({ port: `p${c}`, when: truth() }));
      nodes.push({ id, kind: "branch", cases, else: "other" });
    } else if (kind < 0.5) {
      nodes.push({ id, kind: "merge", cases: came.map((edge) => ({ ...edge, value: value() })), schema: integer });
    } else if (kind < 0.56) {
      nodes.push({ id, kind: "fail", error: `Error${i}`, values: { v: value() } });
    } else nodes.push({ id, kind: "transform", values: { v: value() } });
    // A merge needs one of its edges, any other node each of its inputs.
    const node = nodes.at(-1);
    const parted = node?.kind !== "merge" && random() < 0.5;
    came.forEach((edge, e) => {
      edges.push({ ...edge, to: id, ...(parted ? { input: `in${e}` } : {}) });
    });
    const own = node?.kind === "transform" ? [`${id}.v`] : node?.kind === "merge" ? [id] : [];
    left.set(id, [...known, ...own]);
  }
  const ends = nodes.filter(({ kind }) => kind !== "fail");
  nodes.push({
    id: "done",
    kind: "end",
    output: "result",
    values: Object.fromEntries([...new Set([...left.values()].flat())].map((text) => [text.replaceAll(".", ""), text])),
  });
  for (const node of ends) edges.push({ from: node.id, to: "done" });
  return {
    name: `random-${seed}`,
    version: 1,
    type: "calculation",
    execution: "sync",
    trigger: { kind: "manual" },
    as: "inherit",
    retry: { attempts: 1, backoff: "fixed", initialMs: 10, maxMs: 10 },
    input: { type: "object", properties: { a: integer, b: integer, c: integer }, required: ["a", "b", "c"] },
    outputs: { result: { type: "object" } },
    nodes,
    edges,
  };
}
