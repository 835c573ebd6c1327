import { defineTask } from "enginejs";
import { z } from "zod";

export default defineTask({
  input: z.object({ id: z.uuid(), reason: z.string(), customer: z.uuid(), note: z.string().optional() }),
  output: z.object({ at: z.iso.datetime(), channel: z.enum(["mail", "chat"]) }),
  run: async () => ({ at: "2026-01-01T00:00:00Z", channel: "mail" as const }),
});
