/** graphile-worker as fast as it goes: a local queue and batched completions. `serve-graphile-worker.ts <url> [timed]` */
import { run } from "graphile-worker";
import { live, now, report } from "./protocol.ts";

const [connectionString = "", timed] = process.argv.slice(2);
const idle = timed === "timed";
await run({
  connectionString,
  concurrency: 24,
  noHandleSignals: true,
  taskList: {
    noop: async (payload) => {
      if (idle) report({ kind: "started", key: (payload as { key: string }).key, at: now() });
    },
  },
  preset: {
    worker: {
      concurrentJobs: 24,
      maxPoolSize: 26,
      // For a latency it would only wait.
      ...(idle ? {} : { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }),
    },
  },
});
live();
