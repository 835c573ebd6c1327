/**
 * Gathers what concurrent runs ask of the database into one call: while one call is under way the next ones wait, and
 * then go together. Alone, a request goes at once. So concurrent checkpoints share a commit and nobody waits for company.
 */
export class Batcher<Request, Result> {
  private waiting: { readonly request: Request; readonly settle: PromiseWithResolvers<Result> }[] = [];
  private readonly call: (requests: readonly Request[]) => Promise<readonly Result[]>;
  private readonly most: number;
  private busy = false;

  /** @param call gives one result per request, in their order; a failure is everybody's */
  constructor(call: (requests: readonly Request[]) => Promise<readonly Result[]>, most = 500) {
    this.call = call;
    this.most = most;
  }

  add(request: Request): Promise<Result> {
    const settle = Promise.withResolvers<Result>();
    this.waiting.push({ request, settle });
    if (!this.busy) {
      this.busy = true;
      // After what runs now, so that requests of the same moment go together.
      setImmediate(() => void this.flush());
    }
    return settle.promise;
  }

  private async flush(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.most);
      try {
        const results = await this.call(batch.map(({ request }) => request));
        for (const [i, { settle }] of batch.entries()) settle.resolve(results[i] as Result);
      } catch (error) {
        for (const { settle } of batch) settle.reject(error);
      }
    }
    this.busy = false;
  }
}
