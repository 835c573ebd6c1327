/** pg-boss, with batches: `serve-pg-boss.ts <url>` */
import { PgBoss } from "pg-boss";
import { live } from "./protocol.ts";

const boss = new PgBoss(process.argv[2] ?? "");
boss.on("error", console.error);
await boss.start();
await boss.createQueue("noop");
await boss.work("noop", { batchSize: 500, pollingIntervalSeconds: 0.5 }, async () => undefined);
live();
