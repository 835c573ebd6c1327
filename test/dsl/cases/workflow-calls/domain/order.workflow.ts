import { manual, workflow } from "enginejs";
import { z } from "zod";

workflow("price", {
  on: manual(z.object({ quantity: z.int(), price: z.int() })),
  execution: "sync",
  steps: (flow) =>
    flow
      .transform("sum", ({ input }) => ({ total: input.quantity.times(input.price) }))
      .output(({ sum }) => ({ total: sum.total })),
});

workflow("charge", {
  on: manual(z.object({ amount: z.int() }), {
    roles: ["billing"],
    allow: ({ actor, input }) => actor.hasRole("member").and(input.amount.lt(100)),
  }),
  execution: "sync",
  timeout: "10s",
  steps: (flow) => flow.log("say", "charged"),
});
