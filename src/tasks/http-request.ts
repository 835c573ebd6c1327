/** One HTTP request to a checked address: what is resolved is what is connected to, and no redirect is followed. */
import { request as requestHttp, validateHeaderValue } from "node:http";
import { request as requestHttps } from "node:https";
import { NonRetryableError } from "../dsl/non-retryable-error.ts";
import { parseExactly } from "./exact-json.ts";
import { bareHost, isAddress, isPrivateAddress } from "./private-address.ts";
import { privateAddress, publicLookup } from "./public-lookup.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Hosts whose private address is allowed. */
  readonly privateHosts: readonly string[];
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed where it says that it is JSON. */
  readonly body: unknown;
}

/** An answer that is longer is refused: it would be kept as a checkpoint. In bytes. */
const MOST_BODY = 1_048_576;

/** @throws NonRetryableError for a URL that cannot be asked, a header that cannot be sent, a private address, or an answer that is too long */
export async function httpRequest(request: HttpRequest): Promise<HttpResponse> {
  const url = parsedUrl(request.url);
  requireHeaders(request.headers);
  const host = bareHost(url.hostname);
  const allowed = request.privateHosts.includes(host);
  if (!allowed && isAddress(url.hostname) && isPrivateAddress(host)) throw privateAddress(host, host);
  return new Promise((resolved, reject) => {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const sent = send(
      url,
      {
        method: request.method,
        headers: {
          ...request.headers,
          ...(request.body === undefined ? {} : { "content-length": Buffer.byteLength(request.body) }),
        },
        lookup: allowed ? undefined : publicLookup,
        // A connection of its own: one that is kept was perhaps opened for a host that may be private.
        agent: false,
        signal: request.signal,
      },
      (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > MOST_BODY) {
            sent.destroy(new NonRetryableError(`${url.host} answers with more than ${MOST_BODY} bytes`));
          } else chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () => {
          const headers = Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [
              name,
              Array.isArray(value) ? value.join(", ") : (value ?? ""),
            ]),
          );
          resolved({ status: response.statusCode ?? 0, headers, body: parsedBody(Buffer.concat(chunks), headers) });
        });
      },
    );
    sent.on("error", reject);
    sent.end(request.body);
  });
}

function parsedUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new NonRetryableError(`${JSON.stringify(text)} is no http or https URL`);
  }
  return url;
}

/** A line break in a row's value would begin another header, or another request. */
function requireHeaders(headers: HttpRequest["headers"]): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderValue(name, value);
    } catch (error) {
      throw new NonRetryableError(
        `the header ${name} cannot be sent: its value has a character that headers have not`,
        {
          cause: error,
        },
      );
    }
  }
}

function parsedBody(bytes: Buffer, headers: Readonly<Record<string, string>>): unknown {
  const text = bytes.toString("utf8");
  if (text === "") return null;
  if (!/\bjson\b/i.test(headers["content-type"] ?? "")) return text.replaceAll("\0", "");
  try {
    return parseExactly(text);
  } catch {
    return text;
  }
}
