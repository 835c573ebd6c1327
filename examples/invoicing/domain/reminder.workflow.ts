import { workflow } from "enginejs";
import { Invoice } from "./invoice.model.ts";

/** A day after an invoice was due the customer is reminded, and two weeks later once more; unless it is paid meanwhile. */
export const invoiceReminder = workflow("invoice-reminder", {
  on: Invoice.at("dueAt", "1d", ({ row }) => row.status.eq("sent")),
  as: "system",
  steps: (flow) =>
    flow
      .task("first", "send-reminder", ({ record }) => ({
        to: record.customer.email,
        number: record.number,
        amount: record.subtotal,
        nth: 1,
      }))
      .sleep("twoWeeks", "14d")
      .branch(
        "stillOpen",
        ({ record }) => record.status.eq("sent"), // `record` is the invoice as it is by then
        (then) =>
          then.task("second", "send-reminder", ({ record }) => ({
            to: record.customer.email,
            number: record.number,
            amount: record.subtotal,
            nth: 2,
          })),
      ),
});
