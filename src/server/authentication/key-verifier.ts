import type pg from "pg";
import { apiKeyHash } from "../../database/api-key.ts";
import { RequestError } from "../request-error.ts";

/** As whom an API key acts. */
export interface VerifiedKey {
  /** "service": a service account; "key": the person whose key it is. */
  readonly kind: "service" | "key";
  readonly actor: string;
  readonly tenant: string | null;
}

/** Longer ones are no keys, and are not looked at. */
const longestKey = 128;

/**
 * Asks the database whose key it is, at every request: one that is revoked counts for nothing from then on. Only the key's hash
 * is sent. The refusal is the same whatever the reason, so that nobody learns which keys there are or were.
 *
 * It stands on `enginejs.authenticate_key(hash)`.
 */
export class KeyVerifier {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** @throws RequestError 401 (EJS5009) */
  async verify(text: string): Promise<VerifiedKey> {
    const hash = text.length > longestKey ? undefined : apiKeyHash(text);
    if (hash === undefined) throw refusal();
    const { rows } = await this.#pool.query<VerifiedKey>({
      name: "enginejs.authenticate_key",
      text: "select kind, actor, tenant from enginejs.authenticate_key($1)",
      values: [hash],
    });
    const [found] = rows;
    if (found === undefined) throw refusal();
    return found;
  }
}

const refusal = () => new RequestError("EJS5009", 401);
