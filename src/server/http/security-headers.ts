import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestHandler } from "express";
import helmet from "helmet";

/**
 * Helmet's headers. They are the same for each answer of an API, so that they are made once, not once per request.
 * `default-src 'none'`: nothing that this server sends is a page, except GraphiQL, which says otherwise.
 */
export function securityHeaders(): RequestHandler {
  const headers = new Headers();
  const recorder = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: () => undefined,
  };
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    crossOriginResourcePolicy: { policy: "same-site" },
  })({} as IncomingMessage, recorder as unknown as ServerResponse, () => undefined);
  return (_request, response, next) => {
    response.setHeaders(headers);
    next();
  };
}
