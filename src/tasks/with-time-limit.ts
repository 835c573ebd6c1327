/** The time of an attempt at a step was over. Another attempt may go better. */
class TimeLimit extends Error {
  constructor(milliseconds: number) {
    super(`not done within ${milliseconds} ms`);
    this.name = "TimeLimit";
  }
}

/**
 * Gives `work` a signal that is aborted with the outer one, or when the time is over; then it rejects at once, whatever the
 * work does. Without a limit it only hands the signal on.
 *
 * @param grace how long after the outer signal the work may go on, in milliseconds: what does not hear it is left to itself then,
 *   so that nobody waits for it forever
 */
export async function withTimeLimit<T>(
  milliseconds: number | undefined,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  grace?: number,
): Promise<T> {
  if (milliseconds === undefined && grace === undefined) return work(signal);
  // Combined signals cost more than an empty step does: only where there is a limit.
  const late = milliseconds === undefined ? undefined : new AbortController();
  const over = Promise.withResolvers<never>();
  // What comes after it is nobody's.
  over.promise.catch(() => undefined);
  const timers: NodeJS.Timeout[] = [];
  if (milliseconds !== undefined) {
    const end = () => {
      const error = new TimeLimit(milliseconds);
      late?.abort(error);
      over.reject(error);
    };
    timers.push(setTimeout(end, milliseconds));
  }
  const aborted = () => timers.push(setTimeout(() => over.reject(signal.reason as Error), grace));
  if (grace !== undefined) signal.addEventListener("abort", aborted, { once: true });
  try {
    const working = work(late === undefined ? signal : AbortSignal.any([signal, late.signal]));
    working.catch(() => undefined);
    return await Promise.race([working, over.promise]);
  } finally {
    signal.removeEventListener("abort", aborted);
    for (const timer of timers) clearTimeout(timer);
  }
}
