import type { Actor } from "../database/act-as.ts";
import type { TaskActor } from "../dsl/task.ts";
import type { Workflow } from "../model/index.ts";
import { workflowError } from "./workflow-error.ts";

/** What decides as whom a run's steps act. */
export interface RunOrigin {
  readonly workflow: Workflow;
  /** The event's; null where nobody caused it as an actor. */
  readonly actor: TaskActor | null;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/**
 * As whom the steps of a run act: the event's actor, whose roles are read live, or the system in the tenant of the
 * event's record.
 *
 * @throws EJS6001 where the actor is to be inherited and there is none
 */
export function runActor({ workflow, actor, before, after }: RunOrigin): Actor {
  if (workflow.as === "system") {
    const tenant = (after ?? before)?.tenant_id ?? actor?.tenant ?? null;
    return { role: "system", tenant: tenant as string | null };
  }
  if (actor === null) {
    throw workflowError("EJS6001", `Workflow ${workflow.name} runs as whoever caused the event, and nobody did.`);
  }
  switch (actor.kind) {
    case "system":
      return { role: "system", id: actor.id, tenant: actor.tenant };
    case "anonymous":
      return { role: "anonymous" };
    default:
      return { role: "user", id: actor.id, tenant: actor.tenant };
  }
}
