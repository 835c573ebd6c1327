import type { CreateFunctionNode } from "../sql-ast/statements.ts";

/**
 * Compiled functions run with it, so that no name in them can be turned to a schema of the caller's: all but those that the
 * planner puts into the statement that calls them, which a setting of their own would prevent.
 */
export const PINNED_SEARCH_PATH: CreateFunctionNode["settings"] = [{ name: "search_path", value: "" }];
