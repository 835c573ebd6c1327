import { on } from "enginejs";
import { ledgerEntries } from "../domain/ledger.model.ts";
import { sendMail } from "../mail/send-mail.ts";

/** Bookkeeping works by mail here. The idempotency key is the mail's id: a repeated attempt is one mail. */
export const bookEntry = on(ledgerEntries, ({ input, idempotencyKey }) =>
  sendMail({
    id: idempotencyKey,
    to: "bookkeeping@invoicing.example",
    subject: `${input.reason}: ${input.invoice}`,
    text: `Please book ${(input.amount / 100).toFixed(2)} for invoice ${input.invoice}.`,
  }),
);
