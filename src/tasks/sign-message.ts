import { createHmac } from "node:crypto";

/**
 * The headers that sign a message as Standard Webhooks say: HMAC-SHA256 over id, time and body.
 *
 * @param secret the key's text; `whsec_` and base64 where it has that form
 * @param time in seconds since 1970
 */
export function signMessage(secret: string, id: string, time: number, body: string): Readonly<Record<string, string>> {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret, "utf8");
  const signature = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": String(time), "webhook-signature": `v1,${signature}` };
}
