import type { Retry } from "../model/index.ts";

/**
 * How long to wait after the given failure, counted from 1, in milliseconds: the declared pause, doubled with each
 * failure where the backoff is exponential, at most `maxMs`; spread over a fifth to either side, so that what failed together
 * does not come back together.
 */
export function retryDelay(retry: Retry, failure: number, random: () => number = Math.random): number {
  const grown = retry.backoff === "fixed" ? retry.initialMs : retry.initialMs * 2 ** Math.min(failure - 1, 40);
  return Math.round(Math.min(grown, retry.maxMs) * (0.8 + 0.4 * random()));
}
