/**
 * The steps of a workflow: a chain, so that a later step sees the results of earlier ones, typed.
 */
import type { z } from "zod";
import type { AttemptOptions, LogLevel } from "./flow-steps.ts";
import type {
  AnyValues,
  As,
  Computed,
  Counted,
  Id,
  InputOf,
  ItemOf,
  KnownEntity,
  ListedRows,
  MessageValues,
  OutputOf,
  ResultsOf,
  StartedInput,
  StartedOutput,
  StepScope,
  Values,
} from "./flow-symbols.ts";
import type { JsonList, JsonSymbols } from "./json-symbols.ts";
import type { Queue } from "./queue.ts";
import type { MessageOf, QueueName, RoleName, TaskName } from "./registry.ts";
import type { FieldsOf, Row } from "./row-symbols.ts";
import type { EnvironmentValue } from "./setting.ts";
import type { Effect } from "./task.ts";
import type { Bool, Expression, Moment, Numeric, Operand, Text, Value } from "./value-symbols.ts";
import type { Duration } from "./workflow-options.ts";

/** Steps that follow an event of entity `N` with input `I`; `S` are the results so far. */
export interface Flow<in out N, in out I, out S> {
  /**
   * Makes a row with the rights of the run's actor. The step and the record of it are one transaction: exactly once.
   *
   * @example flow.create("receipt", "Receipt", ({ record }) => ({ invoice: record.id, amount: record.subtotal }))
   */
  create<const K extends string, const E extends KnownEntity>(
    id: K,
    entity: E,
    values: (symbols: StepScope<N, I, S>) => Values<E>,
    options?: AttemptOptions,
  ): Flow<N, I, S & As<K, Row<E>>>;
  /**
   * Reads one row by its id, as the run's actor sees it. Where it is not there the run fails, or the result is null.
   *
   * @example flow.get("owner", "User", ({ event }) => event.after.owner.id)
   */
  get<const K extends string, const E extends KnownEntity>(
    id: K,
    entity: E,
    row: (symbols: StepScope<N, I, S>) => Id,
    options?: AttemptOptions & { readonly missing?: "fail" | "null" },
  ): Flow<N, I, S & As<K, Row<E>>>;
  /**
   * Reads the first row that a condition names; the order is that of the key.
   *
   * @example flow.find("contact", "Contact", ({ row, record }) => row.email.eq(record.customer.email), { missing: "null" })
   */
  find<const K extends string, const E extends KnownEntity>(
    id: K,
    entity: E,
    where: (symbols: StepScope<N, I, S> & { readonly row: Row<E> }) => Bool,
    options?: AttemptOptions & { readonly missing?: "fail" | "null" },
  ): Flow<N, I, S & As<K, Row<E>>>;
  /**
   * Reads rows; its result is `{ rows, count }`. At most 100 unless `limit` says more (10,000).
   *
   * @example flow.list("open", "Invoice", { where: ({ row }) => row.status.eq("sent"), orderBy: [["dueAt", "asc"]], limit: 500 })
   */
  list<const K extends string, const E extends KnownEntity>(
    id: K,
    entity: E,
    options?: AttemptOptions & {
      readonly where?: (symbols: StepScope<N, I, S> & { readonly row: Row<E> }) => Bool;
      readonly orderBy?: readonly (readonly [field: keyof FieldsOf<E> & string, direction?: "asc" | "desc"])[];
      readonly limit?: number;
    },
  ): Flow<N, I, S & As<K, Counted & { readonly rows: ListedRows<E> }>>;
  /**
   * Changes one row; its result is the row as it is then. Where it is not there, or not to be changed, the run fails.
   *
   * @example flow.update("remind", "Invoice", ({ record }) => record.id, ({ row }) => ({ reminders: row.reminders.plus(1) }))
   */
  update<const K extends string, const E extends KnownEntity>(
    id: K,
    entity: E,
    row: (symbols: StepScope<N, I, S>) => Id,
    values: (symbols: StepScope<N, I, S> & { readonly row: Row<E> }) => Values<E>,
    options?: AttemptOptions,
  ): Flow<N, I, S & As<K, Row<E>>>;
  /** Changes all rows that a condition names and the run's actor may change; its result is `{ count }`. */
  updateAll<const K extends string, const E extends KnownEntity>(
    id: K,
    entity: E,
    where: (symbols: StepScope<N, I, S> & { readonly row: Row<E> }) => Bool,
    values: (symbols: StepScope<N, I, S> & { readonly row: Row<E> }) => Values<E>,
    options?: AttemptOptions,
  ): Flow<N, I, S & As<K, Counted>>;
  /** Deletes one row; its result is the row as it was. Where it is not there, or not to be deleted, the run fails. */
  delete<const K extends string, const E extends KnownEntity>(
    id: K,
    entity: E,
    row: (symbols: StepScope<N, I, S>) => Id,
    options?: AttemptOptions,
  ): Flow<N, I, S & As<K, Row<E>>>;
  /**
   * Runs `queries/<name>.sql` with the rights of the run's actor; its result is `{ rows, count }`.
   *
   * @param options `row`: what a row is, as a zod schema: `forEach` over them can name its members
   * @example flow.query("totals", "totals-of-month", ({ input }) => ({ month: input.month }), { row: z.object({ customer: z.uuid(), total: z.int() }) })
   */
  query<const K extends string, T = unknown>(
    id: K,
    query: string,
    parameters?: (symbols: StepScope<N, I, S>) => AnyValues,
    options?: AttemptOptions & { readonly row?: z.ZodType<T> },
  ): Flow<N, I, S & As<K, Counted & { readonly rows: JsonList<T> }>>;
  /**
   * Sends a message to a queue: exactly once, in one transaction with the record of it; its result is `{ id }`. The workflow's
   * declaration answers for it: the run's actor needs none of the queue's roles.
   *
   * @example flow.publish("announce", orderEvents, ({ record }) => ({ orderId: record.id, total: record.total }))
   */
  publish<const K extends string, T>(
    id: K,
    queue: Queue<T>,
    message: (symbols: StepScope<N, I, S>) => MessageValues<T>,
    options?: AttemptOptions,
  ): Flow<N, I, S & As<K, { readonly id: Value<"uuid"> }>>;
  publish<const K extends string, const Q extends QueueName>(
    id: K,
    queue: Q,
    message: (symbols: StepScope<N, I, S>) => MessageValues<MessageOf<Q>>,
    options?: AttemptOptions,
  ): Flow<N, I, S & As<K, { readonly id: Value<"uuid"> }>>;
  /**
   * Gives a signal, to every run that waits for it and to the workflows that it starts: exactly once, in one transaction with the
   * record of it. Its result is `{ taken }`: how many they are; where there are none, the signal is kept for the first who waits. As
   * with `publish`, the declaration answers for it: the run's actor needs no right.
   *
   * @example flow.signal("tell", "parcel-reported", ({ record }) => record.id, () => ({ state: "lost" }))
   */
  signal<const K extends string>(
    id: K,
    signal: string,
    key: (symbols: StepScope<N, I, S>) => Expression | string,
    payload?: (symbols: StepScope<N, I, S>) => AnyValues,
    options?: AttemptOptions,
  ): Flow<N, I, S & As<K, { readonly taken: Numeric<"int"> }>>;
  /**
   * Computes values, once: later steps see them as they were then.
   *
   * @example flow.transform("price", ({ record }) => ({ net: record.subtotal, gross: record.subtotal.times(119).dividedBy(100) }))
   */
  transform<const K extends string, V extends AnyValues>(
    id: K,
    values: (symbols: StepScope<N, I, S>) => V,
  ): Flow<N, I, S & As<K, Computed<V>>>;
  /**
   * Calls a task file; its result is what the task returns. At least once, with a stable idempotency key.
   *
   * @example flow.task("mail", "send-receipt", ({ record }) => ({ to: record.customer.email }), { timeout: "30s" })
   */
  task<const K extends string, const T extends TaskName>(
    id: K,
    task: T,
    input?: (symbols: StepScope<N, I, S>) => InputOf<T>,
    options?: AttemptOptions,
  ): Flow<N, I, S & As<K, OutputOf<T>>>;
  /** Writes a line to the worker's log. */
  log(
    id: string,
    message: string,
    values?: (symbols: StepScope<N, I, S>) => AnyValues,
    options?: { readonly level?: LogLevel },
  ): Flow<N, I, S>;
  /**
   * Asks a server, at least once, with a stable `Idempotency-Key`. Its result is `{ status, headers, body }`. A private
   * address is refused unless its host is named, and no redirect is followed.
   *
   * @example flow.http("notify", { method: "POST", url: "https://example.com/hook", body: ({ record }) => ({ id: record.id }), secret: "HOOK_SECRET" })
   */
  http<const K extends string, T = unknown>(
    id: K,
    request: {
      readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
      readonly url: string | ((symbols: StepScope<N, I, S>) => Operand<"string">);
      readonly headers?: (
        symbols: StepScope<N, I, S>,
      ) => Readonly<Record<string, Operand<"string"> | Value<"uuid"> | null>>;
      /** Sent as a JSON object. */
      readonly body?: (symbols: StepScope<N, I, S>) => AnyValues;
      /** The environment variable with the secret that signs the body, as Standard Webhooks say: its name, or `env("HOOK_SECRET")`. */
      readonly secret?: string | EnvironmentValue;
      /** Hosts whose private address is meant. */
      readonly privateHosts?: readonly string[];
      /** Statuses that are an answer; 200 to 299 where it is left out. */
      readonly accept?: readonly number[];
      /** What the answer's body is: later steps can name its members. */
      readonly response?: z.ZodType<T>;
    },
    options?: AttemptOptions,
  ): Flow<
    N,
    I,
    S & As<K, { readonly status: Numeric<"int">; readonly headers: JsonList<unknown>; readonly body: JsonSymbols<T> }>
  >;
  /**
   * Waits, for seconds or for years; the run takes no memory meanwhile.
   *
   * @example flow.sleep("grace", "3d").sleep("due", ({ record }) => record.dueAt.minus(duration("1d")))
   */
  sleep(
    id: string,
    length: Duration | ((symbols: StepScope<N, I, S>) => Moment | Expression<"timestamp">),
  ): Flow<N, I, S>;
  /**
   * Waits for `signalWorkflow(pool, signal, key, payload)`; its result is `{ payload, timedOut }`. A signal that came before is taken.
   *
   * @example flow.waitForSignal("parcel", "delivered", ({ record }) => record.number, { timeout: "14d" })
   */
  waitForSignal<const K extends string, T = unknown>(
    id: K,
    signal: string,
    key: (symbols: StepScope<N, I, S>) => Expression | string,
    options?: { readonly timeout?: Duration; readonly payload?: z.ZodType<T> },
  ): Flow<N, I, S & As<K, { readonly payload: JsonSymbols<T>; readonly timedOut: Bool }>>;
  /**
   * Waits for a person's decision; its result is `{ approved, by, comment, timedOut }`. Who may decide is a role, or any
   * condition over `actor` and what the step sees.
   *
   * @example flow.approval("second", { role: "billing", allow: ({ actor, event }) => actor.id.ne(event.after.owner.id), timeout: "3d" })
   */
  approval<const K extends string>(
    id: K,
    options: {
      readonly role?: RoleName;
      readonly allow?: (symbols: StepScope<N, I, S>) => Bool;
      readonly question?: string;
      /** What the person is shown. */
      readonly show?: (symbols: StepScope<N, I, S>) => AnyValues;
      readonly timeout?: Duration;
      /** What a refusal, or no answer in time, is: an answer, or the end of the run; "continue" where it is left out. */
      readonly refused?: "continue" | "fail";
    },
  ): Flow<
    N,
    I,
    S & As<K, { readonly approved: Bool; readonly by: Value<"uuid">; readonly comment: Text; readonly timedOut: Bool }>
  >;
  /**
   * Starts another workflow. It waits for its end and fails with it, unless `wait: false`; its result is `{ runId, output }`:
   * what the other one's `.output()` says, as it declares it. Of one that nobody waits for there is the `runId` only.
   *
   * @example flow.start("report", "monthly-report", () => ({ month: "2026-11" })).log("said", "done", ({ report }) => ({ pages: report.output.pages }))
   */
  start<const K extends string, const W extends string, const Wait extends boolean = true>(
    id: K,
    workflow: W | (Effect & { readonly name: W }),
    input?: (symbols: StepScope<N, I, S>) => StartedInput<W>,
    options?: { readonly wait?: Wait; readonly timeout?: Duration },
  ): Flow<
    N,
    I,
    S &
      As<K, { readonly runId: Value<"uuid"> } & (Wait extends false ? unknown : { readonly output: StartedOutput<W> })>
  >;
  /**
   * Goes one way or the other; unknown is false. The results of the way that was not taken are null.
   *
   * @example flow.branch("large", ({ record }) => record.subtotal.gt(100_000), (then) => then.approval("second", { role: "billing" }))
   */
  branch<const K extends string, S1, S2 = unknown>(
    id: K,
    when: (symbols: StepScope<N, I, S>) => Bool,
    then: (flow: Flow<N, I, S>) => Flow<N, I, S1>,
    otherwise?: (flow: Flow<N, I, S>) => Flow<N, I, S2>,
  ): Flow<N, I, S & S1 & S2>;
  /**
   * Goes several ways at once, and on when all are done.
   *
   * @example flow.parallel("both", { mail: (arm) => arm.task("mail", "send-mail"), print: (arm) => arm.task("print", "print-label") })
   */
  parallel<const K extends string, A extends Readonly<Record<string, (flow: Flow<N, I, S>) => unknown>>>(
    id: K,
    arms: A,
  ): Flow<N, I, S & ResultsOf<A>>;
  /**
   * Does steps for each item of a list, `limit` items at the same time (10 unless given). The item is `item`, or what `as`
   * says. Its result is `{ count }`, and with `collect` also `{ results }`.
   *
   * @example flow.list("open", "Invoice").forEach("remind", ({ open }) => open.rows, (each) => each.task("mail", "remind", ({ item }) => ({ to: item.customer.email })))
   */
  forEach<
    const K extends string,
    L extends Expression<"json"> | Expression<"list">,
    B,
    const A extends string = "item",
  >(
    id: K,
    items: (symbols: StepScope<N, I, S>) => L,
    body: (flow: Flow<N, I, S & As<A, ItemOf<L>> & As<`${A}Index`, Numeric<"int">>>) => Flow<N, I, B>,
    options?: {
      readonly as?: A;
      readonly limit?: number;
      readonly collect?: (symbols: StepScope<N, I, B>) => Expression | string | number | boolean;
    },
  ): Flow<N, I, S & As<K, Counted & { readonly results: JsonList<unknown> }>>;
  /**
   * Says what undoes the step before it, should the run fail for good or be cancelled: the steps that were done are undone,
   * the last one first, each with retries of its own.
   *
   * @example flow.task("charge", "charge-card").compensate("refund", (undo) => undo.task("refundCard", "refund-card", ({ charge }) => ({ id: charge.id })))
   */
  compensate(id: string, undo: (flow: Flow<N, I, S>) => Flow<N, I, unknown>): Flow<N, I, S>;
  /**
   * Ends the run with an error of its own, by a name that begins with a capital letter.
   *
   * @example flow.branch("empty", ({ record }) => record.lines.size().eq(0), (then) => then.fail("none", "EmptyOrder"))
   */
  fail(
    id: string,
    error: string,
    options?: { readonly message?: string; readonly values?: (symbols: StepScope<N, I, S>) => AnyValues },
  ): Flow<N, I, S>;
  /** What the run gives, to whoever started it: the last step of all. */
  output(values: (symbols: StepScope<N, I, S>) => AnyValues): Flow<N, I, S>;
}
