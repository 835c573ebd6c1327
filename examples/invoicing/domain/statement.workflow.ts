import { cron, workflow } from "enginejs";
import { z } from "zod";

/** Mondays at seven each customer with open invoices gets one mail that lists them. */
export const weeklyStatement = workflow("weekly-statement", {
  on: cron("0 7 * * MON", "Europe/Berlin", { catchUp: "one" }),
  as: "system",
  steps: (flow) =>
    flow
      .query("open", "open-invoices-by-customer", () => ({}), {
        row: z.object({ email: z.string(), company: z.string(), total: z.int(), numbers: z.array(z.string()) }),
      })
      .forEach(
        "each",
        ({ open }) => open.rows,
        (customer) =>
          customer.task("mail", "send-statement", ({ item }) => ({
            to: item.email,
            company: item.company,
            total: item.total,
            numbers: item.numbers,
          })),
        { limit: 5 },
      )
      .log("sent", "statements sent", ({ each }) => ({ customers: each.count })),
});
