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

/** Of an expression without a problem: why it has no tick at all, such as on a 30th of February; undefined where it has some. */
export function cronNever(expression: string): string | undefined {
  const [, , days = "*", months = "*", weekdays = "*"] = expression.trim().split(/\s+/);
  // Where both days are said, either will do.
  if (!days.startsWith("*") && !weekdays.startsWith("*")) return undefined;
  const [day, month] = [FIELDS[2], FIELDS[3]];
  if (day === undefined || month === undefined) return undefined;
  const first = Math.min(...days.split(",").map((part) => lowOf(part, day)));
  const longest = Math.max(...valuesOf(months, month).map((place) => LENGTHS[place - 1] ?? 0));
  return first > longest
    ? `names the day ${first} of months that have ${longest} at most: it would never run`
    : undefined;
}

const LENGTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const lowOf = (part: string, field: CronField): number => numberOf(part.split(/[-/]/)[0] ?? "", field) ?? field.least;

/** The numbers that a field without a problem lets pass. */
function valuesOf(text: string, field: CronField): number[] {
  return text.split(",").flatMap((part) => {
    const [range = "", step] = part.split("/");
    const [, high] = range.split("-");
    const low = lowOf(part, field);
    const last =
      range === "*" || (high === undefined && step !== undefined)
        ? field.most
        : (numberOf(high ?? range, field) ?? low);
    const values: number[] = [];
    for (let value = low; value <= last; value += Number(step ?? 1)) values.push(value);
    return values;
  });
}

/** What whoever wrote an expression of another cron may have meant. */
export function cronHint(expression: string): string | undefined {
  const text = expression.trim();
  const meant = NICKNAMES[text.toLowerCase()];
  if (meant !== undefined) return `Write ${JSON.stringify(meant)}.`;
  if (text.split(/\s+/).length === 6) return 'There are no seconds and no years: write five fields, or every("30s").';
  if (/[LW#?]/i.test(text.replaceAll(/[A-Za-z]{3,}/g, ""))) {
    return 'L, W, # and ? are not known here: write "*" where any will do, and for the last day of a month run daily and look at the date in a branch.';
  }
  if (/[A-Za-z]{4,}/.test(text)) return "Names have three letters: MON, JAN.";
  return undefined;
}

const NICKNAMES: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

function partProblem(part: string, field: CronField): string | undefined {
  const match = /^(?:(\*)|([A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?)(?:\/(\d{1,2}))?$/.exec(part);
  if (match === null) return `has ${JSON.stringify(part)} for the ${field.name}, which is no number, range or list`;
  const [, every, low, high, step] = match;
  if (step !== undefined && Number(step) < 1)
    return `has ${JSON.stringify(part)} for the ${field.name}: a step is 1 or more`;
  if (step !== undefined && Number(step) > field.most - field.least) {
    return `has ${JSON.stringify(part)} for the ${field.name}, whose step is longer than from ${field.least} to ${field.most}`;
  }
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

/** Names of today that `Intl` knows and does not list: it has them under an older one, or as no zone of a place. */
const UNLISTED = [
  "Africa/Asmara",
  "America/Argentina/Buenos_Aires",
  "America/Nuuk",
  "Asia/Ho_Chi_Minh",
  "Asia/Kathmandu",
  "Asia/Kolkata",
  "Asia/Yangon",
  "Atlantic/Faroe",
  "Europe/Kyiv",
  "Pacific/Chuuk",
  "Pacific/Kanton",
  "Pacific/Pohnpei",
  "UTC",
];

/** What a misspelt time zone may have meant. */
export const timeZoneNames = (): string[] => [...UNLISTED.filter(isTimeZone), ...Intl.supportedValuesOf("timeZone")];
