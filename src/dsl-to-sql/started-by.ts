/** Who starts a workflow without being asked for a role or a condition: by a signed request, a message, a row. */
import type { Workflow } from "../model/index.ts";

interface Starters {
  /** As a person says it: `whoever signs requests to /webhooks/bank with BANK_SECRET`. */
  readonly who: string;
  /** The same for the same people. */
  readonly key: string;
}

/** Undefined where people are asked (`roles`, `allow`), where only the platform starts it, and where whoever does has only his own rights. */
export function startedBy({ trigger, as }: Pick<Workflow, "trigger" | "as">): Starters | undefined {
  switch (trigger.kind) {
    case "webhook": {
      const { path, secret } = trigger;
      // Who has the secret signs for any path.
      return { who: `whoever signs requests to /webhooks/${path} with ${secret}`, key: `webhook ${secret}` };
    }
    case "queue":
      return { who: `whoever publishes to ${trigger.queue}`, key: `queue ${trigger.queue}` };
    case "model":
    case "datetime":
      // Which rows and which changes of them is what the workflow is about, and not who may.
      return as === "inherit"
        ? undefined
        : { who: `whoever writes ${trigger.entity}`, key: `rows of ${trigger.entity}` };
    case "manual":
    case "signal":
    case "interval":
    case "cron":
      return undefined;
    default:
      return trigger satisfies never;
  }
}
