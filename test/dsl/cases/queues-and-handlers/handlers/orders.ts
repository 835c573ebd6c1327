import { on } from "enginejs";
import { orderEvents } from "../domain/queues.model.ts";

export const announceOrder = on("Order.created", async ({ event, log }) => log.info("made", { order: event.recordId }));

export const onPaid = on(
  "Order.updated",
  async ({ query }) => {
    await query("select 1");
  },
  {
    describe: "Thanks for the payment",
    when: ({ before, after }) => before.status.ne(after.status).and(after.status.eq("paid")),
    as: "system",
    ordered: "record",
    retry: { attempts: 3, backoff: "fixed", initial: "1s", max: "1s" },
    timeout: "1h",
  },
);

export const pay = on("Order.pay", () => undefined);
export const gone = on("Order.deleted", () => undefined);
export const received = on("order-events", async ({ input }) => input);
export const typed = on(orderEvents, async ({ input }) => input.orderId, { concurrency: 2 });

export const helper = () => "no handler";
