import { defineTask } from "enginejs";
import { z } from "zod";
import { withdrawTransfer } from "../bank/transfer-orders.ts";

/** Takes a transfer's order back: what undoes `order-transfer`. */
export default defineTask({
  input: z.object({ transfer: z.string() }),
  run: ({ input }) => withdrawTransfer(input.transfer),
});
