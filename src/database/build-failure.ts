/** What a build that failed tells. */
import { EngineError } from "../errors/engine-error.ts";
import { databaseError } from "./database-error.ts";
import { StepError } from "./run-steps.ts";

const sqlState = (error: unknown): string | undefined => {
  const cause = error instanceof StepError ? error.cause : error;
  return typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : undefined;
};

export const isLockTimeout = (error: unknown): boolean => sqlState(error) === "55P03";

export const tablesInUse = (error: unknown): EngineError =>
  databaseError("EJS4032", `Tables are in use: ${messageOf(error)}. Nothing was applied.`, { cause: error });

/** The failure of a build in the words of this stage. */
export function buildFailure(error: unknown): unknown {
  if (error instanceof EngineError) return error;
  if (!(error instanceof StepError)) return error;
  const what = error.step === undefined ? "a statement" : error.step.object;
  const state = sqlState(error);
  const hint =
    state === "53200"
      ? "The server's lock table is full: raise max_locks_per_transaction and restart it."
      : state === "42501"
        ? "The role that builds lacks a right: see EJS4015."
        : undefined;
  return databaseError("EJS4030", `The build failed at ${what}: ${messageOf(error)}. Nothing was applied.`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

function messageOf(error: unknown): string {
  const cause = error instanceof StepError ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
