/** A worker whose tasks are adversaries: `node adversary-worker.ts <worker's url> <builder's url>`. */
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { defineTask } from "../../../src/dsl/task.ts";
import { startWorker } from "../../../src/tasks/index.ts";

const url = process.argv[2] ?? "";
const effects = new pg.Pool({ connectionString: process.argv[3] ?? url, max: 2, application_name: "test effects" });
effects.on("error", () => undefined);
const count = (kind: string, key: string) =>
  effects.query("insert into test.effects (kind, key) values ($1, $2)", [kind, key]);

/** A task that counts its beginnings and gives what `give` does. */
const counted = (kind: string, give: (key: string) => unknown = () => undefined) =>
  defineTask({
    async run({ idempotencyKey }) {
      await count(kind, idempotencyKey);
      return give(idempotencyKey);
    },
  });

const circle: Record<string, unknown> = {};
circle.itself = circle;
const failing = (message: string) => () => {
  throw Object.assign(new Error(message), { name: "NonRetryableError" });
};
const failed = new Set<string>();

const tasks = new Map<string, unknown>([
  ["count", counted("count")],
  ["wait", counted("wait", () => delay(60_000))],
  // In a transaction of the run, which holds the run's row.
  [
    "hold",
    defineTask({
      async run({ idempotencyKey, query }) {
        await count("hold", idempotencyKey);
        const seconds = Number(process.env.HOLD ?? 3);
        await query("select pg_sleep($1)", [seconds]);
      },
    }),
  ],
  // Longer than a heartbeat may be old, and until the test has seen what it wants to see meanwhile.
  [
    "block",
    counted("block", () => {
      const stand = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      stand(17_000);
      while (!existsSync(process.env.BLOCK_UNTIL ?? "/")) stand(100);
    }),
  ],
  [
    "shaky",
    counted("shaky", (key) => {
      if (failed.has(key)) return;
      failed.add(key);
      throw new Error("not yet");
    }),
  ],
  ["bad-nul", counted("bad-nul", () => ({ text: "a\0b" }))],
  ["bad-half", counted("bad-half", () => ({ text: "\ud83d" }))],
  ["bad-circle", counted("bad-circle", () => circle)],
  [
    "bad-toJSON",
    counted("bad-toJSON", () => ({
      toJSON() {
        throw new Error("not today");
      },
    })),
  ],
  ["bad-error-nul", counted("bad-error-nul", failing("a zero: \0"))],
  // Cut in the middle of a character.
  ["bad-error-half", counted("bad-error-half", failing(`${"x".repeat(1999)}😀`))],
  ["ten-megabytes", counted("ten-megabytes", () => ({ text: "0123456789".repeat(1_000_000) }))],
  ["twenty-megabytes", counted("twenty-megabytes", () => ({ text: "0123456789".repeat(2_000_000) }))],
]);

const line =
  (level: string) =>
  (message: string, fields: object = {}) =>
    process.stdout.write(`${JSON.stringify({ level, message, ...fields })}\n`);
const log = { debug: () => undefined, info: line("info"), warn: line("warn"), error: line("error") };
const worker = await startWorker({ url, tasks, log, concurrency: 5, patience: 2_000 });
process.stdout.write(`${JSON.stringify({ level: "info", message: "ready" })}\n`);
process.once("SIGTERM", async () => {
  await worker.stop();
  await effects.end();
});
