/**
 * Workflows: what follows an event, durably.
 */
import { collect } from "./collection.ts";
import { type Callback, declared } from "./declared.ts";
import type { CallbackAt } from "./field.ts";
import type { Flow } from "./flow.ts";
import type { StepScope } from "./flow-symbols.ts";
import type { EntityName } from "./registry.ts";
import type { StoredRow } from "./row-symbols.ts";
import { captureSite, type Site } from "./site.ts";
import type { Effect } from "./task.ts";
import type { Trigger } from "./trigger.ts";
import type { UnknownSymbol } from "./unknown-symbol.ts";
import type { Expression } from "./value-symbols.ts";
import type { Duration, RetryOptions } from "./workflow-options.ts";

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

export interface WorkflowOptions<N extends string, I> {
  /** What it does, for people. */
  readonly describe?: string;
  /** What starts it; left out where an action's `.effect()` names it. */
  readonly on?: Trigger<N, I>;
  /** As whom the steps run: the event's actor, the system, which passes every policy, or another: `impersonate(…)`. */
  readonly as?: "inherit" | "system" | Impersonation;
  readonly retry?: RetryOptions;
  /**
   * `sync`: whoever calls it over the API waits for its output, for half a minute at most; on: `manual(…)`. Where all of it is
   * database work and it inherits its caller's rights, it is a function of the database, all or nothing.
   */
  readonly execution?: "sync";
  /** From the event to the end of the run, waits included; then it fails, and what it did is undone. */
  readonly timeout?: Duration;
  /**
   * Runs of one record, or of one key, follow one another in the order of their events, retries and all. After a failure the
   * later ones wait for somebody (`halt`), unless it says `skip`.
   *
   * @example ordered: "record"
   * @example ordered: { by: ({ event }) => event.after.customer.id, onFailure: "skip" }
   */
  readonly ordered?: "record" | { readonly by?: "record" | RunKey<N, I>; readonly onFailure?: "halt" | "skip" };
  /** So many runs at the same time, of all or of each key: from their first step to their end, waits included. */
  readonly concurrency?: number | { readonly limit: number; readonly key?: RunKey<N, I> };
  /** So many begin in any period of this length, of all or of each key. */
  readonly rate?: { readonly limit: number; readonly per: Duration; readonly key?: RunKey<N, I> };
  /**
   * Events of a key that follow within the pause are one run, of the last of them. With `max` it begins at the latest so
   * long after the first of them: events that never pause run all the same.
   *
   * @example debounce: { key: ({ event }) => event.after.customer.id, pause: "10s", max: "2m" }
   */
  readonly debounce?: { readonly key: RunKey<N, I>; readonly pause: Duration; readonly max?: Duration };
  /** The smaller, the sooner, from -100 to 100, where runs wait for hands; 0 unless given. */
  readonly priority?: number;
  // biome-ignore lint/complexity/noBannedTypes: `{}`: no results yet
  readonly steps: (flow: Flow<N, I, {}>) => Flow<N, I, unknown>;
}

/** What runs are told apart by: over the event, or what the run is given. */
// biome-ignore lint/complexity/noBannedTypes: `{}`: no results yet
type RunKey<N extends string, I> = (symbols: Pick<StepScope<N, I, {}>, "event" | "input">) => Expression;

declare const steps: unique symbol;
declare const subject: unique symbol;

/** Another subject than whoever caused the event. */
export interface Impersonation {
  readonly [subject]?: true;
}

export interface ImpersonationDeclaration {
  readonly kind: "impersonation";
  readonly site: Site | undefined;
  readonly subject: CallbackAt;
}

/**
 * Runs a workflow's steps as the subject that the event names, with that one's rights. One that there is not fails the run.
 *
 * With the entity's name the fields of its event are known to the editor as well.
 *
 * @example workflow("remind-owner", { on: Invoice.on("send"), as: impersonate<"Invoice">(({ event }) => event.after.owner.id), … })
 */
export function impersonate<N extends EntityName = never>(
  who: (symbols: {
    readonly event: {
      readonly before: [N] extends [never] ? UnknownSymbol : StoredRow<N>;
      readonly after: [N] extends [never] ? UnknownSymbol : StoredRow<N>;
      readonly input: UnknownSymbol;
    };
    /** What a run is given that no record starts. */
    readonly input: UnknownSymbol;
  }) => Expression<"uuid"> | { readonly id: Expression<"uuid"> },
): Impersonation {
  const site = captureSite();
  return declared<ImpersonationDeclaration, Impersonation>(
    { kind: "impersonation", site, subject: { callback: who as Callback, site } },
    {},
  );
}

/** A workflow; also what an action's `.effect()` takes. */
export interface Workflow<Name extends string = string> extends Effect {
  readonly [steps]?: true;
  readonly name: Name;
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
export function workflow<const N extends string, I, const Name extends string = string>(
  name: Name,
  options: WorkflowOptions<N, I>,
): Workflow<Name>;
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
