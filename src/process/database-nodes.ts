/** Nodes that read and write the database. */
import { suggestion } from "../errors/suggestion.ts";
import type { ExpressionType } from "../expression/index.ts";
import type { Entity, WorkflowNode } from "../model/index.ts";
import type { JsonSchema } from "../model/schema-types.ts";
import type { ProcessNodeOf } from "./file-graph.ts";
import type { Made, NodeContext } from "./node-context.ts";
import { rowVariable } from "./process-context.ts";
import { fieldsGiven, fieldValues, isStored } from "./row-fields.ts";

type EntityOp = "db.insert" | "db.get" | "db.list" | "db.update" | "db.delete";
const NOTHING: Made = { nodes: [], values: {} };
const UUID: ExpressionType = { kind: "uuid" };
const BOOL: ExpressionType = { kind: "bool" };

export function databaseNode(context: NodeContext<ProcessNodeOf<EntityOp | "db.query">>): Made {
  const { node } = context;
  const { db = "main", tx } = node;
  if (db !== "main") {
    context.report("EJS2530", `there is no database "${db}".`, context.at("db"), {
      hint: 'The application has one: "main".',
    });
    return NOTHING;
  }
  if (tx !== undefined) context.process.effects.require("databases", db, "transaction", context.at("tx"));
  if (node.op === "db.query") return queryNode(context as NodeContext<ProcessNodeOf<"db.query">>);
  const reads = node.op === "db.get" || node.op === "db.list";
  context.process.effects.require("databases", db, reads ? "read" : "write", context.at("op"), reads ? ["write"] : []);
  const { entities } = context.process.model.system;
  const entity = entities.find(({ name }) => name === node.entity);
  if (entity === undefined) {
    const names = entities.map(({ name }) => name);
    const message = `the model has no entity "${node.entity}".`;
    context.report("EJS2530", message, context.at("entity"), { hint: suggestion(node.entity, names, "Entities") });
    return NOTHING;
  }
  switch (node.op) {
    case "db.insert":
      return insertNode(context as NodeContext<ProcessNodeOf<"db.insert">>, entity);
    case "db.get":
      return getNode(context as NodeContext<ProcessNodeOf<"db.get">>, entity);
    case "db.list":
      return listNode(context as NodeContext<ProcessNodeOf<"db.list">>, entity);
    case "db.update":
      return updateNode(context as NodeContext<ProcessNodeOf<"db.update">>, entity);
    case "db.delete":
      return deleteNode(context as NodeContext<ProcessNodeOf<"db.delete">>, entity);
    default:
      return node satisfies never;
  }
}

function insertNode(context: NodeContext<ProcessNodeOf<"db.insert">>, entity: Entity): Made {
  const { node } = context;
  const values = fieldValues(context, entity, node.values, "create");
  const missing = entity.fields.filter(
    (field) =>
      field.writable.create && field.required && field.default === undefined && !Object.hasOwn(node.values, field.name),
  );
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(", ");
    context.report("EJS2531", `${entity.name} requires ${names}.`, context.at("values"), { key: true });
  }
  return oneRow(context, entity, { kind: "crud.create", values });
}

function getNode(context: NodeContext<ProcessNodeOf<"db.get">>, entity: Entity): Made {
  const { id, node, out } = context;
  if ((node.id === undefined) === (node.where === undefined)) {
    context.report("EJS2532", "db.get has one of id and where.", context.at("op"));
    return NOTHING;
  }
  const by =
    node.id === undefined
      ? { where: rowCondition(context, entity, node.where ?? "") }
      : { id: context.expression(context.at("id"), node.id, UUID) };
  const missing = Object.hasOwn(out, "missing");
  const made = oneRow(context, entity, { kind: "crud.get", by, missing: missing ? "null" : "fail" }, ["missing"]);
  if (!missing) return made;
  const row = context.ownPort("row", ["missing"]) ?? "row";
  const branch = {
    id: context.freeId(`${id}Way`),
    kind: "branch" as const,
    cases: [{ port: "missing", when: `${id} == null` }],
    else: row,
    ...(node.tx === undefined ? {} : { tx: node.tx }),
  };
  return { ...made, nodes: [...made.nodes, branch], chooses: true };
}

function updateNode(context: NodeContext<ProcessNodeOf<"db.update">>, entity: Entity): Made {
  const { node } = context;
  if (node.id === undefined) return updateAllNode(context, entity);
  if (node.where !== undefined) context.report("EJS2532", "db.update has one of id and where.", context.at("op"));
  const row = context.expression(context.at("id"), node.id, UUID);
  const values = fieldValues(context, entity, node.values, "update");
  return oneRow(context, entity, { kind: "crud.update", row, values });
}

/** All rows that a condition names; what it gives is their number. */
function updateAllNode(context: NodeContext<ProcessNodeOf<"db.update">>, entity: Entity): Made {
  const { id, node, out } = context;
  if (node.where === undefined) {
    context.report("EJS2532", "db.update has one of id and where.", context.at("op"));
    return NOTHING;
  }
  const where = rowCondition(context, entity, node.where);
  const values = fieldValues(context, entity, node.values, "update");
  const gives = Object.hasOwn(out, "count") && !Object.hasOwn(context.in, "count");
  if (gives) context.gives("count", { type: "integer" });
  const made: WorkflowNode = { ...base(context), kind: "db.update", entity: entity.name, where, values };
  return { nodes: [made], values: gives ? { count: `${id}.count` } : {} };
}

function deleteNode(context: NodeContext<ProcessNodeOf<"db.delete">>, entity: Entity): Made {
  const row = context.expression(context.at("id"), context.node.id, UUID);
  return oneRow(context, entity, { kind: "crud.delete", row });
}

function listNode(context: NodeContext<ProcessNodeOf<"db.list">>, entity: Entity): Made {
  const { id, node, out } = context;
  const where = node.where === undefined ? {} : { where: rowCondition(context, entity, node.where) };
  const stored = entity.fields.filter(isStored).map(({ name }) => name);
  node.order?.forEach(([field], i) => {
    if (stored.includes(field)) return;
    const message = `${entity.name} cannot be ordered by "${field}".`;
    context.report("EJS2530", message, context.at("order", i, 0), { hint: suggestion(field, stored, "Stored fields") });
  });
  const order = (node.order ?? []).map(([field, direction]) => ({ field, direction }));
  const port = context.ownPort("rows", ["count"]);
  const schema = port === undefined ? undefined : out[port];
  const items = schema?.type === "array" && typeof schema.items === "object" ? (schema.items as JsonSchema) : undefined;
  if (port !== undefined && items === undefined) {
    context.report("EJS2514", `"${port}" is no array.`, context.at("out", port), {
      hint: 'Its type is {"type": "array", "items": {"$ref": "#/$defs/…"}}.',
    });
  }
  const gives = port === undefined || items === undefined ? {} : fieldsGiven(context, entity, items, port);
  if (Object.hasOwn(out, "count")) context.gives("count", { type: "integer" });
  const made = {
    ...base(context),
    kind: "crud.list",
    entity: entity.name,
    ...where,
    order,
    limit: node.limit ?? 100,
    gives,
  };
  return {
    nodes: [made as WorkflowNode],
    values: {
      ...(port === undefined ? {} : { [port]: `${id}.rows` }),
      ...(Object.hasOwn(out, "count") ? { count: `${id}.count` } : {}),
    },
  };
}

function queryNode(context: NodeContext<ProcessNodeOf<"db.query">>): Made {
  const { id, node, out } = context;
  const { queries = [] } = context.process.model.system;
  const query = queries.find(({ name }) => name === node.query);
  const parameters = context.values("parameters", node.parameters);
  if (query === undefined) {
    const hint = suggestion(
      node.query,
      queries.map(({ name }) => name),
      "Files in queries/",
    );
    context.report("EJS2530", `there is no query "${node.query}".`, context.at("query"), { hint });
    return NOTHING;
  }
  const writes = /\b(insert|update|delete|merge|call|do)\b/i.test(query.sql);
  const { effects } = context.process;
  effects.require("databases", "main", writes ? "write" : "read", context.at("op"), writes ? [] : ["write"]);
  for (const name of Object.keys(parameters)) {
    if (query.parameters.includes(name)) continue;
    const hint = suggestion(name, query.parameters, "Parameters");
    context.report("EJS2530", `the query ${query.name} has no parameter "${name}".`, context.at("parameters", name), {
      key: true,
      hint,
    });
  }
  const missing = query.parameters.filter((name) => !Object.hasOwn(parameters, name));
  if (missing.length > 0)
    context.report("EJS2531", `the query ${query.name} needs ${missing.join(", ")}.`, context.at("op"));
  const port = context.ownPort("rows", ["count"]);
  const schema = port === undefined ? undefined : out[port];
  if (port !== undefined && schema?.type !== "array") {
    context.report("EJS2514", `"${port}" is no array.`, context.at("out", port));
  }
  if (Object.hasOwn(out, "count")) context.gives("count", { type: "integer" });
  const row = schema?.items === undefined ? {} : { row: schema.items };
  const made = { ...base(context), kind: "db.query", query: query.name, parameters, ...row };
  return {
    nodes: [made as WorkflowNode],
    values: {
      ...(port === undefined ? {} : { [port]: `${id}.rows` }),
      ...(Object.hasOwn(out, "count") ? { count: `${id}.count` } : {}),
    },
  };
}

/** A node whose result is one row, of which it gives what the type of its port has. */
function oneRow(
  context: NodeContext<ProcessNodeOf<Exclude<EntityOp, "db.list">>>,
  entity: Entity,
  parts: Readonly<Record<string, unknown>>,
  others: readonly string[] = [],
): Made {
  const { id, out } = context;
  const port = context.ownPort("row", others);
  const gives = port === undefined ? {} : fieldsGiven(context, entity, out[port] ?? {}, port);
  const made = { ...base(context), entity: entity.name, ...parts, gives };
  return { nodes: [made as WorkflowNode], values: port === undefined ? {} : { [port]: id } };
}

const base = (context: NodeContext<ProcessNodeOf<EntityOp | "db.query">>) => ({
  id: context.id,
  ...context.labelled,
  ...context.attempts(context.node),
  ...(context.node.tx === undefined ? {} : { tx: context.node.tx }),
});

/** A condition over `row` and the ports. */
function rowCondition(context: NodeContext, entity: Entity, text: string): string {
  if (Object.hasOwn(context.in, "row")) {
    context.report("EJS2525", `"row" is the row of ${entity.name} here.`, context.at("in", "row"), {
      key: true,
      hint: "Call the port otherwise.",
    });
  }
  return context.expression(context.at("where"), text, BOOL, { row: rowVariable(entity.name) });
}
