import { defineTask } from "enginejs";
import { z } from "zod";

/** The file's name is the task's name. What a step may do twice when a worker dies, the idempotency key makes once. */
export default defineTask({
  input: z.object({ title: z.string() }),
  output: z.object({ announced: z.string() }),
  async run({ input, idempotencyKey, log }) {
    log.info(`New: ${input.title}`, { idempotencyKey });
    return { announced: input.title };
  },
});
