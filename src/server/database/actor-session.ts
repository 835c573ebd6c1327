/** Who a request is made as: the arguments of `enginejs.begin_request`. */
export interface ActorSession {
  readonly role: "enginejs_user" | "enginejs_anonymous";
  readonly actor: string | null;
  readonly tenant: string | null;
  /** The token's claims as JSON text. */
  readonly claims: string | null;
  readonly statementTimeoutMs: number;
  readonly requestId: string;
}

/** The parameters of `beginRequestText` (src/database/act-as.ts), all of them as text. */
export const beginRequestValues = (session: ActorSession): (string | null)[] => [
  session.role,
  session.actor,
  session.tenant,
  session.claims,
  String(session.statementTimeoutMs),
  session.requestId,
];
