import { z } from "zod";
import { field } from "./field.ts";
import { entityName, fieldName, slugName, sqlName } from "./names.ts";

const reason = z.string().optional();

export const unique = z.strictObject({
  name: sqlName,
  fields: z.array(fieldName).min(1),
  /** The tenant's column first, where the entity belongs to one: a violation tells nothing of other tenants. */
  columns: z.array(sqlName).min(1),
  inferred: reason,
});

export const index = z.strictObject({
  name: sqlName,
  columns: z.array(sqlName).min(1),
  where: z.string().optional(),
  /** "foreign key customer", "named by the policy …": why it is there although the model does not say it. */
  inferred: reason,
});

export const foreignKey = z.strictObject({
  name: sqlName,
  field: fieldName,
  columns: z.array(sqlName).min(1),
  references: z.strictObject({ entity: entityName, table: sqlName, columns: z.array(sqlName).min(1) }),
  onDelete: z.enum(["restrict", "cascade", "set null"]),
});

/** A rule over one row; unknown passes, as in SQL. */
export const check = z.strictObject({
  name: sqlName,
  expression: z.string(),
  /** The sentence that a user sees. */
  message: z.string(),
  inferred: reason,
});

const command = z.enum(["read", "create", "update", "delete"]);
export type Command = z.infer<typeof command>;
/** All of them, in the order in which they are spoken of. */
export const COMMANDS: readonly Command[] = command.options;

export const policy = z.strictObject({
  /** The sentence: "members read their tenant's invoices". */
  name: z.string().min(1),
  /** Deny wins. The system passes both. */
  effect: z.enum(["allow", "deny"]),
  commands: z.array(command),
  /** Actions that it allows or denies by name; what is said of them replaces the update rule, as `.allow` does. */
  actions: z.array(fieldName),
  /** What may be touched. Over `row`, `actor`, `request`, `flags`; unknown is false, so that an unknown deny denies nothing. */
  expression: z.string(),
  /** What may be left behind (WITH CHECK of create and update), where it differs from what may be touched. */
  check: z.string().optional(),
  /** Why the rule may be wider than the one before: a build that widens access asks for it. */
  consent: z.string().optional(),
});
export type Policy = z.infer<typeof policy>;

export const action = z.strictObject({
  name: fieldName,
  description: z.string().optional(),
  /** The SQL function: `pay_invoice`. */
  function: sqlName,
  input: z.array(field),
  transition: z.strictObject({ field: fieldName, from: z.array(z.string()).min(1), to: z.string() }).optional(),
  /** Replaces the update rule for this action; without it the update right is required. */
  allow: z.strictObject({ name: z.string(), expression: z.string() }).optional(),
  guards: z.array(z.strictObject({ expression: z.string(), message: z.string() })),
  /** What follows durably, by name. */
  effects: z.array(z.strictObject({ kind: z.enum(["task", "workflow"]), name: slugName })),
});
export type Action = z.infer<typeof action>;

export const view = z.strictObject({
  name: fieldName,
  columns: z.array(fieldName),
  filters: z.array(fieldName),
  layout: z.strictObject({ kind: z.literal("tabs"), tabs: z.array(z.string()) }).optional(),
});

/** A field of an operation's input or output. */
const shapeField = z.strictObject({ name: fieldName, required: z.boolean() });

/** What can be asked of an entity: GraphQL, REST, client and workflow steps are readers of these nodes. */
export const operation = z.strictObject({
  /** `Invoice.pay` */
  id: z.string(),
  kind: z.enum(["list", "get", "create", "update", "delete", "action"]),
  action: fieldName.optional(),
  input: z.array(shapeField),
  output: z.array(shapeField),
});

export const entity = z.strictObject({
  name: entityName,
  description: z.string().optional(),
  table: sqlName,
  /** True: rows belong to a tenant, the key is `(tenant_id, id)`. */
  tenant: z.boolean(),
  /** Whether changes write outbox rows. */
  events: z.boolean(),
  /** In the order of the declaration; the inferred ones (id first, tenant, createdAt, updatedAt) are among them. */
  fields: z.array(field),
  primaryKey: z.strictObject({ name: sqlName, columns: z.array(sqlName).min(1) }),
  uniques: z.array(unique),
  indexes: z.array(index),
  foreignKeys: z.array(foreignKey),
  checks: z.array(check),
  policies: z.array(policy),
  actions: z.array(action),
  views: z.array(view),
  operations: z.array(operation),
  /** Free notes for generated surfaces. */
  meta: z.record(z.string(), z.json()).optional(),
});
export type Entity = z.infer<typeof entity>;
