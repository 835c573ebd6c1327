/** JSON processes: `processes/*.json` as a format, as workflows of the IR, and in canonical form. */
export { addProcesses } from "./add-processes.ts";
export { formatProcess } from "./format-process.ts";
export { processContract } from "./process-contract.ts";
export { processJsonSchema } from "./process-file.ts";
export { readProcess } from "./read-process.ts";
