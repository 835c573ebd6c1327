/** Steps that read and write rows, and those that compute in the database. */
import { suggestion } from "../../errors/suggestion.ts";
import { type Entity, expressionType, type WorkflowNode } from "../../model/index.ts";
import type { StepOf } from "../flow-steps.ts";
import type { EntityDraft } from "./build-context.ts";
import type { Written } from "./callbacks.ts";
import { shown } from "./report.ts";
import { schemaPart } from "./workflow-outside-steps.ts";
import { type StepContext, textsOf, UNREADABLE } from "./workflow-step-context.ts";

type Made = WorkflowNode | undefined;
const UUID = { kind: "uuid" } as const;
const BOOL = { kind: "bool" } as const;

export function createNode(context: StepContext, step: StepOf<"create">): Made {
  const written = context.values(step, step.values);
  const draft = context.draft(step, step.entity);
  if (draft === undefined) return undefined;
  const { entity } = draft;
  const writable = entity.fields.filter((field) => field.writable.create);
  checkFields(context, step, draft, written, "create");
  const missing = writable.filter((field) => field.required && field.default === undefined && !written.has(field.name));
  if (missing.length > 0 && step.values !== undefined && written !== UNREADABLE) {
    const names = missing.map(({ name }) => name).join(", ");
    const message = `${context.what(step)}: ${entity.name} requires ${names}.`;
    context.tools.context.report.error("EJS2156", message, { site: step.site });
  }
  const { id } = step;
  return { id, kind: "crud.create", entity: step.entity, values: textsOf(written), ...context.attempts(step) };
}

/** Each value stands for a field that can be written. */
function checkFields(
  context: StepContext,
  step: StepOf<"create" | "update" | "updateAll">,
  { entity, broken }: EntityDraft,
  written: ReadonlyMap<string, Written>,
  when: "create" | "update",
): void {
  const writable = entity.fields.filter((field) => field.writable[when]);
  for (const [name, value] of written) {
    const field = writable.find((candidate) => candidate.name === name);
    if (field === undefined) {
      if (broken.has(name)) continue;
      const written = when === "create" ? "written by whoever makes a row" : "changed like this";
      const what = entity.fields.some((candidate) => candidate.name === name)
        ? `${entity.name}.${name} is not ${written}`
        : `${entity.name} has no field ${shown(name)}`;
      const actions = entity.actions.map((action) => action.name);
      const hint =
        entity.fields.find((candidate) => candidate.name === name)?.type.kind === "state" && actions.length > 0
          ? `A state changes by an action, in a query: select ${context.tools.context.system.schema}.${entity.actions[0]?.function ?? ""}(:id). Actions of ${entity.name}: ${actions.join(", ")}.`
          : suggestion(
              name,
              writable.map((candidate) => candidate.name),
              "Fields that can be given",
            );
      const message = `${context.what(step)}: ${what}.`;
      context.tools.context.report.error("EJS2155", message, { site: step.site, word: name, hint });
      continue;
    }
    const type = field.type.kind === "one" ? UUID : expressionType(field.type);
    context.check(value, type, when === "update" ? entity.name : undefined);
  }
}

export function getNode(context: StepContext, step: StepOf<"get" | "find">): Made {
  const draft = context.draft(step, step.entity);
  const missing = context.oneOf(step, step.missing, "missing", ["fail", "null"]);
  if (draft === undefined) return undefined;
  const text =
    step.kind === "get"
      ? context.expression(step, step.row, "row", UUID)
      : context.expression(step, step.where, "where", BOOL, draft.entity.name);
  if (text === undefined) return undefined;
  const by = step.kind === "get" ? { id: text } : { where: text };
  return { id: step.id, kind: "crud.get", entity: step.entity, by, missing, ...context.attempts(step) };
}

export function listNode(context: StepContext, step: StepOf<"list">): Made {
  const draft = context.draft(step, step.entity);
  const limit = context.count(step, step.limit, "limit", 10_000, 100);
  if (draft === undefined) return undefined;
  const where =
    step.where === undefined ? undefined : context.expression(step, step.where, "where", BOOL, draft.entity.name);
  const order = orderOf(context, step, draft.entity);
  return {
    id: step.id,
    kind: "crud.list",
    entity: step.entity,
    ...(where === undefined ? {} : { where }),
    order,
    limit,
    ...context.attempts(step),
  };
}

function orderOf(context: StepContext, step: StepOf<"list">, entity: Entity) {
  const { orderBy = [] } = step;
  const stored = entity.fields.filter(({ storage }) => storage.kind === "column" || storage.kind === "generated");
  const order: { field: string; direction: "asc" | "desc" }[] = [];
  if (!Array.isArray(orderBy)) {
    context.refuse(step, `orderBy is ${shown(orderBy)}`, 'orderBy: [["dueAt", "desc"]]', "orderBy");
    return order;
  }
  for (const entry of orderBy as readonly unknown[]) {
    const [field, direction = "asc"]: readonly unknown[] = Array.isArray(entry) ? entry : [entry];
    if (direction !== "asc" && direction !== "desc") {
      context.refuse(
        step,
        `an order is "asc" or "desc", not ${shown(direction)}`,
        'orderBy: [["dueAt", "desc"]]',
        "orderBy",
      );
    } else if (stored.some(({ name }) => name === field)) order.push({ field: field as string, direction });
    else {
      const hint = suggestion(
        field,
        stored.map(({ name }) => name),
        `Stored fields of ${entity.name}`,
      );
      context.refuse(
        step,
        `${entity.name} cannot be ordered by ${shown(field)}`,
        hint,
        typeof field === "string" ? field : "orderBy",
      );
    }
  }
  return order;
}

export function updateNode(context: StepContext, step: StepOf<"update" | "updateAll">): Made {
  const draft = context.draft(step, step.entity);
  if (draft === undefined) return undefined;
  const written = context.values(step, step.values, draft.entity.name);
  checkFields(context, step, draft, written, "update");
  if (written.size === 0 && written !== UNREADABLE)
    context.refuse(step, "it changes nothing", 'Return the new values: () => ({ note: "seen" }).');
  const parts = { id: step.id, entity: step.entity, values: textsOf(written), ...context.attempts(step) };
  if (step.kind === "update") {
    const row = context.expression(step, step.row, "row", UUID);
    return row === undefined ? undefined : { ...parts, kind: "crud.update", row };
  }
  const where = context.expression(step, step.where, "where", BOOL, draft.entity.name);
  return where === undefined ? undefined : { ...parts, kind: "db.update", where };
}

export function deleteNode(context: StepContext, step: StepOf<"delete">): Made {
  const draft = context.draft(step, step.entity);
  const row = context.expression(step, step.row, "row", UUID);
  if (draft === undefined || row === undefined) return undefined;
  return { id: step.id, kind: "crud.delete", entity: step.entity, row, ...context.attempts(step) };
}

export function queryNode(context: StepContext, step: StepOf<"query">): Made {
  const queries = context.tools.context.system.queries ?? [];
  const query = queries.find(({ name }) => name === step.query);
  const parameters = context.checked(step, step.values);
  const names = queries.map(({ name }) => name);
  const { report } = context.tools.context;
  const say = (problem: string, word: string, hint: string) =>
    report.error("EJS2161", `${context.what(step)}: ${problem}.`, { site: step.site, word, hint });
  if (query === undefined) {
    say(
      `there is no query ${shown(step.query)}`,
      String(step.query),
      suggestion(step.query, names, "Files in queries/"),
    );
    return undefined;
  }
  for (const name of Object.keys(parameters)) {
    if (query.parameters.includes(name)) continue;
    say(
      `the query ${query.name} has no parameter ${shown(name)}`,
      name,
      suggestion(name, query.parameters, "Parameters"),
    );
  }
  const missing = query.parameters.filter((name) => !Object.hasOwn(parameters, name));
  if (missing.length > 0)
    say(`the query ${query.name} needs ${missing.join(", ")}`, query.name, "Give each parameter a value.");
  const row = schemaPart(context, step, step.row, "row");
  return { id: step.id, kind: "db.query", query: query.name, parameters, ...row, ...context.attempts(step) };
}

export function transformNode(context: StepContext, step: StepOf<"transform">): Made {
  return { id: step.id, kind: "transform", values: context.checked(step, step.values) };
}
