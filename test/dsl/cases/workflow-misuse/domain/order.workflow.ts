import { cron, every, manual, queue, workflow } from "enginejs";
import { z } from "zod";
import { Order } from "./order.model.ts";

const wrong = (value: unknown): never => value as never;
const on = Order.on("pay");
const mails: any = queue("mails", { message: z.object({ to: z.string(), free: z.boolean() }) });

// The condition would have been dropped.
workflow("some-messages", {
  on: mails.received(({ input }: any) => input.free),
  as: "system",
  steps: (flow) => flow.log("a", "a"),
});
workflow("misspelt-catch-up", {
  on: cron("0 9 * * *", "Europe/Berlin", { catchUp: wrong({ atmost: 3 }) }),
  as: "system",
  steps: (flow) => flow.log("a", "a"),
});
workflow("nobody", { on: every("5m"), steps: (flow) => flow.log("a", "a") });
workflow("which-limit", {
  on,
  concurrency: { limit: 0 },
  rate: wrong({ limit: 0 }),
  debounce: wrong({ pause: "2", key: 1 }),
  steps: (flow) => flow.log("a", "a"),
});
workflow("list-of-arms", { on, steps: (flow: any) => flow.parallel("arms", [(arm: any) => arm.log("a", "a")]) });
workflow("name-of-two-words", { on, steps: (flow) => flow.log("two words", "a") });
// One finding each: what is missing in a callback that has failed is not said.
workflow("failed-callbacks", {
  on,
  steps: (flow: any) =>
    flow
      .update("a", "Order", ({ record }: any) => record.id, ({ row }: any) => ({ number: row.number.concat("!") }))
      .create("b", "Order", ({ record }: any) => ({ number: record.number.concat("!") }))
      .task("c", "send-receipt", ({ record }: any) => ({ to: record.number.concat("!"), amount: 1 }))
      .publish("d", mails, ({ record }: any) => ({ to: record.number.concat("!") })),
});
workflow("text-and-number", {
  on: Order.updated(wrong(({ after }: any) => after.number.eq(1))),
  steps: (flow) => flow.log("a", "a"),
});
workflow("no-trigger-at-all", wrong({ steps: (flow: any) => flow.log("a", "a") }));
// Nobody could have started it.
workflow("misspelt-roles", { on: manual(undefined, wrong({ role: ["biller"] })), steps: (flow) => flow.log("a", "a") });
// What handlers are called by is not among the tasks.
workflow("no-task", { on, steps: (flow: any) => flow.task("a", "send-reciept") });
