/** Text ↔ timestamps, dates and durations, without any clock or time zone of the machine. */

const TIMESTAMP =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?([Zz]|[+-][0-9]{2}:[0-9]{2})$/;
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const DURATION = /^-?(?:[0-9]{1,12}(?:\.[0-9]{1,9})?(?:d|h|ms|us|µs|m|s))+$/;
const DURATION_PART = /([0-9]+)(?:\.([0-9]+))?(d|h|ms|us|µs|m|s)/g;
const UNITS: Readonly<Record<string, bigint>> = {
  d: 86_400_000_000n,
  h: 3_600_000_000n,
  m: 60_000_000n,
  s: 1_000_000n,
  ms: 1_000n,
  us: 1n,
  µs: 1n,
};
export const MICROSECONDS_PER_DAY = 86_400_000_000n;

/** A hundred thousand years: what an interval and a timestamp can hold with room to spare. */
const MAX_DURATION = 36_525_000n * MICROSECONDS_PER_DAY;

function daysOf(year: number, month: number, day: number): bigint | undefined {
  if (year < 1) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // 2026-02-30 would silently become the second of March.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return BigInt(date.getTime()) / 86_400_000n;
}

/** RFC 3339 with an offset → µs since 1970-01-01T00:00:00Z. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = "0", fraction = "", offset = "Z"] = match;
  const days = daysOf(Number(year), Number(month), Number(day));
  if (days === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const [offsetHours = 0, offsetMinutes = 0] = /^[Zz]$/.test(offset) ? [] : offset.slice(1).split(":").map(Number);
  if (offsetHours > 15 || offsetMinutes > 59) return undefined;
  const shift = BigInt(offsetHours * 60 + offsetMinutes) * (offset.startsWith("-") ? -60n : 60n);
  const seconds = BigInt(hour ?? 0) * 3600n + BigInt(minute ?? 0) * 60n + BigInt(second) - shift;
  return days * MICROSECONDS_PER_DAY + seconds * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
}

/** `2026-06-01` → days since 1970-01-01. */
export function parseDate(text: string): bigint | undefined {
  const match = DATE.exec(text);
  return match === null ? undefined : daysOf(Number(match[1]), Number(match[2]), Number(match[3]));
}

/** `36h`, `1h30m`, `-1.5s`, `2d` (a day is 24 hours) → µs. */
export function parseDuration(text: string): bigint | undefined {
  if (!DURATION.test(text)) return undefined;
  let total = 0n;
  for (const [, whole = "0", fraction = "", unit = "s"] of text.matchAll(DURATION_PART)) {
    const scaled = BigInt(whole + fraction) * (UNITS[unit] ?? 0n);
    const divisor = 10n ** BigInt(fraction.length);
    if (scaled % divisor !== 0n) return undefined;
    total += scaled / divisor;
  }
  if (total > MAX_DURATION) return undefined;
  return text.startsWith("-") ? -total : total;
}

const pad = (value: bigint | number, length: number): string => String(value).padStart(length, "0");
const floorDiv = (a: bigint, b: bigint): bigint => (a >= 0n ? a / b : (a - b + 1n) / b);

/** Days since 1970-01-01 → `2026-06-01`; undefined outside the years 1 to 9999. */
export function formatDate(days: bigint): string | undefined {
  const date = new Date(Number(days) * 86_400_000);
  const year = date.getUTCFullYear();
  if (Number.isNaN(year) || year < 1 || year > 9999) return undefined;
  return `${pad(year, 4)}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}`;
}

/** µs since 1970 → `2026-06-01T00:00:00.000000Z` without trailing zeros; undefined outside the years 1 to 9999. */
export function formatTimestamp(microseconds: bigint): string | undefined {
  const days = floorDiv(microseconds, MICROSECONDS_PER_DAY);
  const date = formatDate(days);
  return date === undefined ? undefined : `${date}T${formatClock(microseconds - days * MICROSECONDS_PER_DAY)}Z`;
}

/** µs → `-36:00:00.5`, the way PostgreSQL reads an interval without days. */
export const formatInterval = (microseconds: bigint): string =>
  microseconds < 0n ? `-${formatClock(-microseconds)}` : formatClock(microseconds);

function formatClock(microseconds: bigint): string {
  const seconds = microseconds / 1_000_000n;
  const fraction = pad(microseconds % 1_000_000n, 6).replace(/0+$/, "");
  const clock = `${pad(seconds / 3600n, 2)}:${pad((seconds / 60n) % 60n, 2)}:${pad(seconds % 60n, 2)}`;
  return fraction === "" ? clock : `${clock}.${fraction}`;
}

/** Whole days of an instant, in UTC. */
export const dateOfTimestamp = (microseconds: bigint): bigint => floorDiv(microseconds, MICROSECONDS_PER_DAY);
