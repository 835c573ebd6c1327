import { nearest } from "../../errors/nearest.ts";
import { serverError } from "../request-error.ts";

/** Whose tokens the server believes. */
export interface TokenOptions {
  /** HS256: the key that issuer and server share, 32 bytes at least. */
  readonly secret?: string;
  /** The issuer's public keys: `https://issuer.example/.well-known/jwks.json`. */
  readonly jwks?: string;
  /** Only these are accepted. HS256 with a secret; RS256, PS256, ES256 and EdDSA with `jwks`, unless said otherwise. */
  readonly algorithms?: readonly string[];
  /** The claim `iss` must be this. */
  readonly issuer?: string;
  /** The claim `aud` must be, or hold, this. */
  readonly audience?: string;
  /** How far the clocks of issuer and server may differ; 5 unless said otherwise. */
  readonly clockToleranceSeconds?: number;
}

const symmetric = ["HS256", "HS384", "HS512"];
const asymmetric = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** The accepted algorithms; a public key must never be taken for a shared secret, so the two families do not mix. */
export function checkTokenOptions(options: TokenOptions): readonly string[] {
  const { secret, jwks, algorithms } = options;
  if ((secret === undefined) === (jwks === undefined)) {
    throw serverError("EJS5051", "jwt: give either `secret` or `jwks`.");
  }
  if (secret !== undefined && Buffer.byteLength(secret) < 32) {
    throw serverError(
      "EJS5051",
      "jwt.secret is shorter than 32 bytes, which HS256 needs. `openssl rand -base64 32` makes a good one.",
    );
  }
  if (jwks !== undefined && !isTrustworthyUrl(jwks)) {
    throw serverError("EJS5051", "jwt.jwks is not an https URL (http is allowed for this machine itself only).");
  }
  const allowed = secret === undefined ? asymmetric : symmetric;
  const chosen = algorithms ?? (secret === undefined ? ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"] : ["HS256"]);
  for (const algorithm of chosen) {
    if (allowed.includes(algorithm)) continue;
    const near = nearest(algorithm, allowed);
    throw serverError(
      "EJS5051",
      `jwt.algorithms: "${algorithm}" cannot be used with ${secret === undefined ? "`jwks`" : "`secret`"}.` +
        ` Allowed: ${allowed.join(", ")}.${near ? ` Did you mean "${near}"?` : ""}`,
    );
  }
  if (chosen.length === 0) throw serverError("EJS5051", "jwt.algorithms is empty: no token could be accepted.");
  return chosen;
}

function isTrustworthyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(hostname));
}
