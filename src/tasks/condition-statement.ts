/** The SQL that tells which events a trigger's condition lets pass. */

import { entityOf, populated } from "../dsl-to-sql/workflow/entity-table.ts";
import { storedColumns } from "../dsl-to-sql/workflow/step-scope.ts";
import { workflowError } from "../errors/workflow-error.ts";
import type { Environment, Variable } from "../expression/index.ts";
import { check, toCondition } from "../expression/index.ts";
import type { Entity, Workflow } from "../model/index.ts";
import { anyArray, binary, call, cast, column, literal, type SqlExpression } from "../sql-ast/expressions.ts";
import { printExpression } from "../sql-ast/print-expression.ts";
import type { Build } from "./build.ts";

/** The statement of a workflow with a condition; $1 are the ids of events, $2 their segments. Its column is `event`. */
export function conditionStatement(build: Build, workflow: Workflow): string {
  const { trigger } = workflow;
  if (trigger.kind !== "model") throw new TypeError(`${workflow.name}: only events of rows have a condition`);
  const { condition } = trigger;
  const entity = entityOf(build, workflow, trigger.entity);
  const actor = actorValue("id");
  const tenant = actorValue("tenant");
  const roles = call({ schema: "enginejs", name: "workflow_actor_roles" }, actor, tenant);
  const uuid = (sql: SqlExpression): Variable => ({ kind: "value", type: { kind: "uuid" }, nullable: true, sql });
  const environment: Environment = {
    catalog: build.catalog,
    variables: {
      before: storedColumns(entity, "event_before"),
      after: storedColumns(entity, "event_after"),
      changed: changedFields(entity),
      actor: {
        kind: "record",
        fields: {
          id: uuid(actor),
          tenantId: uuid(tenant),
          kind: {
            kind: "value",
            type: { kind: "string" },
            nullable: true,
            sql: binary("->>", column("event", "actor"), literal("kind")),
          },
          roles: { kind: "value", type: { kind: "list", of: { kind: "string" } }, nullable: false, sql: roles },
        },
      },
    },
  };
  const result = check(condition ?? "true", environment, { kind: "bool" });
  if (!result.ok) {
    const findings = result.errors.map((error) => error.message).join("; ");
    throw workflowError("EJS6005", `Workflow ${workflow.name}, condition: ${findings} (${condition}).`);
  }
  const truth = toCondition(result.core, true, { reserved: ["event", "event_before", "event_after"] });
  return [
    `select "event"."id"::text as event from enginejs.workflow_events as "event"`,
    `cross join lateral ${populated(build, entity, comparable("event", "before"), "event_before")}`,
    `cross join lateral ${populated(build, entity, comparable("event", "after"), "event_after")}`,
    `where "event"."id" = any ($1::bigint[]) and "event"."segment" = any ($2::int[]) and ${printExpression(truth)}`,
  ].join("\n");
}

/** Whether each field has changed, by the event's list of columns: null is a value like any there. */
function changedFields({ fields }: Entity): Variable {
  const changed = column("event", "changed");
  const named = fields.flatMap(({ name, storage }): [string, Variable][] =>
    "column" in storage
      ? [
          [
            name,
            { kind: "value", type: { kind: "bool" }, nullable: false, sql: anyArray(literal(storage.column), changed) },
          ],
        ]
      : [],
  );
  return { kind: "record", fields: Object.fromEntries(named) };
}

/** One side of an event: where it is too large to be kept, what is kept of it for conditions and keys (functions/emit_small.sql). */
export const comparable = (alias: string, side: "before" | "after"): string =>
  `coalesce("${alias}"."small_values" -> '${side}', "${alias}"."${side}")`;

const actorValue = (key: string): SqlExpression => cast(binary("->>", column("event", "actor"), literal(key)), "uuid");
