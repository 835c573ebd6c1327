import { manual, workflow } from "enginejs";
import { z } from "zod";
import { Order } from "./order.model.ts";

/** Calls a process by its name, waits for what it gives, and starts another one that goes its own way. */
workflow("calls", {
  on: Order.created(),
  as: "system",
  steps: (flow) =>
    flow
      .start("price", "orders.price", ({ record }) => ({ net: record.total, rate: 19 }))
      .start("later", "orders.price", ({ price }) => ({ net: price.output.gross, rate: 7 }), { wait: false })
      .log("said", "priced", ({ price, later }) => ({ gross: price.output.gross, run: later.runId })),
});

/** A process starts it. */
workflow("note", {
  on: manual(z.object({ text: z.string() })),
  as: "system",
  steps: (flow) => flow.output(({ input }) => ({ length: 1, text: input.text })),
});
