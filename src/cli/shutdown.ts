/** Waits for the end of a long-running command, and carries it out in order. */
interface Step {
  readonly name: string;
  readonly stop: () => Promise<void>;
  /** Must not be left out, however much of a hurry there is. */
  readonly essential: boolean;
}

/** How long the steps that are not essential may take together. */
const patience = 15_000;

/** What was started, to be stopped in the opposite order. */
export class Shutdown {
  readonly #steps: Step[] = [];
  #running: Promise<void> | undefined;
  #hurry: () => void = () => undefined;
  readonly #hurried = new Promise<void>((resolve) => {
    this.#hurry = resolve;
  });

  /**
   * Something to be stopped before everything that was added earlier. Where stopping has begun already, it is stopped at
   * once: what was being started when Ctrl-C came must not go on.
   */
  async add(name: string, stop: () => Promise<void>, options: { readonly essential?: boolean } = {}): Promise<void> {
    const step = { name, stop, essential: options.essential ?? false };
    if (this.#running === undefined) this.#steps.push(step);
    else await this.#stop(step);
  }

  /** True from the moment on that stopping was asked for. */
  get begun(): boolean {
    return this.#running !== undefined;
  }

  /** Stops everything, once. */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Waits no longer for what is not essential. */
  hurry(): void {
    this.#hurry();
  }

  async #run(): Promise<void> {
    const timer = setTimeout(() => this.#hurry(), patience);
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await this.#stop(step);
    clearTimeout(timer);
  }

  /** A step that fails does not keep the others from stopping. */
  async #stop(step: Step): Promise<void> {
    try {
      const stopped = step.stop();
      await (step.essential ? stopped : Promise.race([stopped, this.#hurried]));
    } catch (error) {
      console.error(`stopping ${step.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/**
 * Resolves at Ctrl-C, SIGTERM or SIGHUP, or when the process that started this one is gone.
 *
 * @param onRepeat called when it is asked for again: whoever asks twice does not want to wait
 */
export function untilAskedToStop(onRepeat: () => void = () => undefined): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const ask = () => {
      // npm hands a Ctrl-C on that the terminal has sent to us already: twice within a moment is once.
      if (askedAt !== undefined && Date.now() - askedAt > 1_000) onRepeat();
      askedAt ??= Date.now();
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, ask);
    // The command was started again on the project's own Node: bin/enginejs.js holds the other end of this channel.
    if (process.channel) {
      process.once("disconnect", resolve);
      process.channel.unref();
    }
  });
}
