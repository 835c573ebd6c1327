import type pg from "pg";
import { type Actor, actAs } from "../database/act-as.ts";
import { sqlState } from "../database/sql-state.ts";
import type { TaskActor, TaskEvent } from "../dsl/task.ts";
import { stepStatement } from "../dsl-to-sql/workflow/step-statement.ts";
import { workflowError } from "../errors/workflow-error.ts";
import type { Workflow } from "../model/index.ts";
import { printName } from "../sql-ast/print-expression.ts";
import type { Build } from "./build.ts";
import type { ClaimedRun } from "./run.ts";
import { stepValues } from "./step-values.ts";

/**
 * As whom the steps of a run act: the event's actor, whose roles are read live; the system in the tenant of the
 * event's record; or the subject that an expression over the event names.
 *
 * @throws EJS6001 where there is no such actor
 */
export async function runActor(
  pool: pg.Pool,
  build: Build,
  workflow: Workflow,
  claimed: Pick<ClaimedRun, "event" | "actor">,
): Promise<Actor> {
  const { actor, event } = claimed;
  if (workflow.as === "inherit") return inherited(workflow, actor);
  const { tenant_id: ofRecord } = event.after ?? event.before ?? {};
  const system: Actor = { role: "system", tenant: (ofRecord ?? actor?.tenant ?? null) as string | null };
  return workflow.as === "system" ? system : impersonated(pool, build, workflow, claimed, system);
}

function inherited(workflow: Workflow, actor: TaskActor | null): Actor {
  if (actor === null) {
    throw workflowError("EJS6001", `Workflow ${workflow.name} runs as whoever caused the event, and nobody did.`);
  }
  switch (actor.kind) {
    case "system":
      return { role: "system", id: actor.id, tenant: actor.tenant };
    case "anonymous":
      return { role: "anonymous" };
    case "service":
    case "key":
      return { role: "user", kind: actor.kind, id: actor.id, tenant: actor.tenant };
    default:
      return { role: "user", id: actor.id, tenant: actor.tenant };
  }
}

/** The subject is looked up as the system; what he may do is then decided by his own rights, as if he were there. */
async function impersonated(
  pool: pg.Pool,
  build: Build,
  workflow: Workflow,
  { event }: Pick<ClaimedRun, "event">,
  system: Actor,
): Promise<Actor> {
  const value = typeof workflow.as === "string" ? "null" : workflow.as.impersonate;
  const what = `Workflow ${workflow.name} runs as ${value}`;
  const statement = stepStatement(build, workflow, { id: "#as", kind: "value", value, expected: { kind: "uuid" } });
  return actAs(pool, system, async (client) => {
    const named = async (by: TaskEvent) => {
      const values = stepValues({ run: { event: by, as: system }, frame: { names: {} } });
      const { rows } = await client.query<{ value: string | null }>(statement, values).catch((error: unknown) => {
        // Of class 22: what was given is no id.
        if (!sqlState(error)?.startsWith("22")) throw error;
        throw workflowError("EJS6001", `${what}: ${(error as Error).message}.`, { cause: error });
      });
      return rows[0]?.value ?? null;
    };
    const subject = (await named(event)) ?? (await named(await withSmallValues(client, event)));
    const people = build.system.entities.find(({ name }) => name === build.system.actor?.entity);
    if (subject === null || people === undefined) throw workflowError("EJS6001", `${what}, which is nobody here.`);
    const table = printName({ schema: build.system.schema, name: people.table });
    const { rowCount } = await client.query(`select from ${table} where id = $1`, [subject]);
    if (rowCount === 0) throw workflowError("EJS6001", `${what}: there is no ${people.name} ${subject}.`);
    // Without a tenant there is none that he could be a stranger in: what belongs to tenants he does not see then.
    const tenant = system.tenant ?? null;
    if (tenant !== null && !(await isMember(client, subject, tenant))) {
      throw workflowError("EJS6001", `${what}: ${people.name} ${subject} is no member of the tenant ${tenant}.`);
    }
    return { role: "user", id: subject, tenant };
  });
}

/** Of an event too large to be kept: what is kept of it for conditions, keys, and this (functions/emit_small.sql). */
async function withSmallValues(client: pg.ClientBase, event: TaskEvent): Promise<TaskEvent> {
  const { rows } = await client.query<{ small: Partial<TaskEvent> | null }>(
    "select small_values as small from enginejs.workflow_events where id = $1",
    [event.id],
  );
  return { ...event, ...rows[0]?.small };
}

async function isMember(client: pg.ClientBase, subject: string, tenant: string): Promise<boolean> {
  const { rows } = await client.query<{ member: boolean }>("select enginejs.workflow_is_member($1, $2) as member", [
    subject,
    tenant,
  ]);
  return rows[0]?.member === true;
}
