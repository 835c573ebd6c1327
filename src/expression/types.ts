/**
 * The types of the expression language and how each is held by PostgreSQL and by the evaluator:
 *
 * | type      | PostgreSQL    | evaluator                      |
 * |-----------|---------------|--------------------------------|
 * | bool      | boolean       | boolean                        |
 * | int       | bigint        | bigint                         |
 * | decimal   | numeric       | Decimal (coefficient, scale)   |
 * | string    | text          | string                         |
 * | uuid      | uuid          | string, lower case             |
 * | enum      | text          | string                         |
 * | date      | date          | bigint, days since 1970-01-01  |
 * | timestamp | timestamptz   | bigint, µs since 1970-01-01    |
 * | duration  | interval      | bigint, µs                     |
 * | json      | jsonb         | plain JSON                     |
 * | list      | array         | array                          |
 * | row       | (a key)       | an object, or null             |
 * | rows      | (a relation)  | an array of objects            |
 *
 * A list holds no nulls. Each value may be null in the way the checker tells; null itself has the type `null`
 * until its context gives it another.
 */
export type ScalarKind = "bool" | "int" | "decimal" | "string" | "uuid" | "date" | "timestamp" | "duration" | "json";

export type ExpressionType =
  | { readonly kind: ScalarKind }
  | { readonly kind: "enum"; readonly values: readonly string[] }
  | { readonly kind: "list"; readonly of: ExpressionType }
  /** A row of an entity, by its name in the catalog. */
  | { readonly kind: "row"; readonly entity: string }
  /** The many side of a relation, filtered or not. */
  | { readonly kind: "rows"; readonly entity: string }
  /** Named values that are no entity's row: the output of a task, the input of an action. */
  | { readonly kind: "record"; readonly fields: Readonly<Record<string, TypedValue>> }
  | { readonly kind: "null" };

export interface TypedValue {
  readonly type: ExpressionType;
  readonly nullable: boolean;
}
