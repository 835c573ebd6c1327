import { on } from "enginejs";
import { orderEvents } from "../domain/queues.model.ts";

export const made = on("Invoice.created", async ({ event, query, log }) => {
  const { rows } = await query<{ n: number }>("select 1 as n");
  log.info(event.recordId, { n: rows[0]?.n });
});
export const paid = on("Invoice.pay", ({ input }) => input?.reference, {
  when: ({ before, after, actor }) => before.status.ne(after.status).and(actor.hasRole("billing")),
  ordered: { by: ({ event }) => event.after.customer.id },
});
export const named = on("order-events", ({ input }): [string, number, string | null | undefined, "new" | "changed"] => {
  for (const { sku, price } of input.lines ?? []) console.log(sku.length, price.toFixed(2));
  return [input.orderId, input.total, input.note, input.kind];
});
export const itself = on(orderEvents, ({ input }) => `${input.orderId} ${input.lines?.length.toFixed(0)}`, { retry: { attempts: 2 } });
export default on("legacy", ({ input }) => input);
