import { queue } from "enginejs";
import { z } from "zod";

export const orderEvents = queue("order-events", {
  message: z.object({
    orderId: z.uuid(),
    total: z.int(),
    note: z.string().nullish(),
    kind: z.enum(["new", "changed"]),
    lines: z.array(z.object({ sku: z.string(), price: z.number() })).optional(),
    odd: z.record(z.string(), z.union([z.string(), z.int()])).optional(),
  }),
  publish: ["billing"],
});
export const legacy = queue("legacy");
