/** So many requests do not wait for the call that is under way, as long as it is the only one. */
const ENOUGH = 32;

/**
 * Gathers what concurrent runs ask of the database into one call: while one call is under way the next ones wait, and
 * then go together. Alone, a request goes at once. So concurrent checkpoints share a commit and nobody waits for company.
 * Where many wait a second call goes out: the database has work while this process is busy with what the first one gave.
 */
export class Batcher<Request, Result> {
  private readonly waiting: Waiting<Request, Result>[] = [];
  private readonly call: (requests: readonly Request[]) => Promise<readonly Result[]>;
  private readonly most: number;
  private calls = 0;
  private scheduled = false;

  /** @param call gives one result per request, in their order; a failure is everybody's */
  constructor(call: (requests: readonly Request[]) => Promise<readonly Result[]>, most = 500) {
    this.call = call;
    this.most = most;
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
      void this.flush(this.waiting.splice(0, this.most));
    });
  }

  private async flush(batch: readonly Waiting<Request, Result>[]): Promise<void> {
    this.calls += 1;
    try {
      const results = await this.call(batch.map(({ request }) => request));
      for (const [i, { settle }] of batch.entries()) settle.resolve(results[i] as Result);
    } catch (error) {
      for (const { settle } of batch) settle.reject(error);
    }
    this.calls -= 1;
    this.schedule();
  }
}

interface Waiting<Request, Result> {
  readonly request: Request;
  readonly settle: PromiseWithResolvers<Result>;
}
