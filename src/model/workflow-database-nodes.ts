/** Steps in the database: each is one transaction with its checkpoint, with the rights of the run's actor. Exactly once. */
import { z } from "zod";
import { entityName, fieldName, slugName } from "./names.ts";
import { expressions, rowCondition, schemas, transacted } from "./workflow-node-parts.ts";

/** Makes a row; its result is the row. */
export const createNode = z.strictObject({
  ...transacted,
  kind: z.literal("crud.create"),
  entity: entityName,
  values: expressions,
  /** The fields that its result has, by their names, in place of the whole row with its columns. */
  gives: schemas.optional(),
});

/** Reads one row, by its id or the first that a condition names; its result is the row. */
export const getNode = z.strictObject({
  ...transacted,
  kind: z.literal("crud.get"),
  entity: entityName,
  /** One of the two. */
  by: z.union([z.strictObject({ id: z.string() }), z.strictObject({ where: rowCondition })]),
  /** Where no row is there or visible: the run fails, or the result is null. */
  missing: z.enum(["fail", "null"]),
  /** The fields that its result has, by their names, in place of the whole row with its columns. */
  gives: schemas.optional(),
});

/** Reads rows; its result is `{ rows, count }`. */
export const listNode = z.strictObject({
  ...transacted,
  kind: z.literal("crud.list"),
  entity: entityName,
  where: rowCondition.optional(),
  /** The key stands behind, so that the order is always one. */
  order: z.array(z.strictObject({ field: fieldName, direction: z.enum(["asc", "desc"]) })),
  limit: z.int().min(1).max(10_000),
  /** The fields that each row of its result has, by their names, in place of the whole row with its columns. */
  gives: schemas.optional(),
});

/** Changes one row; its result is the row. A row that is not there, or not to be seen, fails the run. */
export const updateNode = z.strictObject({
  ...transacted,
  kind: z.literal("crud.update"),
  entity: entityName,
  row: z.string(),
  values: expressions,
  /** The fields that its result has, by their names, in place of the whole row with its columns. */
  gives: schemas.optional(),
});

/** Deletes one row; its result is the row as it was. A row that is not there fails the run. */
export const deleteNode = z.strictObject({
  ...transacted,
  kind: z.literal("crud.delete"),
  entity: entityName,
  row: z.string(),
  /** The fields that its result has, by their names, in place of the whole row with its columns. */
  gives: schemas.optional(),
});

/** Changes all rows that a condition names and the actor may change; its result is `{ count }`. */
export const updateManyNode = z.strictObject({
  ...transacted,
  kind: z.literal("db.update"),
  entity: entityName,
  where: rowCondition,
  values: expressions,
});

/** A statement of the project's, by its name; its result is `{ rows, count }`. */
export const queryNode = z.strictObject({
  ...transacted,
  kind: z.literal("db.query"),
  query: slugName,
  /** By the names of its parameters. */
  parameters: expressions,
  /** The JSON Schema of one of its rows, where it is known: a loop over them can name their members then. */
  row: z.json().optional(),
});

/** Values made of values; its result holds them by name. */
export const transformNode = z.strictObject({
  ...transacted,
  kind: z.literal("transform"),
  values: expressions,
  /** Of those values that a process declares the type of. */
  types: schemas.optional(),
});

/** Sends a message to a queue, with the rights of the run: whoever declares the workflow answers for it. Its result is `{ id }`, of the message. */
export const publishNode = z.strictObject({
  ...transacted,
  kind: z.literal("queue.publish"),
  queue: slugName,
  message: expressions,
});

/** Gives a signal, with the rights of the run as `queue.publish`; its result is `{ taken }`: how many waits and workflows took it. With 0 it is kept for the next wait. */
export const signalNode = z.strictObject({
  ...transacted,
  kind: z.literal("signal"),
  signal: slugName,
  /** Which one of that name: as the wait says it. */
  key: z.string(),
  /** A JSON object; null where it is left out. */
  payload: expressions.optional(),
});

/** A statement by its name: `queries/<name>.sql`, whose parameters are written `:name`. */
export const query = z.strictObject({
  name: slugName,
  description: z.string().optional(),
  sql: z.string(),
  /** In the order in which they first stand in the text. */
  parameters: z.array(fieldName),
});
