/** So many requests do not wait for the call that is under way, as long as it is the only one. */
const ENOUGH = 32;

export interface BatcherOptions<Request> {
  /** Requests in a call; 500 unless given. */
  readonly most?: number;
  /** A request's size, where a call has a `heaviest`: the sum of its requests, but for one alone. */
  readonly weigh?: (request: Request) => number;
  readonly heaviest?: number;
  /** Whether an error is the fault of one request: each is tried alone then, and fails no other. */
  readonly isOfOne?: (error: unknown) => boolean;
}

/**
 * Gathers what concurrent runs ask of the database into one call: while one call is under way the next ones wait, and
 * then go together. Alone, a request goes at once. So concurrent checkpoints share a commit and nobody waits for company.
 * Where many wait a second call goes out: the database has work while this process is busy with what the first one gave.
 */
export class Batcher<Request, Result> {
  private readonly waiting: Waiting<Request, Result>[] = [];
  private readonly call: (requests: readonly Request[]) => Promise<readonly Result[]>;
  private readonly options: BatcherOptions<Request>;
  private calls = 0;
  private scheduled = false;

  /** @param call gives one result per request, in their order; a failure is everybody's, unless the options say otherwise */
  constructor(
    call: (requests: readonly Request[]) => Promise<readonly Result[]>,
    options: BatcherOptions<Request> = {},
  ) {
    this.call = call;
    this.options = options;
  }

  add(request: Request): Promise<Result> {
    const settle = Promise.withResolvers<Result>();
    this.waiting.push({ request, settle });
    this.schedule();
    return settle.promise;
  }

  private schedule(): void {
    if (this.scheduled || this.waiting.length === 0) return;
    if (this.calls >= (this.waiting.length >= ENOUGH ? 2 : 1)) return;
    this.scheduled = true;
    // After what runs now, so that requests of the same moment go together.
    setImmediate(() => {
      this.scheduled = false;
      void this.flush(this.next());
    });
  }

  /** Those that go together. */
  private next(): readonly Waiting<Request, Result>[] {
    const { most = 500, weigh, heaviest = Number.POSITIVE_INFINITY } = this.options;
    let count = Math.min(most, this.waiting.length);
    if (weigh !== undefined) {
      let weight = 0;
      const over = this.waiting.slice(0, count).findIndex(({ request }) => {
        weight += weigh(request);
        return weight > heaviest;
      });
      if (over >= 0) count = Math.max(1, over);
    }
    return this.waiting.splice(0, count);
  }

  private async flush(batch: readonly Waiting<Request, Result>[]): Promise<void> {
    this.calls += 1;
    await this.settle(batch);
    this.calls -= 1;
    this.schedule();
  }

  private async settle(batch: readonly Waiting<Request, Result>[]): Promise<void> {
    try {
      const results = await this.call(batch.map(({ request }) => request));
      for (const [i, { settle }] of batch.entries()) settle.resolve(results[i] as Result);
    } catch (error) {
      if (batch.length > 1 && this.options.isOfOne?.(error)) {
        for (const one of batch) await this.settle([one]);
      } else {
        for (const { settle } of batch) settle.reject(error);
      }
    }
  }
}

interface Waiting<Request, Result> {
  readonly request: Request;
  readonly settle: PromiseWithResolvers<Result>;
}
