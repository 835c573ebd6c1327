/** A worker with the tasks and handlers of the project in PROJECT: `node project-worker.ts <worker's url>`. */
import { loadTasks } from "../../../src/project/load-tasks.ts";
import { startWorker } from "../../../src/tasks/index.ts";

const line =
  (level: string) =>
  (message: string, fields: object = {}) =>
    void process.stdout.write(`${JSON.stringify({ level, message, ...fields })}\n`);
const worker = await startWorker({
  url: process.argv[2] ?? "",
  tasks: await loadTasks(process.env.PROJECT ?? ""),
  log: { debug: () => undefined, info: line("info"), warn: line("warn"), error: line("error") },
  concurrency: 5,
  patience: 2_000,
});
line("info")("ready");
process.once("SIGTERM", () => worker.stop());
