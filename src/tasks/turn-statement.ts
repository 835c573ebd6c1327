/** The SQL that gives the keys by which the runs of a workflow take turns. */

import { entityOf, populated } from "../dsl-to-sql/workflow/entity-table.ts";
import { StatementMaker } from "../dsl-to-sql/workflow/statement-maker.ts";
import { stepScope } from "../dsl-to-sql/workflow/step-scope.ts";
import { triggerEntity, type Workflow } from "../model/index.ts";
import type { Build } from "./build.ts";
import { comparable } from "./condition-statement.ts";

/** Whether runs of this workflow have to wait for their turn. */
export const hasTurns = ({ options = {} }: Workflow): boolean =>
  options.ordered !== undefined ||
  options.concurrency !== undefined ||
  options.rate !== undefined ||
  options.debounce !== undefined ||
  (options.priority ?? 0) !== 0;

export interface TurnKeys {
  readonly event: string;
  readonly order_key: string | null;
  readonly concurrency_key: string | null;
  readonly rate_key: string | null;
  readonly debounce_key: string | null;
}

/** Before a key: the tenant of the event's row, else of who caused it; zeros for none. `workflow_runs` shows keys without it. */
const TENANT = `coalesce("results"."after" ->> 'tenant_id', "results"."before" ->> 'tenant_id', "results"."actor" ->> 'tenant',
  '00000000-0000-0000-0000-000000000000') || '/'`;

/** $1 are the ids of events, $2 their segments; a row is a `TurnKeys`. */
export function turnStatement(build: Build, workflow: Workflow): string {
  const { ordered, concurrency, rate, debounce } = workflow.options ?? {};
  const maker = new StatementMaker(build, workflow, stepScope(build, workflow), "turns");
  const key = (text: string | undefined, name: string) =>
    text === undefined ? "null" : `(${maker.expression(text, name)})::text`;
  const byRecord = ordered?.by === "record";
  const name = triggerEntity(workflow.trigger);
  const entity = name === undefined ? undefined : entityOf(build, workflow, name);
  // A key such as a number is one tenant's: what another one does must not hold up the runs of this one, or take their place.
  const ofTenant = (sql: string) =>
    sql === "null" || build.system.tenancy === undefined || entity?.tenant === false
      ? sql
      : `${TENANT} || coalesce(${sql}, '')`;
  const orderKey = byRecord ? '"results"."record_id"::text' : ofTenant(key(ordered && byKey(ordered.by), "ordered"));
  // The names of an event's parts in expressions are those of a step, which has them under this alias.
  const parts = ['select "results"."id"::text as event'];
  parts.push(`, ${orderKey} as order_key, ${key(concurrency?.key, "concurrency")} as concurrency_key`);
  parts.push(`, ${key(rate?.key, "rate")} as rate_key, ${ofTenant(key(debounce?.key, "debounce"))} as debounce_key`);
  parts.push('from enginejs.workflow_events as "results"');
  if (entity !== undefined) {
    parts.push(`cross join lateral ${populated(build, entity, comparable("results", "before"), "event_before")}`);
    parts.push(`cross join lateral ${populated(build, entity, comparable("results", "after"), "event_after")}`);
  }
  parts.push('where "results"."id" = any ($1::bigint[]) and "results"."segment" = any ($2::int[])');
  return parts.join("\n");
}

const byKey = (by: "record" | { readonly key: string }): string | undefined => (by === "record" ? undefined : by.key);
