/** What workflows and their steps say besides what they do. */

/** A whole number and its unit: milliseconds, seconds, minutes, hours, days. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** How a failed step is tried again. */
export interface RetryOptions {
  /** How often at most, the first time included; 5 where it is left out. */
  readonly attempts?: number;
  readonly backoff?: "exponential" | "fixed";
  /** The first pause: `"2s"`. */
  readonly initial?: Duration;
  /** The longest pause: `"10m"`. */
  readonly max?: Duration;
}
