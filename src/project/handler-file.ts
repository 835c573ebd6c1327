/** What a file in `handlers/` exports. */
import { declarationOf } from "../dsl/declared.ts";
import type { Handler, HandlerDeclaration } from "../dsl/on.ts";
import { snakeCase } from "../model/names.ts";
import { projectError } from "./project-error.ts";

/**
 * The handlers of a file by their names: `announceOrder` is `announce-order`; what it exports as default has the file's name.
 *
 * @param file relative to the project, or absolute
 * @throws EJS1062 where it exports none
 */
export function handlersOf(module: Readonly<Record<string, unknown>>, file: string): ReadonlyMap<string, Handler> {
  const base = file.slice(file.lastIndexOf("/") + 1).replace(/\.ts$/, "");
  const handlers = new Map<string, Handler>();
  for (const [exported, value] of Object.entries(module)) {
    if (declarationOf<HandlerDeclaration>(value, "handler") === undefined) continue;
    handlers.set(exported === "default" ? base : snakeCase(exported).replaceAll("_", "-"), value as Handler);
  }
  if (handlers.size > 0) return handlers;
  throw projectError("EJS1062", `${file} exports no handler.`, { where: { file, line: 1, column: 1 } });
}
