import { defineTask } from "enginejs";
import { z } from "zod";
import { sendMail } from "../mail/send-mail.ts";

/** Mails the receipt to the customer. The idempotency key is the mail's id: a repeated attempt is one mail. */
export default defineTask({
  input: z.object({ to: z.email(), number: z.string(), amount: z.int(), receipt: z.uuid() }),
  output: z.object({ messageId: z.string() }),
  async run({ input, idempotencyKey }) {
    const messageId = await sendMail({
      id: idempotencyKey,
      to: input.to,
      subject: `Receipt for invoice ${input.number}`,
      text: `We have received ${(input.amount / 100).toFixed(2)}. Your receipt is ${input.receipt}.`,
    });
    return { messageId };
  },
});
