import { defineTask } from "enginejs";
import { z } from "zod";

export default defineTask({ input: z.object({ at: z.date() }), output: z.object({ at: z.date() }), run: () => ({ at: new Date() }) });
