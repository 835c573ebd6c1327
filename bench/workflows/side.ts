/** One side of a comparison as a process of its own. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Order, Report } from "./protocol.ts";

export class Side {
  readonly started = new Map<string, number>();
  /** The most memory seen, in bytes. */
  peakMemory = 0;
  private readonly child: ChildProcess;
  private waiting: ((report: Report) => void) | undefined;

  private constructor(child: ChildProcess) {
    this.child = child;
    child.on("message", (message) => {
      const report = message as Report;
      if (report.kind === "started") this.started.set(report.key, report.at);
      else if (report.kind === "memory") this.peakMemory = Math.max(this.peakMemory, report.rss);
      else this.waiting?.(report);
    });
  }

  static async start(file: string, ...args: string[]): Promise<Side> {
    const side = new Side(
      fork(join(import.meta.dirname, file), args, { stdio: ["ignore", "ignore", "inherit", "ipc"] }),
    );
    await side.next();
    return side;
  }

  async order(order: Order): Promise<Report> {
    this.child.send(order);
    return this.next();
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await ended;
  }

  private next(): Promise<Report> {
    return new Promise((resolve, reject) => {
      this.waiting = resolve;
      this.child.once("exit", (code) => reject(new Error(`a side of the benchmark ended with ${code}`)));
    });
  }
}
