import { sqlState } from "./sql-state.ts";

/** An administrator's end, a crash of another backend, a server that starts or stops, a limit of idle time, too many connections. */
const goneState = /^(57P0[1-5]|08...|53300)$/;
const goneCode = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT$)/;
/** What node-postgres says of it has no code. */
const goneMessage =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed and is not queryable)/;

/** Whether it was the connection that failed and not the statement; of errors that come from a client or a pool of ours alone. */
export function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isConnectionLoss)) return true;
  const state = sqlState(error);
  if (state !== undefined) return goneState.test(state);
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? goneCode.test(code) : goneMessage.test(error.message);
}
