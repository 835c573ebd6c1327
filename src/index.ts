/**
 * The package's public surface: everything that a model, policy, workflow, task, seed or config file imports.
 */
export * from "./dsl/language.ts";
