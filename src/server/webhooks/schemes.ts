/** How senders sign the requests of webhooks. Pure: what a request claims, and whether its signature is right. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Workflow } from "../../model/index.ts";

export type WebhookTrigger = Extract<Workflow["trigger"], { kind: "webhook" }>;

/** A request whose signature is right. */
export interface SignedRequest {
  /** What it is known by, so that it counts once. */
  readonly id: string;
  /** Seconds since 1970, where the signature covers a time. */
  readonly signedAt: number | undefined;
}

/** Ids that are longer are no ids. */
const LONGEST_ID = 256;

/**
 * What a request claims, where one of the secrets signed it; undefined otherwise, whatever the reason.
 *
 * @param secret one, or several with spaces between: the new and the old one while it is changed
 */
export function signedRequest(
  trigger: WebhookTrigger,
  headers: IncomingHttpHeaders,
  body: string,
  secret: string,
): SignedRequest | undefined {
  const claim = claimOf(trigger, headers, body);
  if (claim === undefined || claim.id === "" || claim.id.length > LONGEST_ID) return undefined;
  if (claim.signedAt !== undefined && !Number.isSafeInteger(claim.signedAt)) return undefined;
  const keys = secret.split(/\s+/).filter((text) => text !== "");
  let right = false;
  // All of them, always: how long it takes tells nothing.
  for (const text of keys) {
    const key = keyOf(trigger, text);
    // What everybody has: a secret that is nothing but its prefix.
    if (key.length === 0) continue;
    const expected = createHmac("sha256", key).update(claim.signed).digest();
    for (const given of claim.signatures) if (isEqual(given, expected)) right = true;
  }
  return right ? { id: claim.id, signedAt: claim.signedAt } : undefined;
}

interface Claim extends SignedRequest {
  readonly signed: string;
  readonly signatures: readonly Buffer[];
}

function claimOf(trigger: WebhookTrigger, headers: IncomingHttpHeaders, body: string): Claim | undefined {
  const header = (name: string | undefined): string => {
    const value = name === undefined ? undefined : headers[name.toLowerCase()];
    return typeof value === "string" ? value : "";
  };
  switch (trigger.scheme) {
    case "standard-webhooks": {
      const [id, time] = [header("webhook-id"), header("webhook-timestamp")];
      // An id with a dot could be moved into the time.
      if (!/^\d{1,12}$/.test(time) || id.includes(".")) return undefined;
      const signatures = header("webhook-signature")
        .split(" ")
        .flatMap((part) => (part.startsWith("v1,") ? [base64(part.slice(3))] : []));
      return { id, signedAt: Number(time), signed: `${id}.${time}.${body}`, signatures };
    }
    case "stripe": {
      const parts = header("stripe-signature")
        .split(",")
        .map((part) => part.trim().split("="));
      const time = parts.find(([name]) => name === "t")?.[1] ?? "";
      if (!/^\d{1,12}$/.test(time)) return undefined;
      const signatures = parts.flatMap(([name, value = ""]) => (name === "v1" ? [hex(value)] : []));
      return { id: bodyId(body), signedAt: Number(time), signed: `${time}.${body}`, signatures };
    }
    case "github": {
      const signature = header("x-hub-signature-256");
      if (!signature.startsWith("sha256=")) return undefined;
      return unnamed("", hex(signature.slice(7)), body);
    }
    case "hmac-sha256-hex":
      return unnamed(header(trigger.idHeader), hex(header(trigger.header).replace(/^sha256=/, "")), body);
    case "hmac-sha256-base64":
      return unnamed(header(trigger.idHeader), base64(header(trigger.header)), body);
    default:
      return trigger.scheme satisfies never;
  }
}

/**
 * One that signs its body alone. Its signature is its id, so that nobody sends it again under another one; where the model names
 * a header for the id, that is taken at its word.
 */
const unnamed = (id: string, signature: Buffer, body: string): Claim => ({
  id: id === "" ? signature.toString("hex") : id,
  signedAt: undefined,
  signed: body,
  signatures: [signature],
});

function bodyId(body: string): string {
  try {
    const { id } = JSON.parse(body) as { readonly id?: unknown };
    return typeof id === "string" ? id : "";
  } catch {
    return "";
  }
}

function keyOf({ scheme }: WebhookTrigger, text: string): Buffer {
  return scheme === "standard-webhooks" && text.startsWith("whsec_")
    ? Buffer.from(text.slice(6), "base64")
    : Buffer.from(text, "utf8");
}

const hex = (text: string): Buffer => (/^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, "hex") : Buffer.alloc(0));
const base64 = (text: string): Buffer => Buffer.from(text, "base64");
const isEqual = (given: Buffer, expected: Buffer): boolean =>
  given.length === expected.length && timingSafeEqual(given, expected);
