import { defineTask } from "enginejs";
import { z } from "zod";

export default defineTask({ input: z.string(), run: () => undefined });
