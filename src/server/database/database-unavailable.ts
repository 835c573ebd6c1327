import { isConnectionLoss } from "../../database/connection-loss.ts";
import { sqlState } from "../../database/sql-state.ts";
import { RequestError } from "../request-error.ts";

/** What is told of a failure that says nothing about the request: the database was not there, or not to be written to. */
export function databaseUnavailable(error: unknown): RequestError | undefined {
  if (sqlState(error) === "25006") return new RequestError("EJS5045", 503, undefined, { cause: error });
  return isConnectionLoss(error) ? new RequestError("EJS5042", 503, undefined, { cause: error }) : undefined;
}
