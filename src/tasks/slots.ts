/** How many runs a worker may be at, and who gets the next hand that is free: those who wait, in their order. */
export class Slots {
  private readonly most: number;
  private used = 0;
  private readonly waiting = new Set<(granted: boolean) => void>();
  private readonly watching = new Set<() => void>();

  constructor(most: number) {
    this.most = most;
  }

  /** None while somebody waits. */
  get free(): number {
    return this.waiting.size > 0 ? 0 : this.most - this.used;
  }

  /**
   * Takes what is free, but half of all at most: while the runs of one half are with the database, those of the other are
   * with this process. The caller gives back what it does not need.
   */
  takeFree(): number {
    const free = Math.min(this.free, Math.ceil(this.most / 2));
    this.used += free;
    return free;
  }

  /** Takes one, at the latest after so many milliseconds; false where there was none. */
  take(milliseconds: number): Promise<boolean> {
    if (this.free > 0) {
      this.used += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const settle = (granted: boolean) => {
        clearTimeout(timer);
        this.waiting.delete(settle);
        resolve(granted);
      };
      const timer = setTimeout(settle, milliseconds, false);
      this.waiting.add(settle);
    });
  }

  give(count = 1): void {
    this.used -= count;
    for (const settle of this.waiting) {
      if (this.used >= this.most) break;
      this.used += 1;
      settle(true);
    }
    for (const look of this.watching) look();
  }

  /** Resolves when half of them are free, some milliseconds after the first one is, or when the time is over. */
  room(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      let soon: NodeJS.Timeout | undefined;
      const done = () => {
        clearTimeout(soon);
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        this.watching.delete(look);
        resolve();
      };
      const look = () => {
        if (this.free * 2 >= this.most) done();
        else if (this.free > 0) soon ??= setTimeout(done, 5);
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener("abort", done);
      this.watching.add(look);
      look();
    });
  }
}
