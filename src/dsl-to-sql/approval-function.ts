/** The function that decides who may decide: one for each approval of a workflow. */
import {
  allNodes,
  canonicalText,
  type NodeOf,
  shortHash,
  snakeCase,
  type Workflow,
  type WorkflowNode,
} from "../model/index.ts";

/**
 * `may_decide_large_invoice_second_pair_1f0c2a3b`. It ends in a hash of what decides: a changed policy is another function,
 * so that a run keeps the one of its definition. What changes elsewhere in a workflow leaves the name as it is.
 */
export function approvalFunctionName(workflow: Workflow, node: NodeOf<"approval">): string {
  const { name, trigger, input } = workflow;
  // A result stands under the node's id, an item under the name that its loop gives it.
  const named = (other: WorkflowNode) =>
    new RegExp(`\\b${other.kind === "forEach" ? other.as : other.id}`).test(node.policy);
  const nodes = [...allNodes(workflow)].filter(named).map((other) => ({ ...other, body: undefined }));
  const content = canonicalText({ name, step: node.id, policy: node.policy, trigger, input, nodes });
  const readable = ["may_decide", ...[name, node.id].map((part) => snakeCase(part).replaceAll(/[^a-z0-9]+/g, "_"))];
  return `${readable.join("_").slice(0, 54)}_${shortHash(content)}`;
}
