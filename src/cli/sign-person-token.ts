import type { TokenSettings } from "../project/token-settings.ts";
import { signToken } from "../server/authentication/sign-token.ts";
import type { TokenSubject } from "./find-person.ts";

/** A token as the project's server takes it. Its rights are read live; it only says who, and for which tenant. */
export function signPersonToken(
  { user, tenant }: TokenSubject,
  settings: TokenSettings & { readonly secret: string },
  expiresIn: string,
): Promise<string> {
  const { secret, issuer, audience } = settings;
  return signToken(secret, {
    actor: user,
    expiresIn,
    ...(tenant !== undefined && { tenant }),
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  });
}
