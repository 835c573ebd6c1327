import { workflow } from "enginejs";
import { Invoice } from "./invoice.model.ts";
import { orderEvents } from "./queues.model.ts";

workflow("receipt", {
  on: Invoice.on("pay"),
  as: "inherit",
  steps: (flow) =>
    flow
      .create("receipt", "Receipt", ({ record, event }) => ({ invoice: event.after.id, amount: record.subtotal }))
      .task("mail", "send-receipt", ({ record, receipt }) => ({ to: record.customer.email, receipt: receipt.id }))
      .log("done", "sent", ({ mail, event }) => ({ id: mail.messageId, reference: event.input.reference })),
});

workflow("overdue", {
  on: Invoice.updated(({ before, after }) => before.status.ne("sent").and(after.status.eq("sent"))),
  steps: (flow) => flow.log("seen", "is sent", ({ event }) => ({ customer: event.after.customer.id })),
});

workflow("follow-up", { steps: (flow) => flow.log("paid", "is paid") });

workflow("announce", {
  on: Invoice.on("pay"),
  steps: (flow) =>
    flow
      .publish("told", orderEvents, ({ record }) => ({ orderId: record.id, total: 3, kind: "new" }))
      .publish("byName", "order-events", ({ record, told }) => ({ orderId: told.id, total: 4, kind: "new", note: record.number }))
      .publish("legacy", "legacy", ({ record }) => ({ anything: record.id })),
});

workflow("ship", {
  on: orderEvents.received(),
  steps: (flow) => flow.log("seen", "seen", ({ input }) => ({ id: input.orderId, total: input.total.plus(1) })),
});

workflow("order-paper", {
  on: Invoice.on("pay"),
  steps: (flow) =>
    flow
      .task("order", "acme/place-order", ({ record }) => ({ sku: record.number, pieces: 3 }))
      .log("ordered", "ordered", ({ order }) => ({ number: order.number })),
});
