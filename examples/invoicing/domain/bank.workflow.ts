import { env, webhook, workflow } from "enginejs";
import { z } from "zod";

/** What the bank reports about a transfer, `POST /webhooks/bank`, signed, reaches the run that waits for it. */
export const bankReport = workflow("bank-report", {
  on: webhook("bank", {
    secret: env("BANK_WEBHOOK_SECRET"),
    scheme: "standard-webhooks",
    input: z.object({ transfer: z.string(), executed: z.boolean(), reason: z.string().optional() }),
  }),
  as: "system",
  steps: (flow) =>
    flow.query("tell", "tell-transfer-reported", ({ input }) => ({
      transfer: input.transfer,
      executed: input.executed,
      reason: input.reason,
    })),
});
