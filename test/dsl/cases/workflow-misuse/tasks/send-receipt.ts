import { defineTask } from "enginejs";
import { z } from "zod";

export default defineTask({
  input: z.object({ to: z.email(), amount: z.int(), note: z.string().optional() }),
  output: z.object({ messageId: z.string() }),
  run: () => ({ messageId: "a" }),
});
