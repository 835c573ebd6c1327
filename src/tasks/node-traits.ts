/** What a walk asks of a node before it does it. */
import type { NodeOf, WorkflowNode } from "../model/index.ts";
import type { PreparedNode } from "./prepared-graph.ts";

/** The name of the transaction that a node shares with others. */
export const transactionOf = ({ node }: PreparedNode): string | undefined => ("tx" in node ? node.tx : undefined);

/** Whether an end gives the run an output. */
export const gives = ({ values, value }: NodeOf<"end">): boolean => values !== undefined || value !== undefined;

/** A server that takes the request and never answers would hold a hand of the worker for ever. In milliseconds. */
const LONGEST_REQUEST = 60_000;

/** How long one attempt may take; the time of a wait is not that of an attempt. */
export function attemptLimit(node: WorkflowNode): number | undefined {
  switch (node.kind) {
    case "waitForSignal":
    case "approval":
    case "startWorkflow":
      return undefined;
    case "http.request":
      return node.timeoutMs ?? LONGEST_REQUEST;
    default:
      return "timeoutMs" in node ? node.timeoutMs : undefined;
  }
}
