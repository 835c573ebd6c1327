import type { Result } from "./measure.ts";

const rounded = (value: number): number => (Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

/** One line per result: JSON for programs, a sentence for people. */
export function printResult(result: Result & { readonly bench: string }, json: boolean): void {
  const { bench, case: name, ours, peer, peerName, unit, ratio, notes } = result;
  if (json) {
    console.log(
      JSON.stringify({
        bench,
        case: name,
        ours: rounded(ours),
        peer: rounded(peer),
        peerName,
        unit,
        ratio: rounded(ratio),
        ...notes,
      }),
    );
    return;
  }
  const extra = Object.entries(notes ?? {}).map(([key, value]) => `${key} ${value}`);
  console.log(
    `${bench} / ${name}: ${rounded(ours)} ${unit}, ${peerName} ${rounded(peer)}: ratio ${rounded(ratio)}${extra.length ? ` (${extra.join(", ")})` : ""}`,
  );
}
