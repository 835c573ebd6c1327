/** Failures of statements that say nothing about the statement: for whoever reads them the database's state is what matters. */
import type { EngineError } from "../errors/engine-error.ts";
import { isConnectionLoss } from "./connection-loss.ts";
import { databaseError } from "./database-error.ts";
import { sqlState } from "./sql-state.ts";

/** Such a failure as a readable one: EJS4019 of a database that is read-only, EJS4010 of a connection that was lost; undefined for any other. */
export function statementFailure(error: unknown): EngineError | undefined {
  if (sqlState(error) === "25006") {
    return databaseError("EJS4019", `Nothing can be written: ${(error as Error).message}.`, { cause: error });
  }
  // What has no SQLSTATE and a code of the network's may come from somewhere else.
  const isOfPostgres = sqlState(error) !== undefined || (error as { code?: unknown } | null)?.code === undefined;
  if (!isOfPostgres || !isConnectionLoss(error)) return undefined;
  return databaseError("EJS4010", `The connection to PostgreSQL was lost: ${(error as Error).message}.`, {
    hint: "Is the server restarting? Run the command again when it is back.",
    cause: error,
  });
}
