/** Handlers: code that follows an event, durably; the event bus of a project. */
import type { z } from "zod";
import { collect } from "./collection.ts";
import { declarationOf, declared } from "./declared.ts";
import type { Queue, QueueDeclaration } from "./queue.ts";
import type { EventName, MessageOf } from "./registry.ts";
import type { Actor, ChangedFields, StoredRow } from "./row-symbols.ts";
import { captureSite, type Site } from "./site.ts";
import type { TaskContext } from "./task.ts";
import type { Bool } from "./value-symbols.ts";
import type { WorkflowOptions } from "./workflow.ts";

export interface HandlerDeclaration {
  readonly kind: "handler";
  readonly site: Site | undefined;
  /** `Invoice.created`, or the name of a queue; as the user gave it. */
  readonly event: unknown;
  readonly handler: unknown;
  readonly options: unknown;
}

/** What a handler gets. `input` is the message of a queue, or what an action was called with. */
export type HandlerContext<I = unknown> = TaskContext<I>;

/** The entity of an event's name; never where it is a queue's. */
type EntityOf<N> = N extends `${infer E}.${string}` ? E : never;

/** What a handler may say of its runs: as a workflow. */
export interface HandlerOptions<N extends string = string>
  extends Pick<
    WorkflowOptions<EntityOf<N>, unknown>,
    "describe" | "as" | "retry" | "timeout" | "ordered" | "concurrency" | "rate" | "debounce" | "priority"
  > {
  /**
   * Only events for which it is true; compiled to SQL. Of entities' events.
   *
   * @example when: ({ before, after }) => before.status.ne(after.status)
   */
  readonly when?: (symbols: {
    readonly before: StoredRow<EntityOf<N>>;
    readonly after: StoredRow<EntityOf<N>>;
    readonly changed: ChangedFields<EntityOf<N>>;
    readonly actor: Actor;
  }) => Bool;
}

/** A handler, as a file of `handlers/` exports it. */
export interface Handler {
  readonly run: (context: TaskContext<unknown>) => unknown;
}

/**
 * Follows an event by code: one durable run per event, with retries, dead letters and all that workflows have. Exported from a file
 * of `handlers/`; the name of the export is the handler's (`announceOrder`: the workflow `on-announce-order`), and must stay while
 * runs of it are not done.
 *
 * What it does outside happens at least once: hand on `idempotencyKey`. `query` has the rights of whoever caused the event, or what
 * `as` says.
 *
 * @param event `Invoice.created`, `.updated`, `.deleted`, an action (`Invoice.pay`), or a queue, by its name or itself
 * @example export const announce = on("Invoice.created", async ({ event, query }) => { … }, { retry: { attempts: 5 } })
 * @example export const ship = on(orderEvents, async ({ input }) => carrier.ship(input.orderId))
 */
export function on<T>(
  event: Queue<T>,
  handler: (context: HandlerContext<T>) => unknown,
  options?: HandlerOptions<never>,
): Handler;
export function on<const N extends EventName>(
  event: N,
  handler: (context: HandlerContext<MessageOf<N>>) => unknown,
  options?: HandlerOptions<N>,
): Handler;
export function on(event: unknown, handler: (context: TaskContext<never>) => unknown, options: object = {}): Handler {
  const queue = declarationOf<QueueDeclaration>(event, "queue");
  const declaration: HandlerDeclaration = {
    kind: "handler",
    site: captureSite(),
    event: queue === undefined ? event : queue.name,
    handler,
    options,
  };
  collect("handlers", declaration);
  const schema = (queue?.options as { readonly message?: z.ZodType } | undefined)?.message;
  return declared<HandlerDeclaration, Handler>(declaration, {
    // A message that does not fit is no use to try again: a ZodError.
    run: async (context) => {
      const input = context.event.input;
      return handler({ ...context, input: (schema === undefined ? input : await schema.parseAsync(input)) as never });
    },
  });
}
