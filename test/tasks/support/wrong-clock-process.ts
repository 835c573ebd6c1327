/** Preloaded into a process of a test: from then on its clock is wrong by CLOCK_SHIFT milliseconds, in every thread. */
const shift = Number(process.env.CLOCK_SHIFT ?? 0);
const Right = Date;

class Wrong extends Right {
  constructor(...given: unknown[]) {
    // What says no time is now.
    if (given.length === 0) super(Right.now() + shift);
    else super(...(given as [number]));
  }

  static override now(): number {
    return Right.now() + shift;
  }
}

globalThis.Date = Wrong as DateConstructor;
