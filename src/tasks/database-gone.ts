import { isConnectionLoss } from "../database/connection-loss.ts";

/**
 * The worker's own connection to PostgreSQL was lost, or could not be had, and nobody knows whether the last statement was done:
 * the run is put back and taken up again by what the database says.
 */
export class DatabaseGone extends Error {
  /** No failure of the step that needed it: the server was shut down, or not there. A backend that crashes just hangs up. */
  readonly blameless: boolean;

  constructor(cause: unknown, blameless = true) {
    super(`the connection to PostgreSQL was lost: ${(cause as Error).message}`, { cause });
    this.name = "DatabaseGone";
    this.blameless = blameless;
  }
}

/** Asks the database; a lost connection is a `DatabaseGone`, any other error stays what it is. */
export async function askDatabase<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw isLostConnection(error) ? new DatabaseGone(error) : error;
  }
}

/** Whether it was the connection that failed and not the statement; of errors of the worker's own pools alone. */
export const isLostConnection = (error: unknown): boolean => error instanceof DatabaseGone || isConnectionLoss(error);
