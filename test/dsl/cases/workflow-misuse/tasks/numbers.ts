import { defineTask } from "enginejs";
import { z } from "zod";

export default defineTask({
  output: z.object({ list: z.array(z.object({ n: z.int(), name: z.string() })) }),
  run: () => ({ list: [{ n: 1, name: "one" }] }),
});
