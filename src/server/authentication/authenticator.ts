import type { IncomingHttpHeaders } from "node:http";
import { RequestError } from "../request-error.ts";
import type { KeyVerifier } from "./key-verifier.ts";
import type { TokenVerifier } from "./token-verifier.ts";

/** As whom a request is made. */
export interface Actor {
  readonly role: "enginejs_user" | "enginejs_anonymous";
  /** A person with a token, a service account, or a person by an API key. */
  readonly kind: "user" | "service" | "key" | "anonymous";
  readonly actor: string | null;
  readonly tenant: string | null;
  /** The token's claims as JSON text; null without a token. */
  readonly claims: string | null;
}

export const anonymous: Actor = Object.freeze({
  role: "enginejs_anonymous",
  kind: "anonymous",
  actor: null,
  tenant: null,
  claims: null,
});

const bearer = /^Bearer +([A-Za-z0-9\-_]+\.[A-Za-z0-9\-_]+\.[A-Za-z0-9\-_]*) *$/i;
const bearerKey = /^Bearer +(ejk_[^ ]*) *$/i;

/**
 * From the headers Authorization and X-API-Key to an actor. None of them is the anonymous actor; anything that was meant
 * to be a token or a key and cannot be believed is a refusal, never the anonymous actor.
 */
export class Authenticator {
  readonly #tokens: TokenVerifier | undefined;
  readonly #keys: KeyVerifier;

  /** Without a verifier every token is refused, because nothing can tell whether it is genuine. */
  constructor(tokens: TokenVerifier | undefined, keys: KeyVerifier) {
    this.#tokens = tokens;
    this.#keys = keys;
  }

  /** @throws RequestError 401 or 503; a promise rejects with it */
  authenticate(headers: IncomingHttpHeaders, tenancy: boolean): Actor | Promise<Actor> {
    const { authorization } = headers;
    const apiKey = headers["x-api-key"];
    if (apiKey !== undefined) {
      // Two that say who acts might name two.
      if (authorization !== undefined || typeof apiKey !== "string") {
        throw new RequestError("EJS5001", 401, "Send either a token or an API key, once.");
      }
      return this.#byKey(apiKey);
    }
    if (authorization === undefined) return anonymous;
    const key = bearerKey.exec(authorization)?.[1];
    if (key !== undefined) return this.#byKey(key);
    const token = bearer.exec(authorization)?.[1];
    if (token === undefined) throw new RequestError("EJS5001", 401);
    if (this.#tokens === undefined) {
      throw new RequestError("EJS5002", 401, "This server accepts no tokens: it was started without `jwt`.");
    }
    const verified = this.#tokens.verify(token);
    return verified instanceof Promise ? verified.then((v) => toActor(v, tenancy)) : toActor(verified, tenancy);
  }

  async #byKey(text: string): Promise<Actor> {
    const { kind, actor, tenant } = await this.#keys.verify(text);
    return { role: "enginejs_user", kind, actor, tenant, claims: null };
  }
}

function toActor(
  token: { readonly actor: string; readonly tenant: string | null; readonly claims: string },
  tenancy: boolean,
): Actor {
  if (tenancy && token.tenant === null) throw new RequestError("EJS5007", 401);
  const { actor, tenant, claims } = token;
  return { role: "enginejs_user", kind: "user", actor, tenant, claims };
}
