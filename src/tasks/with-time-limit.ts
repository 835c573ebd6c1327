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
 */
export async function withTimeLimit<T>(
  milliseconds: number | undefined,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (milliseconds === undefined) return work(signal);
  const late = new AbortController();
  const over = Promise.withResolvers<never>();
  // What comes after it is nobody's.
  over.promise.catch(() => undefined);
  const timer = setTimeout(() => {
    const error = new TimeLimit(milliseconds);
    late.abort(error);
    over.reject(error);
  }, milliseconds);
  try {
    const working = work(AbortSignal.any([signal, late.signal]));
    working.catch(() => undefined);
    return await Promise.race([working, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
