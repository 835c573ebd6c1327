import { queue } from "enginejs";
import { z } from "zod";

/** Who books, and by which software, is nothing that a refund has to know. */
export const ledgerEntries = queue("ledger-entries", {
  describe: "What bookkeeping has to enter",
  message: z.object({ reason: z.string(), invoice: z.string(), amount: z.int() }),
  publish: ["billing"],
});
