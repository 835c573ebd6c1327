import { defineTask } from "enginejs";
import { z } from "zod";
import { sendMail } from "../mail/send-mail.ts";

/** Lists a customer's open invoices in one mail. */
export default defineTask({
  input: z.object({ to: z.email(), company: z.string(), total: z.int(), numbers: z.array(z.string()) }),
  output: z.object({ messageId: z.string() }),
  async run({ input, idempotencyKey }) {
    const messageId = await sendMail({
      id: idempotencyKey,
      to: input.to,
      subject: `Your open invoices at ${input.company}`,
      text: `${input.numbers.join(", ")}: ${(input.total / 100).toFixed(2)} in all.`,
    });
    return { messageId };
  },
});
