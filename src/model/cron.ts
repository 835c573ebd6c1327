/** The text of a cron expression, looked at before anything is built of it; its ticks are PostgreSQL's (functions/workflow_cron_ticks.sql). */

interface CronField {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** In place of the numbers, from `least` on. */
  readonly names?: readonly string[];
}

const FIELDS: readonly CronField[] = [
  { name: "minute", least: 0, most: 59 },
  { name: "hour", least: 0, most: 23 },
  { name: "day of the month", least: 1, most: 31 },
  {
    name: "month",
    least: 1,
    most: 12,
    names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
  },
  { name: "day of the week", least: 0, most: 7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] },
];

/** What is wrong with a cron expression, as the end of a sentence; undefined where nothing is. */
export function cronProblem(expression: string): string | undefined {
  const texts = expression.trim().split(/\s+/);
  if (texts.length !== FIELDS.length) {
    return `has ${texts.length === 1 ? "one field" : `${texts.length} fields`} and not five: minute, hour, day of the month, month, day of the week`;
  }
  for (const [i, field] of FIELDS.entries()) {
    for (const part of (texts[i] ?? "").split(",")) {
      const problem = partProblem(part, field);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function partProblem(part: string, field: CronField): string | undefined {
  const match = /^(?:(\*)|([A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?)(?:\/(\d{1,2}))?$/.exec(part);
  if (match === null) return `has ${JSON.stringify(part)} for the ${field.name}, which is no number, range or list`;
  const [, every, low, high, step] = match;
  if (step !== undefined && Number(step) < 1)
    return `has ${JSON.stringify(part)} for the ${field.name}: a step is 1 or more`;
  if (every !== undefined) return undefined;
  for (const text of [low, high]) {
    if (text !== undefined && numberOf(text, field) === undefined) {
      return `has ${JSON.stringify(text)} for the ${field.name}, which goes from ${field.least} to ${field.most}`;
    }
  }
  const [from, to] = [numberOf(low ?? "", field), numberOf(high ?? low ?? "", field)];
  return from !== undefined && to !== undefined && from > to
    ? `has ${JSON.stringify(part)} for the ${field.name}, which goes backwards`
    : undefined;
}

function numberOf(text: string, { least, most, names = [] }: CronField): number | undefined {
  const place = names.indexOf(text.toUpperCase());
  if (place >= 0) return place + least;
  return /^\d{1,2}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined;
}

/** Whether this process knows an IANA time zone by that name; the server that it is built into is asked once more. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
