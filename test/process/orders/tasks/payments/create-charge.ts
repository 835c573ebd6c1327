import { defineTask, outcome } from "enginejs";
import { z } from "zod";

/** Charges a card; the one called "4000" is always refused. Says in TEST_EFFECTS what it did. */
export default defineTask({
  input: z.object({ amount: z.int(), card: z.string() }),
  async run({ input, idempotencyKey, query }) {
    await query("insert into test.effects (kind, key) values ('charge', $1)", [idempotencyKey]);
    if (input.card === "4000") return outcome("declined", { reason: "insufficient funds" });
  },
});
