/** Worker processes of a test, to be started and killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface WorkerProcess {
  readonly process: ChildProcess;
  readonly log: LogLine[];
  /** Resolves when it has started; rejects when it ended before. */
  readonly ready: Promise<void>;
  /** How it ended: the exit code or the signal. */
  readonly ended: Promise<number | string>;
  kill(): Promise<number | string>;
  /** Asks it to stop, and waits. */
  terminate(): Promise<number | string>;
}

export function startWorkerProcess(
  { workerUrl, url }: { readonly workerUrl: string; readonly url: string },
  environment: Readonly<Record<string, string>> = {},
  program = "worker-process.ts",
): WorkerProcess {
  const file = join(import.meta.dirname, program);
  const child = spawn(process.execPath, [file, workerUrl, url], {
    env: { ...process.env, NODE_OPTIONS: "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log: LogLine[] = [];
  let tell: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    tell = resolve;
  });
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = parse(text);
    log.push(line);
    if (process.env.SHOW_WORKER) console.log(text);
    if (line.message === "ready") tell();
  });
  createInterface({ input: child.stderr }).on("line", (message) => log.push({ level: "stderr", message }));
  const ended = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? code ?? -1));
  });
  const worker: WorkerProcess = {
    process: child,
    log,
    ready: Promise.race([
      started,
      ended.then((how) => {
        throw new Error(
          `the worker ended (${how}) before it was ready:\n${log.map(({ message }) => message).join("\n")}`,
        );
      }),
    ]),
    ended,
    kill() {
      child.kill("SIGKILL");
      return ended;
    },
    terminate() {
      child.kill("SIGTERM");
      return ended;
    },
  };
  // Where a failpoint kills it before it is ready, nobody may be waiting for that.
  worker.ready.catch(() => undefined);
  return worker;
}

function parse(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: "stdout", message: text };
  }
}

/** Asks until the answer is there; fails with what was last seen. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  seconds = 120,
): Promise<T> {
  const until = Date.now() + seconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > until) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
