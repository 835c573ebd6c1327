/** One attempt at posting a webhook: to a public address, which is checked where it is connected to; no redirect is followed. */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { NonRetryableError } from "../dsl/non-retryable-error.ts";
import { bareHost, isAddress, isPrivateAddress } from "./private-address.ts";
import { publicLookup } from "./public-lookup.ts";

export interface WebhookPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Hosts whose private address is allowed. */
  readonly privateHosts: readonly string[];
  /** From the first look-up to the answer's status, in milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

export interface WebhookAnswer {
  /** Null: there was no answer. */
  readonly status: number | null;
  /** Why it counts as a failure; null for a success. */
  readonly error: string | null;
  /** At most 1 KB of the answer's body. */
  readonly answer: string | null;
  /** What the answer's Retry-After asks for, in seconds. */
  readonly retryAfter: number | null;
}

/** So much of an answer is kept, in bytes; whatever is longer is not read. */
const MOST_ANSWER = 1_024;

/** Posts, and says how it went. Never throws: whatever goes wrong is the endpoint's failure. */
export function postWebhook({
  url: text,
  headers,
  body,
  privateHosts,
  timeout,
  signal,
}: WebhookPost): Promise<WebhookAnswer> {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    return failed("the URL cannot be posted to");
  const host = bareHost(url.hostname);
  const isAllowed = privateHosts.includes(host);
  if (!isAllowed && url.protocol === "http:") return failed("the URL does not begin with https");
  if (!isAllowed && isAddress(url.hostname) && isPrivateAddress(host)) return failed(NOT_PUBLIC);
  return new Promise((resolve) => {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const chunks: Buffer[] = [];
    let length = 0;
    let answered: Pick<WebhookAnswer, "status" | "error" | "retryAfter"> | undefined;
    const settle = (error?: Error) => {
      clearTimeout(timer);
      const answer = answered === undefined ? null : excerptOf(Buffer.concat(chunks));
      resolve(answered === undefined ? noAnswer(reasonOf(error)) : { ...answered, answer });
      sent.destroy();
    };
    const timer = setTimeout(() => settle(new Error(`no answer within ${timeout / 1_000} s`)), timeout);
    const sent = send(
      url,
      {
        method: "POST",
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        lookup: isAllowed ? undefined : publicLookup,
        // A connection of its own: one that is kept was perhaps opened for a host that may be private.
        agent: false,
        signal,
      },
      (response) => {
        const status = response.statusCode ?? 0;
        answered = {
          status,
          error: errorOf(status),
          retryAfter: secondsOf(response.headers["retry-after"], Date.now()),
        };
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length >= MOST_ANSWER) settle();
        });
        // The status has been said: what becomes of the body does not matter.
        response.on("error", () => settle());
        response.on("end", () => settle());
      },
    );
    sent.on("error", settle);
    sent.end(body);
  });
}

/** Does not say which address: whoever manages an endpoint is no administrator of the network that the worker stands in. */
const NOT_PUBLIC = "the URL leads to no public address";

const noAnswer = (error: string): WebhookAnswer => ({ status: null, error, answer: null, retryAfter: null });
const failed = (error: string) => Promise.resolve(noAnswer(error));

/** Of the platform's own making, or the network's code: `ECONNREFUSED`; other texts may name addresses. */
function reasonOf(error: Error | undefined): string {
  if (error instanceof NonRetryableError) return NOT_PUBLIC;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code ?? error?.message ?? "the connection was closed";
}

function errorOf(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return `answers ${status}: redirects are not followed`;
  return `answers ${status}`;
}

/** PostgreSQL's text holds no NUL; a character that the cut goes through is left out. */
const excerptOf = (bytes: Buffer): string =>
  bytes
    .subarray(0, MOST_ANSWER)
    .toString("utf8")
    .replaceAll("\0", "")
    .replace(/\uFFFD+$/, "");

/** More than is ever waited for, in seconds: the recording has limits of its own, and its type has one. */
const LONGEST = 1e9;

/**
 * Retry-After as seconds from now: a number, or a date of HTTP's; undefined forms count as none.
 *
 * @example secondsOf("120", Date.now()) // 120
 */
export function secondsOf(value: string | undefined, now: number): number | null {
  if (value === undefined) return null;
  const text = value.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text), LONGEST);
  // HTTP's dates begin with the name of a day; Date.parse would take much else, and the form without a zone as local time.
  const at = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text.endsWith("GMT") ? text : `${text} GMT`) : Number.NaN;
  return Number.isNaN(at) ? null : Math.min(Math.max(0, Math.ceil((at - now) / 1_000)), LONGEST);
}
