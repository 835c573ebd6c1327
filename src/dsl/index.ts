/** The DSL and its compiler: what users write, and how it becomes the IR. */
export { type BuildOptions, type Built, buildSystem } from "./build/build-system.ts";
export { beginCollection, type Collection, endCollection, type NamedTask } from "./collection.ts";
export { generateDeclarations } from "./generate-declarations.ts";
export * from "./language.ts";
export type { SeedDeclaration } from "./seed.ts";
export type { TaskDeclaration } from "./task.ts";
