import { RequestError } from "../request-error.ts";
import type { TokenVerifier } from "./token-verifier.ts";

/** As whom a request is made. */
export interface Actor {
  readonly role: "enginejs_user" | "enginejs_anonymous";
  readonly actor: string | null;
  readonly tenant: string | null;
  /** The token's claims as JSON text; null without a token. */
  readonly claims: string | null;
}

export const anonymous: Actor = Object.freeze({
  role: "enginejs_anonymous",
  actor: null,
  tenant: null,
  claims: null,
});

const bearer = /^Bearer +([A-Za-z0-9\-_]+\.[A-Za-z0-9\-_]+\.[A-Za-z0-9\-_]*) *$/i;

/**
 * From the Authorization header to an actor. No header is the anonymous actor; anything that was meant to be a
 * token and cannot be believed is a refusal, never the anonymous actor.
 */
export class Authenticator {
  readonly #verifier: TokenVerifier | undefined;

  /** Without a verifier every token is refused, because nothing can tell whether it is genuine. */
  constructor(verifier: TokenVerifier | undefined) {
    this.#verifier = verifier;
  }

  /** @throws RequestError 401 or 503; a promise rejects with it */
  authenticate(authorization: string | undefined, tenancy: boolean): Actor | Promise<Actor> {
    if (authorization === undefined) return anonymous;
    const token = bearer.exec(authorization)?.[1];
    if (token === undefined) throw new RequestError("EJS5001", 401);
    if (this.#verifier === undefined) {
      throw new RequestError("EJS5002", 401, "This server accepts no tokens: it was started without `jwt`.");
    }
    const verified = this.#verifier.verify(token);
    return verified instanceof Promise ? verified.then((v) => toActor(v, tenancy)) : toActor(verified, tenancy);
  }
}

function toActor(
  token: { readonly actor: string; readonly tenant: string | null; readonly claims: string },
  tenancy: boolean,
): Actor {
  if (tenancy && token.tenant === null) throw new RequestError("EJS5007", 401);
  return { role: "enginejs_user", actor: token.actor, tenant: token.tenant, claims: token.claims };
}
