import { defineErrors } from "./definition.ts";

/** Codes EJS20xx: the expression language. */
export const expressionErrors = defineErrors({});
