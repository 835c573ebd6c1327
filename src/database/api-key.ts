/** API keys: `ejk_<prefix>_<secret>`. The prefix is for people, to tell keys apart; the database holds the hash of the whole. */
import { createHash, randomBytes } from "node:crypto";

/** A key that was made just now. Its text is shown once and kept nowhere. */
export interface NewApiKey {
  readonly text: string;
  readonly prefix: string;
  readonly hash: Buffer;
}

const form = /^ejk_[0-9a-f]{12}_[0-9a-f]{64}$/;

/** 256 random bits, so that neither salt nor a slow hash would add anything. */
export function createApiKey(): NewApiKey {
  const prefix = randomBytes(6).toString("hex");
  const text = `ejk_${prefix}_${randomBytes(32).toString("hex")}`;
  return { text, prefix, hash: sha256(text) };
}

/** What the database knows a key by; undefined for a text that is no key. */
export const apiKeyHash = (text: string): Buffer | undefined => (form.test(text) ? sha256(text) : undefined);

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();
