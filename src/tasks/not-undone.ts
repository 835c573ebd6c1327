import type { Failure } from "./run.ts";

/** What could not be undone, for the reason that the run ends with: a failed compensation keeps its failure as its result. */
export function notUndone(results: Readonly<Record<string, unknown>>): string {
  const failed = Object.values(results).flatMap((result) => {
    const { step, error } = (typeof result === "object" && result !== null ? result : {}) as Partial<Failure>;
    return typeof step === "string" && typeof error === "string" ? [`${step}: ${error}`] : [];
  });
  return failed.length === 0 ? "" : `; not undone: ${failed.join("; ")}`;
}
