/**
 * What the names in a step's expressions stand for: the environment that they are checked in, and the FROM clause
 * that the SQL made of them needs. Values reach the statement as parameters, so that its text is the same for every
 * run: `stepValues` gives them.
 */
import type { Environment, Variable } from "../expression/index.ts";
import { type Entity, expressionType, type Field, triggerEntity, type Workflow } from "../model/index.ts";
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
import { quoteLiteral } from "../sql-ast/quote.ts";
import type { Build } from "./build.ts";
import { entityOf, populated, tableOf } from "./entity-table.ts";
import { nodeResults } from "./node-results.ts";
import type { Step } from "./run.ts";
import { taskOutput } from "./task-output-type.ts";

export interface StepScope {
  readonly environment: Environment;
  /** `from …`, with what the given expressions mention and nothing else. */
  from(texts: readonly string[]): string;
}

const VALUES = `(
    select $1::jsonb as before, $2::jsonb as after, $3::jsonb as input, $4::jsonb as value, $5::uuid as record_id, $6::uuid as tenant_id
  ) as "results"`;

/** The parameters of every statement of a step. */
export function stepValues(step: {
  readonly run: Pick<Step["run"], "event" | "as">;
  readonly frame: Pick<Step["frame"], "names">;
}) {
  const { before, after, input, recordId } = step.run.event;
  const tenant = (after ?? before)?.tenant_id ?? step.run.as.tenant ?? null;
  return [before, after, input, step.frame.names].map(json).concat(recordId, tenant as string | null);
}

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

const core = (name: string): SqlExpression =>
  scalarSelect(select({ columns: [{ value: call({ schema: "enginejs", name }) }] }));

/** The actor of the transaction that the statement runs in. */
const ACTOR: Variable = {
  kind: "record",
  fields: {
    id: { kind: "value", type: { kind: "uuid" }, nullable: true, sql: core("actor_id") },
    tenantId: { kind: "value", type: { kind: "uuid" }, nullable: true, sql: core("tenant_id") },
    kind: { kind: "value", type: { kind: "string" }, nullable: false, sql: core("actor_kind") },
    roles: {
      kind: "value",
      type: { kind: "list", of: { kind: "string" } },
      nullable: false,
      // With a cast, so that `any (…)` takes it for one array and not for a set of rows.
      sql: cast(core("actor_roles"), "text[]"),
    },
  },
};

/** @throws EJS6005 where the definition names an entity that the model no longer has */
export function stepScope(build: Build, workflow: Workflow): StepScope {
  const { trigger } = workflow;
  const name = triggerEntity(trigger);
  const entity = name === undefined ? undefined : entityOf(build, workflow, name);
  const about = entity === undefined ? withoutRecord(workflow) : withRecord(entity, trigger);
  const results = nodeResults(build, workflow, { ...about, actor: ACTOR });
  return {
    environment: { catalog: build.catalog, variables: { ...results.variables, ...about, actor: ACTOR } },
    from(texts) {
      const mentions = (word: string) => texts.some((text) => new RegExp(`\\b${word}\\b`).test(text));
      const parts = [VALUES];
      if (entity !== undefined && mentions("event")) {
        parts.push(`cross join ${populated(build, entity, '"results"."before"', "event_before")}`);
        parts.push(`cross join ${populated(build, entity, '"results"."after"', "event_after")}`);
      }
      for (const row of results.rows) {
        if (!mentions(row.name)) continue;
        // The result of a get that found nothing is JSON's null, of which no row can be made.
        const value = `nullif("results"."value" -> ${quoteLiteral(row.name)}, 'null')`;
        parts.push(`cross join ${populated(build, row.entity, value, row.alias)}`);
      }
      if (entity !== undefined && mentions("record")) {
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

/** What a run knows that follows a row's event: the row as it was and as it is. */
function withRecord(entity: Entity, trigger: Workflow["trigger"]): Readonly<Record<string, Variable>> {
  const action = trigger.kind === "model" ? entity.actions.find(({ name }) => name === trigger.action) : undefined;
  const event: Record<string, Variable> = {
    before: storedColumns(entity, "event_before"),
    after: storedColumns(entity, "event_after"),
    ...(action === undefined ? {} : { input: inputValues(action.input) }),
  };
  return {
    event: { kind: "record", fields: event },
    record: { kind: "row", entity: entity.name, nullable: true, alias: "record" },
  };
}

/** What a run knows that somebody or something started: what it was given. */
const withoutRecord = ({ input }: Workflow): Readonly<Record<string, Variable>> => ({
  input: taskOutput(input, column("results", "input")),
});

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
