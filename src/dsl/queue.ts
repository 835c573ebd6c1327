import type { z } from "zod";
import { collect } from "./collection.ts";
import { declared } from "./declared.ts";
import type { RoleName } from "./registry.ts";
import { captureSite, type Site } from "./site.ts";
import type { GivenInput, Trigger } from "./trigger.ts";
import type { RetryOptions } from "./workflow-options.ts";

export interface QueueDeclaration {
  readonly kind: "queue";
  readonly site: Site | undefined;
  /** As the user gave them. */
  readonly name: unknown;
  readonly options: unknown;
}

export interface QueueTriggerDeclaration {
  readonly kind: "queue-trigger";
  readonly site: Site | undefined;
  /** The queue's name. */
  readonly queue: unknown;
  /** What received() was called with: nothing, or the build says so. */
  readonly given: readonly unknown[];
}

declare const message: unique symbol;

/** A queue whose messages are `T`. */
export interface Queue<out T = unknown> {
  readonly [message]?: T;
  readonly name: string;
  /**
   * Starts one run of the workflow per message; the message is `input`.
   *
   * @example workflow("ship-order", { on: orderEvents.received(), steps: (flow) => flow.task("ship", "ship-order", ({ input }) => ({ order: input.orderId })) })
   */
  received(): Trigger<never, GivenInput<T>>;
}

/**
 * Declares a queue: a named place for messages. Each workflow and handler that receives from it has one durable run per message,
 * whoever published it; one that nobody receives from yet keeps its messages.
 *
 * Steps publish by `flow.publish(…)`, tasks and SQL by `enginejs.publish('order-events', '{…}')`, in the caller's transaction. What
 * a message is not is refused there, each bad path named.
 *
 * @param options `message`: what a message is; anything where it is left out. `publish`: the tenant's roles that may publish by
 *   `enginejs.publish`; the platform alone where it is left out. `retry`: of its consumers, where they say nothing of their own
 * @example export const orderEvents = queue("order-events", { message: z.object({ orderId: z.uuid(), total: z.int() }), publish: ["billing"] })
 */
export function queue<T extends z.ZodType = z.ZodUnknown>(
  name: string,
  options: {
    /** What it is for, for people. */
    readonly describe?: string;
    readonly message?: T;
    readonly publish?: readonly RoleName[];
    readonly retry?: RetryOptions;
  } = {},
): Queue<z.output<T>> {
  const declaration: QueueDeclaration = { kind: "queue", site: captureSite(), name, options };
  collect("queues", declaration);
  return declared(declaration, {
    name,
    received: (...given: unknown[]) =>
      declared<QueueTriggerDeclaration, object>({ kind: "queue-trigger", site: captureSite(), queue: name, given }, {}),
  }) as Queue<z.output<T>>;
}
