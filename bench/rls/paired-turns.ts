/** Two sides measured in pairs, for ratios that a restless machine does not move. */
import { median, moreIsBetter } from "../measure.ts";

export interface Paired {
  readonly ours: number;
  readonly peer: number;
  /** The median of the pairs' own ratios: what made the machine slow for one of a pair mostly did so for both. */
  readonly ratio: number;
  /** The ratios between which half of the pairs lie: `0.81 to 0.87`. */
  readonly spread: string;
}

/** Short turns, ours and the peer right after each other, the one first and then the other. Of both figures more is better. */
export async function pairedTurns(
  pairs: number,
  measureOurs: () => Promise<number>,
  measurePeer: () => Promise<number>,
): Promise<Paired> {
  const ours: number[] = [];
  const peer: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    if (pair % 2 === 0) ours.push(await measureOurs());
    peer.push(await measurePeer());
    if (pair % 2 === 1) ours.push(await measureOurs());
  }
  const ratios = ours.map((figure, pair) => moreIsBetter(figure, peer[pair] ?? Number.NaN)).sort((a, b) => a - b);
  const at = (part: number): string => (ratios[Math.round(part * (ratios.length - 1))] ?? Number.NaN).toFixed(2);
  return { ours: median(ours), peer: median(peer), ratio: median(ratios), spread: `${at(0.25)} to ${at(0.75)}` };
}
