import { cron, workflow, queue } from "enginejs";
import { z } from "zod";
import { Order } from "./order.model.ts";

const wrong = (value: unknown): never => value as never;
const on = Order.on("pay");

workflow("no-steps", wrong({ on, step: (flow: any) => flow.log("a", "a") }));
workflow("no-actor", { on, as: wrong("sytem"), steps: (flow) => flow.log("a", "a") });
workflow("no-method", { on, steps: (flow: any) => flow.taks("a", "send-receipt") });
workflow("no-option", {
  on,
  steps: (flow: any) =>
    flow
      .task("a", "send-receipt", ({ record }: any) => ({ to: record.number, amount: 1 }), { timout: "1s" })
      .http("b", { methd: "POST", url: "https://example.com" }, { retries: 3 })
      .waitForSignal("c", "delivered", ({ record }: any) => record.id, { timeuot: "3d" })
      .log("d", "said", undefined, { levle: "warn" })
      .query("e", "totals", () => ({ owner: "x" }), { rows: 1 }),
});
workflow("no-shape", {
  on,
  steps: (flow: any) =>
    flow
      .query("open", "totals", () => ({ owner: "x" }))
      .forEach("each", ({ open }: any) => open.rows, (each: any) => each.log("a", "a", ({ item }: any) => ({ a: item.total }))),
});
workflow("no-query", {
  on,
  steps: (flow: any) => flow.query("open", "totls").forEach("each", ({ open }: any) => open.rows, (each: any) => each.log("a", "a")),
});
workflow("later", { on: Order.at("dueAt", wrong("+1 day")), as: "system", steps: (flow) => flow.log("a", "a") });
workflow("afterwards", { on: Order.at("dueAt", "+1d"), as: "system", steps: (flow) => flow.log("a", "a") });
workflow("no-day", { on: cron("0 9 * * MOO", "Europe/Berlin"), as: "system", steps: (flow) => flow.log("a", "a") });
workflow("neither-hour-nor-zone", { on: cron("0 25 * * MON", "Europe/Berln"), as: "system", steps: (flow) => flow.log("a", "a") });
workflow("later-steps", { on, steps: wrong(async (flow: any) => flow.log("a", "a")) });
const mails = queue("mails", { message: z.object({ to: z.string() }) });
workflow("whole-queue", { on: wrong(mails), as: "system", steps: (flow) => flow.log("a", "a") });
