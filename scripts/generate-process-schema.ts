import { processJsonSchema } from "../src/process/index.ts";

/** `schema/process-1.json`: what editors complete and check process files by. */
export function generateProcessSchema(): string {
  return `${JSON.stringify(processJsonSchema(), null, 2)}\n`;
}
