import { defineTask } from "enginejs";
import { z } from "zod";

export default defineTask({
  input: z.object({ number: z.number(), address: z.string(), note: z.string().optional() }),
  run: () => undefined,
});
