/** The DSL and its compiler: what users write, and how it becomes the IR. */
export { buildSystem } from "./build/build-system.ts";
export { beginCollection, endCollection } from "./collection.ts";
export { generateDeclarations } from "./generate-declarations.ts";
export * from "./language.ts";
