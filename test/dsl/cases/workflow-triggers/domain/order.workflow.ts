import { cron, env, every, impersonate, manual, signal, webhook, workflow } from "enginejs";
import { z } from "zod";
import { Order } from "./order.model.ts";

workflow("poll", { on: every("5m", { catchUp: "none" }), as: "system", steps: (flow) => flow.log("say", "polled") });

workflow("monday", {
  on: cron("0 9 * * MON", "Europe/Berlin", { catchUp: { atMost: 3 } }),
  as: "system",
  steps: (flow) => flow.transform("week", ({ input }) => ({ at: input.scheduledFor })),
});

workflow("remind", {
  on: Order.at("dueAt", "-2d", ({ row }) => row.status.eq("open")),
  as: impersonate<"Order">(({ event }) => event.after.owner.id),
  ordered: "record",
  steps: (flow) => flow.transform("what", ({ record, event }) => ({ number: record.number, was: event.after.number })),
});

workflow("thank", { on: Order.at("paidOn"), as: "system", steps: (flow) => flow.log("say", "thanks") });

workflow("by-hand", {
  on: manual(z.object({ month: z.string() }), { roles: ["member", "billing"] }),
  concurrency: { limit: 2, key: ({ input }) => input.month },
  rate: { limit: 10, per: "1m" },
  steps: (flow) => flow.log("say", "started"),
});

workflow("delivered", {
  on: signal("delivered", z.object({ order: z.uuid() })),
  as: "system",
  priority: -5,
  debounce: { key: ({ input }) => input.order, pause: "10s" },
  steps: (flow) => flow.get("order", "Order", ({ input }) => input.order),
});

workflow("paid-outside", {
  on: webhook("bank", {
    secret: env("BANK_SECRET", { development: "is in no model" }),
    scheme: "hmac-sha256-hex",
    header: "X-Bank-Signature",
    idHeader: "X-Bank-Id",
    tolerance: "1m",
    input: z.object({ amount: z.int() }),
  }),
  as: "system",
  ordered: { by: ({ input }) => input.amount, onFailure: "skip" },
  concurrency: 3,
  steps: (flow) => flow.transform("seen", ({ input }) => ({ amount: input.amount })),
});

workflow("moved", {
  on: Order.updated(({ changed, actor }) => changed.dueAt.or(changed.secretAt).and(actor.kind.ne("service"))),
  as: "system",
  steps: (flow) => flow.log("say", "moved"),
});
