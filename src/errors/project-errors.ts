import { defineErrors } from "./definition.ts";

/** Codes EJS1xxx: config, discovery, loading of model files, the command line. */
export const projectErrors = defineErrors({});
