import { sum, workflow } from "enginejs";
import { z } from "zod";
import { ledgerEntries } from "./ledger.model.ts";
import { Refund } from "./refund.model.ts";

/**
 * A refund, from the wish to the money: a large one needs a second pair of eyes, the bank gets an order, and what the bank
 * reports decides. Refunds of one invoice follow one another, so that each sees what those before it have paid back.
 */
export const refund = workflow("refund", {
  on: Refund.created(),
  as: "system", // nobody has the right to say that a refund is paid
  ordered: { by: ({ event }) => event.after.invoice.id, onFailure: "skip" },
  retry: { attempts: 6, backoff: "exponential", initial: "1s", max: "10m" },
  steps: (flow) =>
    flow
      .transform("check", ({ record }) => ({
        large: record.amount.gt(500_00),
        tooMuch: sum(record.invoice.refunds.filter((other) => other.status.eq("paid")).map((other) => other.amount))
          .plus(record.amount)
          .gt(record.invoice.subtotal),
      }))
      .branch(
        "needsDecision",
        ({ check }) => check.large.and(check.tooMuch.not()),
        (then) =>
          then.approval("secondPair", {
            allow: ({ actor, event }) => actor.hasRole("billing").and(actor.id.ne(event.after.requestedBy.id)),
            question: "Pay this back?",
            show: ({ record }) => ({ invoice: record.invoice.number, amount: record.amount, reason: record.reason }),
            timeout: "3d",
          }),
      )
      .branch(
        "refused",
        // Where nobody was asked, the answer is null, and null is no refusal.
        ({ check, secondPair }) => check.tooMuch.or(secondPair.approved.not()),
        (then) =>
          then
            .query("refuse", "refuse-refund", ({ record }) => ({ refund: record.id }))
            .task("tellRefusal", "send-refund-notice", ({ record }) => ({
              to: record.requestedBy.email,
              number: record.invoice.number,
              amount: record.amount,
              outcome: "refused",
            })),
        (otherwise) =>
          otherwise
            .task("order", "order-transfer", ({ record }) => ({
              iban: record.iban,
              name: record.invoice.customer.name,
              amount: record.amount,
              text: record.invoice.number,
            }))
            .compensate("undoOrder", (undo) =>
              undo
                .task("withdraw", "withdraw-transfer", ({ order }) => ({ transfer: order.transfer }))
                .query("giveUp", "refuse-refund", ({ record }) => ({ refund: record.id })),
            )
            .waitForSignal("report", "transfer-reported", ({ order }) => order.transfer, {
              timeout: "10d",
              payload: z.object({ executed: z.boolean(), reason: z.string().optional() }),
            })
            .branch(
              "notExecuted",
              ({ report }) => report.timedOut.or(report.payload.executed.not()),
              (then) =>
                then.fail("giveBack", "TransferNotExecuted", {
                  message: "the bank has not executed the transfer",
                  values: ({ order, report }) => ({ transfer: order.transfer, reason: report.payload.reason }),
                }),
            )
            .query("settle", "settle-refund", ({ record }) => ({ refund: record.id }))
            .publish("book", ledgerEntries, ({ record }) => ({
              reason: "refund",
              invoice: record.invoice.number,
              amount: record.amount.times(-1),
            }))
            .task("tellCustomer", "send-refund-notice", ({ record }) => ({
              to: record.invoice.customer.email,
              number: record.invoice.number,
              amount: record.amount,
              outcome: "paid",
            })),
      ),
});
