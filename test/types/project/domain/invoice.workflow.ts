import { workflow } from "enginejs";
import { Invoice } from "./invoice.model.ts";

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
