import { projectError } from "../project/project-error.ts";

/** A point in time as a parameter: from now on, by the database's clock, or an instant. */
export type Moment =
  | { readonly interval: string; readonly at: null }
  | { readonly interval: null; readonly at: string };

const units: Readonly<Record<string, string>> = {
  s: "seconds",
  m: "minutes",
  h: "hours",
  d: "days",
  w: "weeks",
  y: "years",
};

/**
 * Reads "4h", "90d" or "2030-01-31T12:00:00Z".
 *
 * @param option what it was given for, for the message
 * @throws EJS1002
 */
export function moment(text: string, option: string): Moment {
  const span = /^(\d{1,6}) ?([smhdwy])$/.exec(text);
  if (span) return { interval: `${span[1]} ${units[span[2] ?? ""]}`, at: null };
  // With its zone: a time of day without one would mean another instant on each machine.
  const instant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(instant)) {
    throw projectError("EJS1002", `${option} ${text} is no time.`, {
      hint: "Write it as 15m, 4h or 90d, or as 2030-01-31 or 2030-01-31T12:00:00Z.",
    });
  }
  return { interval: null, at: new Date(instant).toISOString() };
}
