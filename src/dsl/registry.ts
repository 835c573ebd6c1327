/**
 * The names and fields of a project, as types. Empty here: a project's generated
 * declaration file fills them with literals (`declare module "enginejs" { … }`).
 * Before the first generation every name is a string and every row is `any`.
 */

/** Entities by name: `{ Invoice: { fields: { number: Scalar<"slug"> }; actions: "send" | "pay" } }`. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the generated declaration file
export interface Entities {}
/** Tasks by name: `{ "send-receipt": { input: { to: Scalar<"text"> }; output: { messageId: Scalar<"text"> } } }`. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the generated declaration file
export interface Tasks {}
/** Roles by name: `{ billing: true }`. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the generated declaration file
export interface Roles {}
/** Permissions of the config's own by name: `{ "reports.export": true }`. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the generated declaration file
export interface Permissions {}
/** The actor's claims by name: `{ teams: ListOf<"uuid"> }`. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the generated declaration file
export interface Claims {}
/** Flags by name: `{ betaBilling: true }`. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the generated declaration file
export interface Flags {}

/** Workflows that take or give something, by name: `{ report: { input: { month: Scalar<"text"> }; output: { pages: Scalar<"bigint"> } } }`. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the generated declaration file
export interface Workflows {}

/** Queues by name, with what a message is: `{ "order-events": { orderId: string } }`. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the generated declaration file
export interface Queues {}

type Keys<T> = keyof T & string;
type NameOr<T> = [Keys<T>] extends [never] ? string : Keys<T>;

/** The name of an entity of this project. */
export type EntityName = NameOr<Entities>;
/** The name of a task file of this project. */
export type TaskName = NameOr<Tasks>;
/** The name of a role of this project's config. */
export type RoleName = NameOr<Roles>;
/** The name of a permission that this project's config declares. */
export type PermissionName = NameOr<Permissions>;
/** The name of a flag of this project's config. */
export type FlagName = NameOr<Flags>;

/** The name of a queue of this project. */
export type QueueName = NameOr<Queues>;

type EntityEvents = {
  [E in Keys<Entities>]: `${E}.${"created" | "updated" | "deleted" | (Entities[E] extends { actions: infer A extends string } ? A : never)}`;
}[Keys<Entities>];

/** What `on()` takes: an event of an entity, `Invoice.created`, `Invoice.pay`, or a queue's name. */
export type EventName = Generated extends false ? string : EntityEvents | Keys<Queues>;

/** The message of a queue; of an entity's event, what the action was called with. */
export type MessageOf<N> = Generated extends false
  ? // biome-ignore lint/suspicious/noExplicitAny: before the declaration file exists nothing is known of a message
    any
  : N extends keyof Queues
    ? Queues[N]
    : N extends `${string}.${string}`
      ? Readonly<Record<string, unknown>> | null
      : unknown;

/** What can be permitted of an entity: its commands, and its actions. */
export type OperationName<N> = Generated extends false
  ? string
  :
      | "read"
      | "create"
      | "update"
      | "delete"
      | (N extends keyof Entities ? (Entities[N] extends { actions: infer A extends string } ? A : never) : never);

/** Whether the declaration file has been generated yet. */
export type Generated = [Keys<Entities>] extends [never] ? false : true;
