/**
 * The names and fields of a project, as types. Empty here: a project's generated
 * declaration file fills them with literals (`declare module "enginejs" { … }`).
 * Before the first generation every name is a string and every row is `any`.
 */

/** Entities by name: `{ Invoice: { fields: { number: Scalar<"slug"> } } }`. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the generated declaration file
export interface Entities {}
/** Tasks by name: `{ "send-receipt": { input: { to: Scalar<"text"> }; output: { messageId: Scalar<"text"> } } }`. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the generated declaration file
export interface Tasks {}
/** Roles by name: `{ billing: true }`. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the generated declaration file
export interface Roles {}

type Keys<T> = keyof T & string;
type NameOr<T> = [Keys<T>] extends [never] ? string : Keys<T>;

/** The name of an entity of this project. */
export type EntityName = NameOr<Entities>;
/** The name of a task file of this project. */
export type TaskName = NameOr<Tasks>;
/** The name of a role of this project's config. */
export type RoleName = NameOr<Roles>;

/** Whether the declaration file has been generated yet. */
export type Generated = [Keys<Entities>] extends [never] ? false : true;
