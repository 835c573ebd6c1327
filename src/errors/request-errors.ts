import { defineErrors } from "./definition.ts";

/** Codes EJS5xxx: authentication and the HTTP surface. */
export const requestErrors = defineErrors({});
