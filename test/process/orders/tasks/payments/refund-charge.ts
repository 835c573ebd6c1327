import { defineTask } from "enginejs";
import { z } from "zod";

/** Gives money back. */
export default defineTask({
  input: z.object({ amount: z.int() }),
  async run({ input, query }) {
    await query("insert into test.effects (kind, key) values ('refund', $1)", [String(input.amount)]);
  },
});
