import { workflow } from "enginejs";
import { Order } from "./order.model.ts";
import { orderEvents } from "./queues.model.ts";

export const announce = workflow("announce", {
  on: Order.on("pay"),
  steps: (flow) =>
    flow
      .publish("told", orderEvents, ({ record }) => ({ orderId: record.id, total: record.total, note: "paid" }))
      .publish("legacy", "legacy.anything", ({ told }) => ({ id: told.id }), { retry: { attempts: 2 } }),
});

export const ship = workflow("ship", {
  on: orderEvents.received(),
  ordered: { by: ({ input }) => input.orderId },
  steps: (flow) => flow.log("shipped", "shipped", ({ input }) => ({ order: input.orderId, total: input.total })),
});

export const patient = workflow("patient", {
  on: orderEvents.received(),
  as: "system",
  retry: { attempts: 2 },
  steps: (flow) => flow.log("seen", "seen"),
});
