/** Plugins, as far as a model knows them: that they are there, and in which version. Options and secrets are the worker's. */
import { z } from "zod";
import { slugName } from "./names.ts";

export const plugin = z.strictObject({
  name: slugName,
  /** That of its package, as it says it. */
  version: z.string().optional(),
  description: z.string().optional(),
});
