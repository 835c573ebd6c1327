import { workflow } from "enginejs";
import { Order } from "./order.model.ts";
import { orderEvents } from "./queues.model.ts";

workflow("announce", {
  on: Order.on("pay"),
  steps: (flow) =>
    flow
      .publish("misspelt", "order-event", ({ record }) => ({ orderId: record.id }))
      .publish("missing", orderEvents, ({ record }) => ({ orderId: record.id }) as never)
      .publish("wrong", orderEvents, ({ record }) => ({ orderId: record.id, total: record.number, totl: 1 }) as never),
});
workflow("ship", {
  on: orderEvents.received(),
  steps: (flow) => flow.log("seen", "seen", ({ input }) => ({ id: (input as never as { ordrId: never }).ordrId })),
});
workflow("no-record", {
  on: orderEvents.received(),
  ordered: "record",
  steps: (flow) => flow.log("seen", "seen"),
});
