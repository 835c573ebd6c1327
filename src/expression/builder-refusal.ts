import { EngineError } from "../errors/engine-error.ts";
import type { ExpressionErrorCode } from "./expression-error.ts";

/** Ends the callback that uses a symbol or constant wrongly: nothing after it could be recorded. */
export function refuse(code: ExpressionErrorCode, message: string, hint?: string): never {
  throw new EngineError([{ code, severity: "error", message, ...(hint === undefined ? {} : { hint }) }]);
}
