/** Where a request comes from, for rules that ask (`request.origin`, `request.ip`). */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { IsTrusted } from "./trusted-proxies.ts";

export interface RequestSource {
  /** The website whose page made the request; null for none, and for a header that is no origin. Only browsers are bound to say the truth. */
  readonly origin: string | null;
  /** The caller's address; null where it cannot be known. */
  readonly ip: string | null;
  /** Its place in a trace, in W3C's form; null for none, and for a header of another form. */
  readonly traceparent: string | null;
}

export function requestSource(request: IncomingMessage, isTrusted: IsTrusted): RequestSource {
  return {
    origin: originOf(request.headers.origin),
    ip: addressOf(request, isTrusted),
    traceparent: traceparentOf(request.headers.traceparent),
  };
}

const longestOrigin = 512;

function originOf(header: string | undefined): string | null {
  if (header === undefined || header.length > longestOrigin || !URL.canParse(header)) return null;
  return new URL(header).origin === header ? header : null;
}

/** It decides over nothing: whoever sends a foreign one only puts his request into that trace. */
function traceparentOf(header: string | readonly string[] | undefined): string | null {
  return typeof header === "string" && /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(header) ? header : null;
}

/**
 * The address at the other end of the connection. Where that is a proxy that is trusted, the one that it has added to
 * X-Forwarded-For, and so on: what stands further left was sent by the caller and may say anything.
 */
function addressOf({ headers, socket }: IncomingMessage, isTrusted: IsTrusted): string | null {
  const forwarded = headers["x-forwarded-for"];
  const claimed = (Array.isArray(forwarded) ? forwarded.join(",") : (forwarded ?? "")).split(",");
  let address = plainAddress(socket.remoteAddress ?? "");
  for (let passed = 0; address !== null && isTrusted(address, passed); passed++) {
    const before = claimed.pop()?.trim();
    // Nobody stands before this proxy: it asks for itself.
    if (before === undefined || before === "") break;
    address = plainAddress(before);
  }
  return address;
}

/** Without the port that some proxies add, and IPv4 as such where the socket speaks IPv6. */
function plainAddress(text: string): string | null {
  const bare = /^\[([^\]]+)\](:\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
  const unzoned = mapped.replace(/%.*$/, "");
  return isIP(unzoned) === 0 ? null : unzoned;
}
