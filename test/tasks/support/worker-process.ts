/** A worker as a process of its own, which tests kill: `node worker-process.ts <worker's url> <builder's url>`. */
import pg from "pg";
import { z } from "zod";
import { defineTask } from "../../../src/dsl/task.ts";
import { NonRetryableError, startWorker } from "../../../src/tasks/index.ts";

const url = process.argv[2] ?? "";
const effects = new pg.Pool({ connectionString: process.argv[3] ?? url, max: 2, application_name: "test effects" });
effects.on("error", () => undefined);
const count = (kind: string, key: string) =>
  effects.query("insert into test.effects (kind, key) values ($1, $2)", [kind, key]);

const tasks = new Map<string, unknown>([
  [
    "send-receipt",
    defineTask({
      input: z.object({ to: z.email(), number: z.string(), amount: z.int(), receipt: z.uuid() }),
      output: z.object({ messageId: z.string() }),
      async run({ idempotencyKey }) {
        await count("send-receipt", idempotencyKey);
        return { messageId: `<${idempotencyKey}>` };
      },
    }),
  ],
  [
    "send-invoice",
    {
      default: defineTask({
        input: z.object({ id: z.uuid() }),
        run: async ({ idempotencyKey }) => void (await count("send-invoice", idempotencyKey)),
      }),
    },
  ],
  // Fails the first two times.
  [
    "shaky",
    defineTask({
      async run({ idempotencyKey }) {
        await count("shaky", idempotencyKey);
        const { rows } = await effects.query("select count(*)::int as n from test.effects where key = $1", [
          idempotencyKey,
        ]);
        if (rows[0].n < 3) throw new Error(`not yet: ${rows[0].n}`);
      },
    }),
  ],
  [
    "broken",
    defineTask({
      run: async ({ idempotencyKey }) => {
        await count("broken", idempotencyKey);
        throw new Error("it never works");
      },
    }),
  ],
  [
    "hopeless",
    defineTask({
      run: async ({ idempotencyKey }) => {
        await count("hopeless", idempotencyKey);
        throw new NonRetryableError("no use");
      },
    }),
  ],
  // Kills its process, whenever.
  [
    "poison",
    defineTask({
      run: async ({ idempotencyKey }) => {
        await count("poison", idempotencyKey);
        process.kill(process.pid, "SIGKILL");
      },
    }),
  ],
  // Ends when it is told to, at the latest after a minute.
  [
    "slow",
    defineTask({
      async run({ idempotencyKey, signal }) {
        await count("slow", idempotencyKey);
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(resolve, Number(process.env.SLOW ?? 60_000));
          signal.addEventListener("abort", () => {
            clearTimeout(timer);
            reject(signal.reason);
          });
        });
        await count("slow done", idempotencyKey);
      },
    }),
  ],
  // Says by its key what number began, and fails now and then.
  [
    "ordered-work",
    defineTask({
      async run({ input }) {
        const { key, n } = input as { key: string; n: number };
        await count(String(n), key);
        await new Promise((resolve) => setTimeout(resolve, 3));
        if (Math.random() * Number(process.env.ORDERED_FAILURES ?? 0) > 4) throw new Error("now and then");
      },
    }),
  ],
  // As graphile-worker has them.
  ["plain", async (payload: { n?: number }) => void (await count("plain", String(payload.n)))],
  // Reads as the run's actor.
  [
    "who",
    defineTask({
      output: z.object({ seen: z.int(), me: z.string().nullable() }),
      async run({ query }) {
        const { rows } = await query<{ seen: number; me: string | null; role: string }>(
          "select (select count(*)::int from app.invoice) as seen, enginejs.actor_id()::text as me, current_user::text as role",
        );
        const [row] = rows;
        await count("who", `${row?.role} ${row?.me} ${row?.seen}`);
        return { seen: row?.seen ?? -1, me: row?.me ?? null };
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
const worker = await startWorker({ url, tasks, log, concurrency: 5, patience: 2_000 });
process.stdout.write(`${JSON.stringify({ level: "info", message: "ready" })}\n`);
process.once("SIGTERM", async () => {
  await worker.stop();
  await effects.end();
  process.stdout.write(`${JSON.stringify({ level: "info", message: "stopped" })}\n`);
});
