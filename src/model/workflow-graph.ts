/**
 * A graph of nodes. An edge is open until the node that it comes from has ended; then it is taken, or dead where the node
 * went on by another port or was dead itself. A node runs when none of its edges is open and each of its inputs has a taken
 * one: so paths that parted by `branch` meet again in any node, and those of `parallel` wait for each other there.
 */
import { z } from "zod";
import { fieldName } from "./names.ts";
import {
  branchNode,
  compensateParts,
  endNode,
  failNode,
  forEachParts,
  mergeNode,
  parallelNode,
  startNode,
} from "./workflow-control-nodes.ts";
import {
  createNode,
  deleteNode,
  getNode,
  listNode,
  publishNode,
  queryNode,
  signalNode,
  transformNode,
  updateManyNode,
  updateNode,
} from "./workflow-database-nodes.ts";
import { nodeId } from "./workflow-node-parts.ts";
import { httpNode, logNode, taskNode } from "./workflow-outside-nodes.ts";
import { approvalNode, sleepNode, startWorkflowNode, waitForSignalNode } from "./workflow-wait-nodes.ts";

const edge = z.strictObject({
  from: nodeId,
  /** The way out of `from`, where it has several. */
  port: fieldName.optional(),
  to: nodeId,
  /** The way into `to`: each of its inputs needs a taken edge. */
  input: fieldName.optional(),
});
export type WorkflowEdge = z.infer<typeof edge>;

const body = z.lazy((): z.ZodType<WorkflowGraph> => workflowGraph);

const forEachNode = z.strictObject({ ...forEachParts, body });
const compensateNode = z.strictObject({ ...compensateParts, body });

/**
 * Expressions of a node are texts over `event` (`event.before`, `event.after`: the stored columns as they were;
 * `event.input`: an action's) and `record` (the row as it is now, read as the run's actor), or `input` where no record is
 * concerned; `actor`; the results of earlier nodes by their id; in a forEach its item.
 */
export const workflowNode = z.discriminatedUnion("kind", [
  startNode,
  createNode,
  getNode,
  listNode,
  updateNode,
  deleteNode,
  updateManyNode,
  queryNode,
  publishNode,
  signalNode,
  transformNode,
  taskNode,
  logNode,
  httpNode,
  sleepNode,
  waitForSignalNode,
  approvalNode,
  startWorkflowNode,
  branchNode,
  mergeNode,
  parallelNode,
  forEachNode,
  compensateNode,
  failNode,
  endNode,
]);
export type WorkflowNode = z.infer<typeof workflowNode>;
/** A node of one kind. */
export type NodeOf<K extends WorkflowNode["kind"]> = Extract<WorkflowNode, { kind: K }>;

/** What a graph is made of: a workflow is one as well. */
export const graphParts = { nodes: z.array(workflowNode), edges: z.array(edge) };
export const workflowGraph: z.ZodType<WorkflowGraph> = z.strictObject(graphParts);
export interface WorkflowGraph {
  nodes: WorkflowNode[];
  edges: WorkflowEdge[];
}

/** All nodes of a graph, those of bodies behind the node that has them. Ids are unique among all of them. */
export function* allNodes(graph: WorkflowGraph): Generator<WorkflowNode> {
  for (const node of graph.nodes) {
    yield node;
    if (node.kind === "forEach" || node.kind === "compensate") yield* allNodes(node.body);
  }
}
