/** One change of what no row decides: who may start, decide, publish and manage, and why. */
import type { SourceLocation } from "../errors/diagnostic.ts";
import { type Builds, freshOfConfig } from "./access-causes.ts";
import type { Verb } from "./model-change.ts";
import { sourceLocationOf } from "./model-index.ts";

/** Why more or less is allowed. */
export interface RightCause {
  readonly verb: Verb;
  /** `roles of workflow send-refund`, `role billing`. */
  readonly what: string;
  /** Whether somebody surely gains by it; absent where nobody does. */
  readonly widens?: "some" | "unknown";
  /** The fresh sentence by which it may. */
  readonly consent?: string;
  /** No policy is there to say it. */
  readonly policy: false;
  /** By which names the config can consent to it. */
  readonly subjects: readonly string[];
  readonly where?: SourceLocation;
}

export interface RightChange {
  /** `workflow send-refund`, `queue stock-moves`, `webhooks`. */
  readonly of: string;
  /** `start`, `decide secondPair`, `act`, `publish`, `events`, `manage`, `hosts`. */
  readonly operation: string;
  readonly mayWiden: boolean;
  readonly mayNarrow: boolean;
  /** `billing may now start send-refund` */
  readonly says: readonly string[];
  /** Roles, events or hosts that were not there before, `everybody`, `no role`; none where the texts do not prove it. */
  readonly gained: readonly string[];
  readonly lost: readonly string[];
  readonly causes: readonly RightCause[];
}

export function causeOf(
  verb: Verb,
  what: string,
  source: string,
  subjects: readonly string[],
  builds: Builds,
): RightCause {
  const consent = freshOfConfig(subjects, builds);
  const where = sourceLocationOf(builds.next.places, source);
  return {
    verb,
    what,
    policy: false,
    subjects,
    ...(consent === undefined ? {} : { consent }),
    ...(where === undefined ? {} : { where }),
  };
}

/** One that has one cause, and of which no role can be told. */
export const plainChange = (
  of: string,
  operation: string,
  says: readonly string[],
  cause: RightCause,
): RightChange => ({
  of,
  operation,
  mayWiden: cause.widens !== undefined,
  mayNarrow: cause.widens === undefined,
  says,
  gained: [],
  lost: [],
  causes: [cause],
});
