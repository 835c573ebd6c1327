import { defineTask } from "enginejs";
import { z } from "zod";
import { sendMail } from "../mail/send-mail.ts";

/** Reminds a customer of an invoice that is overdue, for the first or second time. */
export default defineTask({
  input: z.object({ to: z.email(), number: z.string(), amount: z.int(), nth: z.int() }),
  output: z.object({ messageId: z.string() }),
  async run({ input, idempotencyKey }) {
    const messageId = await sendMail({
      id: idempotencyKey,
      to: input.to,
      subject: `${input.nth === 1 ? "Reminder" : "Second reminder"}: invoice ${input.number}`,
      text: `${(input.amount / 100).toFixed(2)} of invoice ${input.number} have not reached us yet.`,
    });
    return { messageId };
  },
});
