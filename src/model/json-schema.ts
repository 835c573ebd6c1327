import { z } from "zod";
import { system } from "./system.ts";

/**
 * The IR's own shape as JSON Schema, draft 2020-12: for editors, and for whoever writes a model without the DSL.
 *
 * @example JSON.stringify(systemJsonSchema(), null, 2)
 */
export function systemJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(system, { target: "draft-2020-12", reused: "ref" });
}
