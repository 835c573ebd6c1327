import { manual, workflow } from "enginejs";
import { z } from "zod";

// biome-ignore lint/suspicious/noExplicitAny: what a person without types may write
const wrong = (value: unknown): any => value;

workflow("calls", {
  on: manual(z.object({ amount: z.int(), name: z.string() })),
  as: "system",
  steps: (flow) =>
    flow
      .start("unknown", "orders.prise")
      .start("member", "orders.price", ({ input }) => wrong({ nett: input.amount, rate: 1 }))
      .start("type", "orders.price", ({ input }) => wrong({ net: input.name, rate: 1 }))
      .start("given", "orders.price", ({ input }) => wrong({ net: input.amount, rate: 1 }))
      .log("said", "priced", ({ given }) => ({ gross: wrong(given).output.gros })),
});
