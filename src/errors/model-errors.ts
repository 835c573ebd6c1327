import { defineErrors } from "./definition.ts";

/** Codes EJS21xx to EJS29xx: the model (entities, fields, relations, policies, actions, workflows as declared). */
export const modelErrors = defineErrors({});
