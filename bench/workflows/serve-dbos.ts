/** DBOS with a workflow of three empty steps, which it starts itself when told to: `serve-dbos.ts <url>` */
import { DBOS } from "@dbos-inc/dbos-sdk";
import { live, type Order, report } from "./protocol.ts";

const step = async () => undefined;
const threeSteps = DBOS.registerWorkflow(
  async () => {
    await DBOS.runStep(step, { name: "a" });
    await DBOS.runStep(step, { name: "b" });
    await DBOS.runStep(step, { name: "c" });
  },
  { name: "threeSteps" },
);
DBOS.setConfig({
  name: "bench",
  systemDatabaseUrl: process.argv[2] ?? "",
  systemDatabasePoolSize: 20,
  logLevel: "error",
  runAdminServer: false,
});
await DBOS.launch();

process.on("message", async ({ count, concurrency }: Order) => {
  const begin = performance.now();
  let left = count;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) await (await DBOS.startWorkflow(threeSteps)()).getResult();
    }),
  );
  report({ kind: "ran", seconds: (performance.now() - begin) / 1000 });
});
live();
