import { databaseErrors } from "../errors/database-errors.ts";
import { stageError } from "../errors/stage-error.ts";

/** A finding about a database, or about the way to it, as an error. */
export const databaseError = stageError(databaseErrors);
