/** The ways in which a run under way is told to stop. */

/** The worker stops: the run is put back as it is. */
export class Stopping extends Error {
  constructor() {
    super("the worker stops");
    this.name = "Stopping";
  }
}

/** Somebody wants the run to end, or its time is over: what it did is undone. */
export class Ended extends Error {
  /** Its time is over: nobody has wanted it to end. */
  readonly isLate: boolean;

  constructor(message: string, isLate = false) {
    super(message);
    this.name = "Ended";
    this.isLate = isLate;
  }
}

export class RunControl {
  private controller = new AbortController();
  /** Of the walk over the graph that is under way. */
  private walk: AbortController | undefined;
  private turned = false;

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Why it was told to end, where it was. */
  get ended(): Ended | undefined {
    const { reason } = this.signal;
    return reason instanceof Ended ? reason : undefined;
  }

  /** Tells the steps under way to stop. What is being undone already is not ended once more. */
  abort(reason: Error): void {
    if (reason instanceof Ended && this.turned) return;
    this.controller.abort(reason);
    this.walk?.abort(reason);
  }

  /**
   * What stops one walk over the graph: by itself, or with the run. There is one walk at a time, so this needs no combined signal
   * (AbortSignal.any), which is made for every run and leaves garbage behind.
   */
  startWalk(): AbortController {
    this.walk = new AbortController();
    if (this.signal.aborted) this.walk.abort(this.signal.reason);
    return this.walk;
  }

  /** From now on the run is being undone, with a signal of its own. */
  turnBack(): void {
    if (this.turned) return;
    this.turned = true;
    const { signal } = this.controller;
    // An end was heard; that the worker stops, or has lost its lease, is still true.
    if (!signal.aborted || signal.reason instanceof Ended) this.controller = new AbortController();
  }
}
