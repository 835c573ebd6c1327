import { requestText } from "../../database/act-as.ts";

/** Who a request is made as: the arguments of `enginejs.begin_request`. */
export interface ActorSession {
  readonly role: "enginejs_user" | "enginejs_anonymous";
  /** A service account, or a person by an API key, is not the same as a person with a token. */
  readonly kind?: "user" | "service" | "key";
  readonly actor: string | null;
  readonly tenant: string | null;
  /** The token's claims as JSON text. */
  readonly claims: string | null;
  readonly statementTimeoutMs: number;
  readonly requestId: string;
  /** The request's Origin header; null for none. */
  readonly origin?: string | null;
  /** The address that it came from. */
  readonly ip?: string | null;
  /** The request's place in a trace, which the events that it causes carry on. */
  readonly traceparent?: string | null;
}

/** The parameters of `beginRequestText` (src/database/act-as.ts), all of them as text. */
export const beginRequestValues = (session: ActorSession): (string | null)[] => [
  session.role,
  session.actor,
  session.tenant,
  session.claims,
  String(session.statementTimeoutMs),
  session.requestId,
  requestText(session),
];
