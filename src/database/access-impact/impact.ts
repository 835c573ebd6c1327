/** What a build changes for whom: the outcome of counting, as it is shown, recorded and judged. */
import type { RightChange } from "../../dsl-to-sql/index.ts";
import type { SourceLocation } from "../../errors/diagnostic.ts";

/** What actors with the same roles gain and lose. Rows count once for all of them in a tenant. */
export interface RoleImpact {
  /** `anonymous`, `no role`, or the roles that these people hold themselves: `billing`, `billing + member`. */
  readonly role: string;
  readonly actors: number;
  /** Nobody holds the role: it was counted for somebody who would. */
  readonly invented: boolean;
  readonly gained: number;
  readonly lost: number;
  /** Rows that they could reach at all: those of their tenants. */
  readonly of: number;
  /** Not every row was looked at: the numbers are estimates. */
  readonly sampled: boolean;
}

/** Why the operation lets more or less pass. */
export interface CauseImpact {
  readonly verb: "+" | "~" | "-";
  /** `allow "auditors read"`, `role billing`. */
  readonly what: string;
  /** Rows that somebody gains by it: `some`, `none` of all that are there, or not known; absent where it only narrows. */
  readonly widens?: "some" | "none" | "unknown";
  /** The sentence of the model by which it may. */
  readonly consent?: string;
  /** Where one can be written: on the policy itself, and in the config by these names. */
  readonly policy: boolean;
  readonly subjects: readonly string[];
  readonly where?: SourceLocation;
}

export interface ChangeImpact {
  readonly entity: string;
  /** `read`, `update, left behind`, `pay`, `salary: read`. */
  readonly operation: string;
  /** By the texts alone: what cannot be excluded. */
  readonly mayWiden: boolean;
  readonly mayNarrow: boolean;
  /** Roles for which something changes; none where nothing was counted, or nothing differs. */
  readonly roles: readonly RoleImpact[];
  /** `all`: every row and every actor that there is, so that zero is zero. */
  readonly counted: "all" | "some" | "nothing";
  /** Why not all was counted. */
  readonly note?: string;
  readonly causes: readonly CauseImpact[];
}

/** The access impact of a build; `changes` is empty where nothing that decides access has changed. */
export interface AccessImpact {
  readonly changes: readonly ChangeImpact[];
  /** Who may start, decide, publish, manage; as whom workflows act; what leaves by webhooks. */
  readonly rights: readonly RightChange[];
}
