import { defineTask } from "enginejs";
import { z } from "zod";
import { sendMail } from "../mail/send-mail.ts";

/** Says what has become of a refund: to the customer that it is paid, to whoever asked for it that it is not. */
export default defineTask({
  input: z.object({ to: z.email(), number: z.string(), amount: z.int(), outcome: z.enum(["paid", "refused"]) }),
  output: z.object({ messageId: z.string() }),
  async run({ input, idempotencyKey }) {
    const messageId = await sendMail({
      id: idempotencyKey,
      to: input.to,
      subject: `Refund for invoice ${input.number}`,
      text: `The refund of ${(input.amount / 100).toFixed(2)} is ${input.outcome}.`,
    });
    return { messageId };
  },
});
