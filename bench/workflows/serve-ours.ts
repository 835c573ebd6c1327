/** Our worker, with a task that does nothing: `serve-ours.ts <worker's url> <concurrency>`. */
import { defineTask } from "../../src/dsl/task.ts";
import { startWorker } from "../../src/tasks/index.ts";
import { live, now, report } from "./protocol.ts";

const [url = "", concurrency = "10", timed] = process.argv.slice(2);
const log = { debug: () => undefined, info: () => undefined, warn: console.error, error: console.error };
const empty = defineTask({
  async run({ event }) {
    if (timed === "timed") report({ kind: "started", key: String(event.recordId), at: now() });
  },
});
await startWorker({ url, log, concurrency: Number(concurrency), tasks: new Map([["empty", empty]]) });
live();
