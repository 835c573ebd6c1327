import { defineTask } from "enginejs";
import { z } from "zod";

/** Writes down what it packed; nobody packs what is called "broken". */
export default defineTask({
  input: z.object({ what: z.string() }),
  output: z.object({ box: z.string() }),
  async run({ input, query }) {
    if (input.what === "broken") throw new Error("it is broken");
    await query("insert into test.effects (kind, key) values ('pack', $1)", [input.what]);
    return { box: `box of ${input.what}` };
  },
});
