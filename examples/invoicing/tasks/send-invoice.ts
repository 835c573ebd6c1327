import { defineTask } from "enginejs";
import { z } from "zod";
import { sendMail } from "../mail/send-mail.ts";

/** Tells the customer that there is an invoice to pay: the effect of the action `send`. */
export default defineTask({
  input: z.object({ id: z.uuid() }),
  output: z.object({ messageId: z.string() }),
  async run({ input, query, idempotencyKey }) {
    const { rows } = await query<{ number: string; email: string }>(
      "select invoice.number, customer.email from app.invoice join app.customer on customer.id = invoice.customer_id where invoice.id = $1",
      [input.id],
    );
    const [invoice] = rows;
    if (invoice === undefined) throw new Error(`invoice ${input.id} is not there any more`);
    const messageId = await sendMail({
      id: idempotencyKey,
      to: invoice.email,
      subject: `Invoice ${invoice.number}`,
      text: `Invoice ${invoice.number} is ready to be paid.`,
    });
    return { messageId };
  },
});
