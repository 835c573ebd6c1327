import { defineErrors } from "./definition.ts";

/** Codes EJS6xxx: relay, runner, steps, tasks. */
export const workflowErrors = defineErrors({});
