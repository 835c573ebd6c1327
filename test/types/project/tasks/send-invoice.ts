import { defineTask } from "enginejs";
import { z } from "zod";

export default defineTask({
  input: z.object({ id: z.uuid() }),
  async run({ input, log }) {
    log.info(input.id);
  },
});
