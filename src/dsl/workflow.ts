/**
 * Workflows: what follows an event, durably.
 */
import { collect } from "./collection.ts";
import { declared } from "./declared.ts";
import type { Flow } from "./flow.ts";
import { captureSite, type Site } from "./site.ts";
import type { Effect } from "./task.ts";
import type { Trigger } from "./trigger.ts";

export interface WorkflowDeclaration {
  readonly kind: "workflow";
  readonly site: Site | undefined;
  readonly name: string;
  /** As the user gave it. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface WorkflowReferenceDeclaration {
  readonly kind: "workflow-reference";
  readonly site: Site | undefined;
  readonly name: string;
}

/** How a failed step is tried again. */
export interface RetryOptions {
  /** How often at most, the first time included; 5 where it is left out. */
  readonly attempts?: number;
  readonly backoff?: "exponential" | "fixed";
  /** The first pause: `"2s"`. */
  readonly initial?: Duration;
  /** The longest pause: `"10m"`. */
  readonly max?: Duration;
}

/** A whole number and its unit: milliseconds, seconds, minutes, hours, days. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

export interface WorkflowOptions<N extends string, I> {
  /** What it does, for people. */
  readonly describe?: string;
  /** What starts it; left out where an action's `.effect()` names it. */
  readonly on?: Trigger<N, I>;
  /** As whom the steps run: the event's actor, or the system, which passes every policy. */
  readonly as?: "inherit" | "system";
  readonly retry?: RetryOptions;
  // biome-ignore lint/complexity/noBannedTypes: `{}`: no results yet
  readonly steps: (flow: Flow<N, I, {}>) => Flow<N, I, unknown>;
}

declare const steps: unique symbol;

/** A workflow; also what an action's `.effect()` takes. */
export interface Workflow extends Effect {
  readonly [steps]?: true;
}

/**
 * Declares a workflow: one durable run per event that its trigger matches.
 *
 * @example
 * workflow("receipt-on-paid", {
 *   on: Invoice.on("pay"),
 *   as: "inherit",
 *   retry: { attempts: 6, backoff: "exponential", initial: "2s", max: "10m" },
 *   steps: (flow) => flow.create("receipt", "Receipt", ({ record }) => ({ invoice: record.id, amount: record.subtotal })),
 * });
 */
export function workflow<const N extends string, I>(name: string, options: WorkflowOptions<N, I>): Workflow;
/**
 * Refers to a workflow by its name, where importing it would be a circle of files.
 *
 * @example pay: action().from("sent").to("paid").effect(workflow("receipt-on-paid"))
 */
export function workflow(name: string): Effect;
export function workflow(name: string, options?: object): Workflow | Effect {
  const site = captureSite();
  if (options === undefined) {
    return declared<WorkflowReferenceDeclaration, Effect>({ kind: "workflow-reference", site, name }, { name });
  }
  const declaration: WorkflowDeclaration = {
    kind: "workflow",
    site,
    name,
    options: options as Readonly<Record<string, unknown>>,
  };
  collect("workflows", declaration);
  return declared<WorkflowDeclaration, Workflow>(declaration, { name });
}
