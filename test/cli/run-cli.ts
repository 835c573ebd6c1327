/** Runs the real command in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const binFile: string = fileURLToPath(new URL("../../bin/enginejs.js", import.meta.url));

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The command's file; the repository's own unless given. */
  readonly bin?: string;
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment without what a developer's shell may set, so that a test means the same everywhere. */
export function cleanEnvironment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const {
    DATABASE_URL: _1,
    JWT_SECRET: _2,
    FORCE_COLOR: _3,
    NODE_ENV: _4,
    NODE_OPTIONS: _5,
    LOG_LEVEL: _6,
    CI: _7,
    ...rest
  } = process.env;
  return { ...rest, NO_COLOR: "1", ...env };
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = spawn(process.execPath, [options.bin ?? binFile, ...args], {
    cwd: options.cwd,
    env: cleanEnvironment(options.env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, stdout, stderr };
}

/** A command that goes on until it is told to stop. */
export class RunningCli {
  readonly child: ChildProcess;
  /** What it has written so far, both streams together. */
  output = "";
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly #listeners = new Set<() => void>();

  constructor(args: readonly string[], options: CliOptions = {}) {
    // A process group of its own, as a shell gives it: Ctrl-C goes to the whole group.
    this.child = spawn(process.execPath, [options.bin ?? binFile, ...args], {
      cwd: options.cwd,
      env: cleanEnvironment(options.env),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => {
        this.output += chunk;
        for (const listener of this.#listeners) listener();
      });
    }
    this.ended = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        resolve({ code, signal });
        for (const listener of this.#listeners) listener();
      });
    });
  }

  /** Waits until the output from an offset on matches. */
  async waitFor(pattern: RegExp, { from = 0, timeout = 120_000 } = {}): Promise<RegExpExecArray> {
    const found = () => pattern.exec(this.output.slice(from));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => finish(new Error(`no ${pattern} after ${timeout} ms in:\n${this.output}`)),
        timeout,
      );
      const check = () => {
        const match = found();
        if (match !== null) finish(match);
        else if (this.child.exitCode !== null) finish(new Error(`it ended without ${pattern}:\n${this.output}`));
      };
      const finish = (result: RegExpExecArray | Error) => {
        clearTimeout(timer);
        this.#listeners.delete(check);
        if (result instanceof Error) reject(result);
        else resolve(result);
      };
      this.#listeners.add(check);
      check();
    });
  }

  /** As Ctrl-C does: to every process of the group. */
  interrupt(signal: NodeJS.Signals = "SIGINT"): void {
    if (this.child.pid !== undefined) process.kill(-this.child.pid, signal);
  }

  /** Ends it, whatever a test has left. */
  async dispose(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.interrupt();
    const timer = setTimeout(() => this.interrupt("SIGKILL"), 20_000);
    await this.ended;
    clearTimeout(timer);
  }
}
