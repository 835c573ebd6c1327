import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { LruCache } from "../lru-cache.ts";
import { RequestError } from "../request-error.ts";
import { checkTokenOptions, type TokenOptions } from "./token-options.ts";

/** What a token says, once it is believed. Roles are not among it: they are read live, at each request. */
export interface VerifiedToken {
  /** The claim `sub`: the actor's id. */
  readonly actor: string;
  /** The claim `tenant`; null where it has none. */
  readonly tenant: string | null;
  /** All claims as JSON text. */
  readonly claims: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** A longer one is no token of ours; and the cache keeps them. */
const longestToken = 8_192;
/** How many verified tokens are remembered, and for how long at most: a withdrawn key counts after this. */
const rememberedTokens = 2_000;
const rememberedMs = 5 * 60_000;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Checks tokens: signature, algorithm, times, issuer and audience.
 *
 * @throws RequestError 401 (EJS5001 to EJS5006) for a token that is not to be believed, 503 (EJS5008) when the issuer's keys cannot be had
 */
export class TokenVerifier {
  readonly #algorithms: string[];
  readonly #options: TokenOptions;
  readonly #key: Uint8Array | JWTVerifyGetKey;
  readonly #remembered = new LruCache<string, VerifiedToken & { readonly forgetAt: number }>(rememberedTokens);

  constructor(options: TokenOptions) {
    this.#algorithms = [...checkTokenOptions(options)];
    this.#options = options;
    this.#key =
      options.secret === undefined
        ? createRemoteJWKSet(new URL(options.jwks as string), { timeoutDuration: 5_000, cooldownDuration: 10_000 })
        : new TextEncoder().encode(options.secret);
  }

  /** At once when the token was seen before, else a promise. */
  verify(token: string): VerifiedToken | Promise<VerifiedToken> {
    const remembered = this.#remembered.get(token);
    if (remembered !== undefined) {
      if (Date.now() < remembered.forgetAt) return remembered;
      this.#remembered.delete(token);
    }
    return this.#check(token);
  }

  async #check(token: string): Promise<VerifiedToken> {
    if (token.length > longestToken) throw new RequestError("EJS5001", 401);
    const tolerance = this.#options.clockToleranceSeconds ?? 5;
    const { issuer, audience } = this.#options;
    let payload: JWTPayload;
    try {
      const options = {
        algorithms: this.#algorithms,
        clockTolerance: tolerance,
        requiredClaims: ["exp"],
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience }),
      };
      // Two calls for the two overloads.
      ({ payload } =
        typeof this.#key === "function"
          ? await jwtVerify(token, this.#key, options)
          : await jwtVerify(token, this.#key, options));
    } catch (error) {
      throw refusal(error);
    }
    const { sub, tenant, exp } = payload;
    if (typeof sub !== "string" || !uuid.test(sub)) throw new RequestError("EJS5006", 401);
    const verified = {
      actor: sub,
      tenant: typeof tenant === "string" && uuid.test(tenant) ? tenant : null,
      claims: JSON.stringify(payload),
      expiresAt: ((exp as number) + tolerance) * 1_000,
    };
    this.#remembered.set(token, { ...verified, forgetAt: Math.min(verified.expiresAt, Date.now() + rememberedMs) });
    return verified;
  }
}

function refusal(error: unknown): RequestError {
  const cause = { cause: error };
  if (error instanceof errors.JWTExpired) return new RequestError("EJS5004", 401);
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "nbf") return new RequestError("EJS5004", 401, "The token is not valid yet.");
    if (error.claim === "exp") return new RequestError("EJS5004", 401, "The token has no time of expiry (claim exp).");
    return new RequestError("EJS5005", 401);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return new RequestError("EJS5003", 401);
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) {
    return new RequestError("EJS5002", 401);
  }
  if (error instanceof errors.JWKSMultipleMatchingKeys) return new RequestError("EJS5002", 401);
  if (
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JOSENotSupported
  ) {
    return new RequestError("EJS5001", 401);
  }
  // What is left is the way to the keys: a timeout, no connection, an answer that is no key set.
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error instanceof TypeError) {
    return new RequestError("EJS5008", 503, undefined, cause);
  }
  if (error instanceof errors.JOSEError && error.code === "ERR_JOSE_GENERIC") {
    return new RequestError("EJS5008", 503, undefined, cause);
  }
  return new RequestError("EJS5001", 401, undefined, cause);
}
