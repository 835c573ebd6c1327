import { workflow } from "enginejs";
import { Invoice } from "./invoice.model.ts";

/** A paid invoice gets a receipt, written under the rights of whoever had it paid, and the customer a mail. */
export const receiptOnPaid = workflow("receipt-on-paid", {
  on: Invoice.on("pay"),
  as: "inherit",
  retry: { attempts: 6, backoff: "exponential", initial: "1s", max: "10m" },
  steps: (flow) =>
    flow
      .create("receipt", "Receipt", ({ record }) => ({ invoice: record.id, amount: record.subtotal }))
      .task("mail", "send-receipt", ({ record, receipt }) => ({
        to: record.customer.email,
        number: record.number,
        amount: receipt.amount,
        receipt: receipt.id,
      }))
      .log("done", "receipt sent", ({ record }) => ({ number: record.number })),
});
