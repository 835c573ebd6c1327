export { canonicalText, modelHash } from "./canonical.ts";
export { catalogOf, expressionType } from "./catalog.ts";
export * from "./entity.ts";
export * from "./field.ts";
export { systemJsonSchema } from "./json-schema.ts";
export * from "./names.ts";
export { type SourceMap, sourceMap } from "./source-map.ts";
export * from "./system.ts";
export * from "./workflow.ts";
