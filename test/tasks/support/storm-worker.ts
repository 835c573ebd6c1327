/**
 * A worker of the storm: `node storm-worker.ts <worker's url> <builder's url>`. The outside world of its tasks is the file
 * STORM_FILE, to which each beginning of a task appends a line: it stays whatever becomes of this process or of PostgreSQL.
 */
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { defineTask } from "../../../src/dsl/task.ts";
import { startWorker } from "../../../src/tasks/index.ts";
import type { Beginning } from "./storm-world.ts";

const file = process.env.STORM_FILE ?? "";
let count = 0;
const times = new Map<string, number>();

/** The token tells which of several beginnings gave the result that was kept. */
function begin(key: string, about: unknown): string {
  count += 1;
  const line: Beginning = { key, at: Date.now(), pid: process.pid, token: `${process.pid}-${count}`, about };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
  return line.token;
}

const tasks = new Map<string, unknown>([
  [
    "storm-work",
    defineTask({
      async run({ idempotencyKey, input }) {
        const token = begin(idempotencyKey, input);
        await delay(Math.random() * 20);
        return { token };
      },
    }),
  ],
  // Fails twice wherever it is tried; another process does not know of that.
  [
    "storm-shaky",
    defineTask({
      async run({ idempotencyKey, input }) {
        const token = begin(idempotencyKey, input);
        const before = times.get(idempotencyKey) ?? 0;
        times.set(idempotencyKey, before + 1);
        if (before < 2 && !process.env.STORM_CALM) throw new Error(`not yet: ${before}`);
        return { token };
      },
    }),
  ],
  [
    "storm-broken",
    defineTask({
      async run({ idempotencyKey, input }) {
        begin(idempotencyKey, input);
        throw new Error("it never works");
      },
    }),
  ],
]);

const line =
  (level: string) =>
  (message: string, fields: object = {}) =>
    process.stdout.write(`${JSON.stringify({ level, message, ...fields })}\n`);
const log = {
  debug: process.env.DEBUG ? line("debug") : () => undefined,
  info: line("info"),
  warn: line("warn"),
  error: line("error"),
};
process.stdout.on("error", () => undefined);
for (;;) {
  try {
    const worker = await startWorker({ url: process.argv[2] ?? "", tasks, log, concurrency: 5, patience: 2_000 });
    process.once("SIGTERM", () => worker.stop());
    break;
  } catch (error) {
    // PostgreSQL may be down just now; a service would be started again by whoever looks after it.
    log.warn(`not started: ${(error as Error).message}`);
    await delay(200);
  }
}
log.info("ready");
