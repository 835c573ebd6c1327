/** Which of the operations makes what of a node. */
import { compensateNode, forEachNode } from "./body-nodes.ts";
import type { CompiledGraph } from "./compile-graph.ts";
import { branchNode, computeNode, parallelNode, transformNode } from "./control-nodes.ts";
import { databaseNode } from "./database-nodes.ts";
import { failNode, outputNode } from "./end-nodes.ts";
import type { GraphScope } from "./graph-scope.ts";
import { httpNode } from "./http-node.ts";
import type { Made, NodeContext, PortValue } from "./node-context.ts";
import { logNode, publishNode, signalNode, startWorkflowNode } from "./outside-nodes.ts";
import { entryNode } from "./process-start.ts";
import { serviceNode, taskNode } from "./task-nodes.ts";
import { approvalNode, waitNode } from "./wait-nodes.ts";

/** What a node can ask of the graph around it. */
export interface AroundNode {
  readonly body: (scope: GraphScope) => CompiledGraph;
  /** What an item of the loop gives whose body this is. */
  readonly collect: (value: PortValue) => void;
  /** The condition that a node has gone on by the way that leads to this one. */
  readonly wayOf: (id: string) => string | undefined;
}

export function compileNode(context: NodeContext, around: AroundNode): Made {
  const { node } = context;
  switch (node.op) {
    case "start":
    case "queue.consume":
      return entryNode(context as NodeContext<typeof node>);
    case "output":
      return outputNode(context as NodeContext<typeof node>, around);
    case "fail":
      return failNode(context as NodeContext<typeof node>);
    case "compute":
      return computeNode(context as NodeContext<typeof node>);
    case "transform":
      return transformNode(context as NodeContext<typeof node>);
    case "branch":
      return branchNode(context as NodeContext<typeof node>);
    case "parallel":
      return parallelNode(context as NodeContext<typeof node>);
    case "forEach":
      return forEachNode(context as NodeContext<typeof node>, around);
    case "compensate":
      return compensateNode(context as NodeContext<typeof node>, around);
    case "db.insert":
    case "db.get":
    case "db.list":
    case "db.update":
    case "db.delete":
    case "db.query":
      return databaseNode(context as NodeContext<typeof node>);
    case "service.call":
      return serviceNode(context as NodeContext<typeof node>);
    case "task":
      return taskNode(context as NodeContext<typeof node>);
    case "http.request":
      return httpNode(context as NodeContext<typeof node>);
    case "queue.publish":
      return publishNode(context as NodeContext<typeof node>);
    case "signal":
      return signalNode(context as NodeContext<typeof node>);
    case "wait":
      return waitNode(context as NodeContext<typeof node>);
    case "approval":
      return approvalNode(context as NodeContext<typeof node>);
    case "startWorkflow":
      return startWorkflowNode(context as NodeContext<typeof node>);
    case "log":
      return logNode(context as NodeContext<typeof node>);
    case "merge":
      // The graph makes these: what they give depends on the edge that was taken.
      return { nodes: [], values: {} };
    default:
      return node satisfies never;
  }
}
