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
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  const ms = UNITS.reduce((sum, unit, i) => sum + Math.round(Number(match[i + 1] ?? 0) * unit), 0);
  return ms >= 1 && ms <= LONGEST ? ms : undefined;
}
