import { queue } from "enginejs";
import { z } from "zod";

export const orderEvents = queue("order-events", { message: z.object({ orderId: z.uuid(), total: z.int() }) });
queue("order-events");
queue("Order Events");
queue("odd", { message: { type: "object" } as never, publish: ["biling"] as never, retry: { attempts: 0 } });
queue("odder", { publish: [], messages: z.object({}) } as never);
queue("when", { message: z.date() });
