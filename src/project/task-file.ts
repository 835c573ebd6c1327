/** What a file in `tasks/` exports. */
import { declarationOf } from "../dsl/declared.ts";
import type { TaskDeclaration } from "../dsl/task.ts";
import { projectError } from "./project-error.ts";

/**
 * What `defineTask` made, or nothing for a plain graphile-worker task file.
 *
 * @throws EJS1025 where the default export is neither
 */
export function taskOf(module: { readonly default?: unknown }, file: string): { readonly task?: TaskDeclaration } {
  const exported = module.default;
  const task = declarationOf<TaskDeclaration>(exported, "task");
  if (task !== undefined) return { task };
  if (typeof exported === "function") return {};
  const found = exported === undefined ? "exports nothing as default" : "exports something else as default";
  throw projectError("EJS1025", `${file} ${found}.`, { where: { file, line: 1, column: 1 } });
}
