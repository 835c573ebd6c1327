/** How every benchmark measures: ours and the peer in turns, medians, ratios. */

export interface BenchOptions {
  readonly smoke: boolean;
  /** How often each side is measured. */
  readonly turns: number;
  readonly progress: (message: string) => void;
}

export interface Result {
  readonly case: string;
  readonly ours: number;
  readonly peer: number;
  readonly peerName: string;
  readonly unit: string;
  /** 1 = as good as the peer, more = better. */
  readonly ratio: number;
  /** Figures that do not depend on the machine, or that explain the ratio. */
  readonly notes?: Readonly<Record<string, number | string>>;
}

export interface Bench {
  run(options: BenchOptions): AsyncIterable<Result>;
}

/**
 * Measures two sides in turns, ours/peer/ours/peer, so that a machine that grows slower does so for both.
 */
export async function inTurns<T>(
  turns: number,
  ours: () => Promise<T>,
  peer: () => Promise<T>,
): Promise<{ ours: T[]; peer: T[] }> {
  const results = { ours: [] as T[], peer: [] as T[] };
  for (let turn = 0; turn < turns; turn++) {
    results.ours.push(await ours());
    results.peer.push(await peer());
  }
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** A figure of which more is better, such as requests per second. */
export const moreIsBetter = (ours: number, peer: number): number => ours / peer;
/** A figure of which less is better, such as CPU-seconds per request. */
export const lessIsBetter = (ours: number, peer: number): number => peer / ours;
