import { z } from "zod";
import { entityName, fieldName, sqlName } from "./names.ts";

/**
 * What a field holds, as the model says it.
 *
 * | scalar    | PostgreSQL    | in expressions | in GraphQL |
 * |-----------|---------------|----------------|------------|
 * | uuid      | uuid          | uuid           | UUID       |
 * | text      | text          | string         | String     |
 * | slug      | text + CHECK  | string         | String     |
 * | integer   | integer       | int            | Int        |
 * | bigint    | bigint        | int            | BigInt     |
 * | decimal   | numeric(p, s) | decimal        | BigFloat   |
 * | money     | bigint        | int            | BigInt, minor units |
 * | boolean   | boolean       | bool           | Boolean    |
 * | date      | date          | date           | Date       |
 * | timestamp | timestamptz   | timestamp      | Datetime   |
 * | json      | jsonb         | json           | JSON       |
 * | roles     | text[] + CHECK| list of string | [String]   |
 */
export const scalarType = z.discriminatedUnion("scalar", [
  z.strictObject({
    kind: z.literal("scalar"),
    scalar: z.enum(["uuid", "integer", "bigint", "boolean", "date", "timestamp", "json", "roles"]),
  }),
  z.strictObject({
    kind: z.literal("scalar"),
    scalar: z.literal("text"),
    /** Most characters; a CHECK. */
    max: z.int().positive().optional(),
    min: z.int().nonnegative().optional(),
    /** A regular expression of the portable subset, as text; a CHECK. */
    pattern: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal("scalar"), scalar: z.literal("slug"), max: z.int().positive().optional() }),
  z.strictObject({
    kind: z.literal("scalar"),
    scalar: z.literal("decimal"),
    precision: z.int().min(1).max(1000),
    scale: z.int().min(0).max(1000),
  }),
  /** ISO 4217; the amount is in minor units. */
  z.strictObject({
    kind: z.literal("scalar"),
    scalar: z.literal("money"),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional(),
  }),
]);

export const stateType = z.strictObject({
  kind: z.literal("state"),
  states: z.array(z.string().min(1)).min(1),
  initial: z.string(),
});

export const oneType = z.strictObject({
  kind: z.literal("one"),
  entity: entityName,
  onDelete: z.enum(["restrict", "cascade", "set null"]),
});

export const manyType = z.strictObject({
  kind: z.literal("many"),
  entity: entityName,
  /** The to-one field of the other entity that this is the far side of. */
  via: fieldName,
});

export const fieldType = z.union([scalarType, stateType, oneType, manyType]);
export type FieldType = z.infer<typeof fieldType>;

/** Where a field's value lies. Payloads, grants, inputs and shapes are made from this, never from "all columns". */
export const storage = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("column"), column: sqlName, sqlType: z.string() }),
  /** Expanded wherever it is used. `rows`: whose rows a relation in it shows, the reader's or all of the tenant. */
  z.strictObject({ kind: z.literal("virtual"), expression: z.string(), rows: z.enum(["reader", "all"]) }),
  /** A generated column: same-row scalars only. */
  z.strictObject({ kind: z.literal("generated"), column: sqlName, sqlType: z.string(), expression: z.string() }),
  /**
   * A column of a table of its own, 1:1 with the entity's, with the same key: a field that not everybody may read who may
   * read the row. `select *`, filters and aggregates of the entity's table neither fail nor leak.
   */
  z.strictObject({ kind: z.literal("side"), table: sqlName, column: sqlName, sqlType: z.string() }),
  /** The many side of a relation: nothing is stored here. */
  z.strictObject({ kind: z.literal("relation") }),
]);

export const fieldDefault = z.discriminatedUnion("kind", [
  /** A constant as JSON; bigints and decimals as strings. */
  z.strictObject({ kind: z.literal("value"), value: z.json() }),
  /** An expression over `actor` and `now()`: it becomes the column's DEFAULT. */
  z.strictObject({ kind: z.literal("expression"), expression: z.string() }),
  z.strictObject({ kind: z.literal("generated"), by: z.enum(["uuid_v7", "now", "tenant"]) }),
]);

/** A rule of a field: its sentence, and the condition over `row`, `actor`, `request`, `flags`; unknown is false. */
const fieldRule = z.strictObject({ name: z.string().min(1), expression: z.string() });

/** Who may do what with one field of a row that he may read, or write. */
export const fieldAccess = z.strictObject({
  /** Who may read it; its storage is a side table. */
  read: fieldRule.optional(),
  /** Who may give it a value, besides whoever may write the row: in a side table by policy, in a column by trigger. */
  write: fieldRule.optional(),
  /** "never": no one changes it after the row was made; "once": what has a value keeps it. Raw SQL of the owner too. */
  change: z.enum(["never", "once"]).optional(),
});

export const field = z.strictObject({
  name: fieldName,
  description: z.string().optional(),
  type: fieldType,
  required: z.boolean(),
  storage,
  default: fieldDefault.optional(),
  /** What an API's user may write when a row is made, and later. State, tenant, id and computed fields are neither. */
  writable: z.strictObject({ create: z.boolean(), update: z.boolean() }),
  access: fieldAccess.optional(),
  /** Why the field is there although the model does not say it. */
  inferred: z.string().optional(),
});
export type Field = z.infer<typeof field>;
