import type { TaskList } from "graphile-worker";

/** The function of a plain graphile-worker task file: what it exports by default, or is itself. */
export function plainTask(module: unknown): TaskList[string] {
  const exported = typeof module === "object" && module !== null && "default" in module ? module.default : module;
  return typeof exported === "function" ? (exported as TaskList[string]) : undefined;
}
