import { SignJWT } from "jose";

export interface TokenContents {
  /** The actor's id. */
  readonly actor: string;
  /** The tenant's id, where the model declares tenancy. */
  readonly tenant?: string;
  /** "8h", "30d"; 8 hours unless said otherwise. */
  readonly expiresIn?: string;
  readonly issuer?: string;
  readonly audience?: string;
  /** Further claims: readable in the database as `enginejs.claims()`. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * A token as the server expects it, signed with HS256: for development, tests and services of one's own.
 *
 * @example await signToken("a-secret-of-32-bytes-or-more-than", { actor: user.id, tenant: tenant.id, expiresIn: "1h" })
 */
export function signToken(secret: string, contents: TokenContents): Promise<string> {
  const { actor, tenant, expiresIn = "8h", issuer, audience, claims } = contents;
  const token = new SignJWT({ ...claims, ...(tenant !== undefined && { tenant }) })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(actor)
    .setIssuedAt()
    .setExpirationTime(expiresIn);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}
