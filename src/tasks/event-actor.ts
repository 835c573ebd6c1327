import type { TaskActor } from "../dsl/task.ts";
import type { Run } from "./run.ts";

/** As whom an event that a run writes itself was caused, a child's start or a message: whoever the run acts as. */
export function eventActor({ as, actor }: Pick<Run, "as" | "actor">): TaskActor {
  if (as.role === "user" && actor?.id === as.id) return actor as TaskActor;
  return { kind: as.role, id: as.id ?? null, tenant: as.tenant ?? null };
}
