/** What a benchmark and the process of one side say to each other. */

export type Order =
  /** DBOS alone: it starts its workflows itself, so many at the same time. */
  { readonly kind: "run"; readonly count: number; readonly concurrency: number };

export type Report =
  | { readonly kind: "ready" }
  /** A handler has begun; milliseconds since the epoch, with fractions. */
  | { readonly kind: "started"; readonly key: string; readonly at: number }
  | { readonly kind: "ran"; readonly seconds: number }
  | { readonly kind: "memory"; readonly rss: number };

/** Milliseconds since the epoch, with fractions; the same clock in every process of the machine. */
export const now = (): number => performance.timeOrigin + performance.now();

export function report(message: Report): void {
  process.send?.(message);
}

/** Tells the parent how much memory is in use, every second, and ends with it. */
export function live(): void {
  setInterval(() => report({ kind: "memory", rss: process.memoryUsage.rss() }), 1_000).unref();
  process.on("disconnect", () => process.exit(0));
  report({ kind: "ready" });
}
