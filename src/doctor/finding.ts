/** From what may be meant to what is a hole. */
export const levels = ["info", "warn", "error"] as const;
export type Level = (typeof levels)[number];

export interface Finding {
  /** The lint's. */
  readonly id: string;
  readonly level: Level;
  /** `table`, `policy`, `function`, `role`, … */
  readonly kind: string;
  /** As SQL spells it: `app.invoice`, `app.invoice.members_read`, `app."Pay me"(id uuid)`, a role's name. */
  readonly object: string;
  /** What is the matter with this object. */
  readonly what: string;
  readonly why: string;
  /** Statements to paste, null where it takes a decision. */
  readonly fix: string | null;
  /** What to do, in words. */
  readonly advice: string;
  readonly reference: string;
}

/** True for a level that is as grave as another one, or graver. */
export const isAtLeast = (level: Level, least: Level): boolean => levels.indexOf(level) >= levels.indexOf(least);

/** The gravest first, then by lint and object. */
export const byGravity = (a: Finding, b: Finding): number =>
  levels.indexOf(b.level) - levels.indexOf(a.level) ||
  compare(a.id, b.id) ||
  compare(a.object, b.object) ||
  compare(a.what, b.what);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
