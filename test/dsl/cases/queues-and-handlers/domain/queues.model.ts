import { queue } from "enginejs";
import { z } from "zod";

export const orderEvents = queue("order-events", {
  describe: "What happens to orders",
  message: z.object({
    orderId: z.uuid(),
    total: z.int(),
    note: z.string().optional(),
    lines: z.array(z.object({ sku: z.string() })).optional(),
  }),
  publish: ["billing"],
  retry: { attempts: 8, initial: "2s" },
});

export const anything = queue("legacy.anything");
