/**
 * What the names in a step's expressions stand for: the environment that they are checked in, and the FROM clause
 * that the SQL made of them needs. Values reach the statement as parameters, so that its text is the same for every
 * run: `stepValues` gives them.
 */
import type { Environment, Variable } from "../expression/index.ts";
import { type Entity, expressionType, type Field, type Workflow } from "../model/index.ts";
import {
  binary,
  call,
  cast,
  column,
  literal,
  type SqlExpression,
  scalarSelect,
  select,
} from "../sql-ast/expressions.ts";
import { printName } from "../sql-ast/print-expression.ts";
import { quoteIdentifier, quoteLiteral } from "../sql-ast/quote.ts";
import type { Build } from "./build.ts";
import type { Run } from "./run.ts";
import { taskOutput } from "./task-output-type.ts";
import { workflowError } from "./workflow-error.ts";

export interface StepScope {
  readonly environment: Environment;
  /** `from …`, with what the given expressions mention and nothing else. */
  from(texts: readonly string[]): string;
}

const VALUES = `(
    select $1::jsonb as before, $2::jsonb as after, $3::jsonb as input, $4::jsonb as value, $5::uuid as record_id, $6::uuid as tenant_id
  ) as "results"`;

/** The parameters of every statement of a step. */
export function stepValues(run: Pick<Run, "event" | "results">): (string | null)[] {
  const { before, after, input, recordId } = run.event;
  const tenant = (after ?? before)?.tenant_id ?? null;
  return [before, after, input, run.results].map(json).concat(recordId, tenant as string | null);
}

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

const core = (name: string): SqlExpression =>
  scalarSelect(select({ columns: [{ value: call({ schema: "enginejs", name }) }] }));

/** @throws EJS6005 where the definition names an entity that the model no longer has */
export function stepScope(build: Build, workflow: Workflow): StepScope {
  const entity = entityOf(build, workflow, workflow.trigger.entity);
  const results: Record<string, Variable> = {};
  const items: { readonly name: string; readonly text: string }[] = [];
  for (const node of workflow.nodes) {
    if (node.kind === "crud.create") {
      const made = entityOf(build, workflow, node.entity);
      const alias = `step_${node.id}`;
      results[node.id] = { kind: "row", entity: made.name, nullable: false, alias };
      items.push({
        name: node.id,
        text: populated(build, made, `"results"."value" -> ${quoteLiteral(node.id)}`, alias),
      });
    } else if (node.kind === "task") {
      const output = build.system.tasks.find(({ name }) => name === node.task)?.output;
      results[node.id] = taskOutput(output, binary("->", column("results", "value"), literal(node.id)));
      items.push({ name: node.id, text: "" });
    }
  }
  const action = entity.actions.find(({ name }) => name === workflow.trigger.action);
  const event: Record<string, Variable> = {
    before: storedColumns(entity, "event_before"),
    after: storedColumns(entity, "event_after"),
    ...(action === undefined ? {} : { input: inputValues(action.input) }),
  };
  const environment: Environment = {
    catalog: build.catalog,
    variables: {
      ...results,
      event: { kind: "record", fields: event },
      record: { kind: "row", entity: entity.name, nullable: true, alias: "record" },
      actor: {
        kind: "record",
        fields: {
          id: { kind: "value", type: { kind: "uuid" }, nullable: true, sql: core("actor_id") },
          tenantId: { kind: "value", type: { kind: "uuid" }, nullable: true, sql: core("tenant_id") },
          roles: {
            kind: "value",
            type: { kind: "list", of: { kind: "string" } },
            nullable: false,
            sql: core("actor_roles"),
          },
        },
      },
    },
  };
  return {
    environment,
    from(texts) {
      const mentions = (name: string) => texts.some((text) => new RegExp(`\\b${name}\\b`).test(text));
      const parts = [VALUES];
      if (mentions("event")) {
        parts.push(`cross join ${populated(build, entity, '"results"."before"', "event_before")}`);
        parts.push(`cross join ${populated(build, entity, '"results"."after"', "event_after")}`);
      }
      for (const { name, text } of items) if (text !== "" && mentions(name)) parts.push(`cross join ${text}`);
      if (mentions("record")) {
        const tenant = entity.primaryKey.columns.includes("tenant_id")
          ? ' and "record"."tenant_id" = "results"."tenant_id"'
          : "";
        parts.push(
          `left join ${printName(tableOf(build, entity))} as "record" on "record"."id" = "results"."record_id"${tenant}`,
        );
      }
      return `from ${parts.join("\n  ")}`;
    },
  };
}

/** A row of an entity's table made of JSON whose keys are column names. */
export function populated(build: Build, entity: Entity, json: string, alias: string): string {
  return `jsonb_populate_record(null::${printName(tableOf(build, entity))}, ${json}) as ${quoteIdentifier(alias)}`;
}

export const tableOf = (build: Build, entity: Entity) => ({ schema: build.system.schema, name: entity.table });

export function entityOf(build: Build, workflow: Workflow, name: string): Entity {
  const entity = build.system.entities.find((candidate) => candidate.name === name);
  if (entity === undefined) {
    throw workflowError("EJS6005", `Workflow ${workflow.name}: the model has no entity ${name} any more.`);
  }
  return entity;
}

/** The stored columns of a row; a reference is the other row's id. */
export function storedColumns(entity: Entity, alias: string): Variable {
  const fields: [string, Variable][] = [];
  for (const field of entity.fields) {
    if (field.storage.kind !== "column" && field.storage.kind !== "generated") continue;
    fields.push([field.name, fieldValue(field, column(alias, field.storage.column))]);
  }
  return { kind: "record", fields: Object.fromEntries(fields) };
}

function fieldValue(field: Field, sql: SqlExpression): Variable {
  if (field.type.kind !== "one") return { kind: "value", type: expressionType(field.type), nullable: true, sql };
  const id: Variable = { kind: "value", type: { kind: "uuid" }, nullable: true, sql };
  return { kind: "record", fields: { id } };
}

/** What an action was called with: JSON by the names of its fields. */
function inputValues(fields: readonly Field[]): Variable {
  const entries = fields.map((field): [string, Variable] => {
    const sqlType = field.storage.kind === "column" ? field.storage.sqlType : "jsonb";
    const text = binary("->>", column("results", "input"), literal(field.name));
    const type = field.type.kind === "one" ? ({ kind: "uuid" } as const) : expressionType(field.type);
    return [field.name, { kind: "value", type, nullable: true, sql: cast(text, sqlType) }];
  });
  return { kind: "record", fields: Object.fromEntries(entries) };
}
