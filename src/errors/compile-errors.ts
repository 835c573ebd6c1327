import { defineErrors } from "./definition.ts";

/** Codes EJS3xxx: IR to SQL, plan and diff. */
export const compileErrors = defineErrors({});
