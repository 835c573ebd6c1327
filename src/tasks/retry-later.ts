/** Who was asked says when to come again: the next attempt waits for that, where the declared pause is shorter. */
export class RetryLater extends Error {
  readonly afterMs: number;

  constructor(message: string, afterMs: number) {
    super(message);
    this.name = "RetryLater";
    this.afterMs = Math.min(afterMs, LONGEST);
  }
}

/** A day: no server puts a run off for longer. */
const LONGEST = 86_400_000;
