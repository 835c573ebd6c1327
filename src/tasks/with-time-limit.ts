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
export function withTimeLimit<T>(
  milliseconds: number | undefined,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  grace?: number,
): Promise<T> {
  if (milliseconds === undefined && grace === undefined) return work(signal);
  return new Promise((resolve, reject) => {
    // Combined signals cost more than an empty step does: only where there is a limit.
    const late = milliseconds === undefined ? undefined : new AbortController();
    const timers: NodeJS.Timeout[] = [];
    // What comes of the work after it was left to itself is nobody's.
    const over = () => {
      signal.removeEventListener("abort", aborted);
      for (const timer of timers) clearTimeout(timer);
    };
    const fail = (error: unknown) => {
      over();
      reject(error);
    };
    const aborted = () => timers.push(setTimeout(() => fail(signal.reason), grace));
    if (grace !== undefined) signal.addEventListener("abort", aborted, { once: true });
    if (milliseconds !== undefined) {
      const end = () => {
        const error = new TimeLimit(milliseconds);
        late?.abort(error);
        fail(error);
      };
      timers.push(setTimeout(end, milliseconds));
    }
    work(late === undefined ? signal : AbortSignal.any([signal, late.signal])).then((result) => {
      over();
      resolve(result);
    }, fail);
  });
}
