/** Says in words why a connection did not come about. Names host, port, role and database; never the password. */
import type { EngineError } from "../errors/engine-error.ts";
import { EngineError as EngineErrorClass } from "../errors/engine-error.ts";
import { databaseError } from "./database-error.ts";

/** What of a database URL may be shown. */
export interface Target {
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly database: string;
}

/** The parts of a URL that are no secret. */
export function targetOf(url: string): Target {
  const { hostname, port, username, pathname, searchParams } = new URL(url);
  const user = decodeURIComponent(username);
  return {
    host: hostname || searchParams.get("host") || "localhost",
    port: port || "5432",
    user,
    database: decodeURIComponent(pathname.slice(1)) || user,
  };
}

/** An error of connecting as a readable one. */
export function connectionFailure(error: unknown, url: string): EngineError {
  if (error instanceof EngineErrorClass) return error;
  const { host, port, user, database } = targetOf(url);
  const at = `${host}:${port}`;
  const cause = withoutPassword(error, url);
  const { code, message } = cause;
  if (isEncryptionTrouble(code, message)) {
    return databaseError("EJS4013", `${at}: ${message}.`, { cause });
  }
  if (code === "28P01" || code === "28000" || /password must be a string|SASL/i.test(message)) {
    return databaseError("EJS4011", `${at} refused the login of role "${user}": ${message}.`, { cause });
  }
  if (code === "3D000") {
    const hint = `Create it: create database "${database.replaceAll('"', '""')}"; or correct the name in the URL.`;
    return databaseError("EJS4012", `The database "${database}" does not exist on ${at}.`, { hint, cause });
  }
  if (code === "42501") {
    const hint = `grant connect on database "${database}" to "${user}";`;
    return databaseError("EJS4015", `Role "${user}" may not connect to database "${database}" on ${at}.`, {
      hint,
      cause,
    });
  }
  const reason = networkReason(code, message);
  if (reason) {
    const hint = hintOf[code];
    return databaseError("EJS4010", `No connection to PostgreSQL at ${at}: ${reason}.`, {
      cause,
      ...(hint && { hint }),
    });
  }
  return databaseError("EJS4017", `${at}: ${message}.`, { cause });
}

/** The server is there: looking for it would not help. */
const hintOf: Readonly<Record<string, string>> = {
  "57P03": "It is starting, stopping or recovering: try again in a moment; its log says how far it is.",
  "53300":
    "End connections that nobody needs, give the pools less (`poolSize`, `--concurrency`), or raise max_connections.",
};

function isEncryptionTrouble(code: string, message: string): boolean {
  return (
    /SSL|TLS|certificate/i.test(message) ||
    /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(VERIFY|GET))/.test(code) ||
    /no encryption/.test(message)
  );
}

function networkReason(code: string, message: string): string | undefined {
  const reasons: Record<string, string> = {
    ECONNREFUSED: "nothing listens there (connection refused)",
    ENOTFOUND: "the host's name is not known",
    EAI_AGAIN: "the host's name could not be looked up",
    ETIMEDOUT: "no answer (timed out)",
    ECONNRESET: "the connection was closed; is it PostgreSQL that listens there?",
    EHOSTUNREACH: "the host cannot be reached",
    ENETUNREACH: "the network cannot be reached",
    "57P03": message,
    "53300": message,
  };
  if (reasons[code]) return reasons[code];
  if (/timeout expired|terminated unexpectedly|timed out/i.test(message)) return message;
  return undefined;
}

/** Drivers do not put passwords into messages today; this keeps it so. */
function withoutPassword(error: unknown, url: string): { code: string; message: string } {
  // Several addresses of one host: all failed, the first is as good as any.
  const first = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
  const { code, message } = first as { code?: string; message?: string };
  const { password } = new URL(url);
  let text = String(message ?? first);
  for (const secret of [password, safeDecode(password)]) if (secret) text = text.replaceAll(secret, "…");
  return { code: String(code ?? ""), message: text.replace(/\.$/, "") };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
