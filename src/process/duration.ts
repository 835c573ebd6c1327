/** ISO 8601 durations of fixed length: weeks, days, hours, minutes, seconds. Months and years have none. */
export const DURATION =
  /^P(?=.)(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?=.)(?:(\d{1,7})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,3})?)S)?)?$/;
const UNITS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1_000];
/** 100 years. */
const LONGEST = 36_525 * 86_400_000;

/** `PT2S` in milliseconds; of a text that is one, as those of a process file are. */
export const milliseconds = (text: string): number => durationMs(text) ?? 1;

/** `PT2S` in milliseconds; undefined where it is no duration from 1 ms to 100 years. */
export function durationMs(text: string): number | undefined {
  const ms = lengthOf(text);
  return ms !== undefined && ms >= 1 && ms <= LONGEST ? ms : undefined;
}

/** `-PT2H` in milliseconds; undefined where it is no duration of at most 100 years in either direction. */
export function signedDurationMs(text: string): number | undefined {
  const ms = lengthOf(text.replace(/^[-+]/, ""));
  if (ms === undefined || ms > LONGEST) return undefined;
  return text.startsWith("-") && ms > 0 ? -ms : ms;
}

function lengthOf(text: string): number | undefined {
  const match = DURATION.exec(text);
  return match === null
    ? undefined
    : UNITS.reduce((sum, unit, i) => sum + Math.round(Number(match[i + 1] ?? 0) * unit), 0);
}

/**
 * Milliseconds as ISO 8601 writes them, in days, hours, minutes and seconds; undefined of what no duration of a process is.
 *
 * @example durationText(-5_400_000) // "-PT1H30M"
 */
export function durationText(ms: number): string | undefined {
  if (!Number.isSafeInteger(ms) || Math.abs(ms) > LONGEST) return undefined;
  let rest = Math.abs(ms);
  const parts = ["D", "H", "M"].map((letter, i) => {
    const unit = UNITS[i + 1] ?? 1;
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    return count === 0 ? "" : `${count}${letter}`;
  });
  const [days = "", ...clock] = parts;
  const time = clock.join("") + (rest === 0 ? "" : `${rest / 1000}S`);
  const text = `P${days}${time === "" ? "" : `T${time}`}`;
  return `${ms < 0 ? "-" : ""}${text === "P" ? "PT0S" : text}`;
}
