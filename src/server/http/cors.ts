import type { RequestHandler } from "express";

/** Lets pages of these websites call the API. Tokens travel in a header that pages set themselves, so credentials (cookies) stay off. */
export function cors(origins: ReadonlySet<string>): RequestHandler {
  return (request, response, next) => {
    response.vary("origin");
    const { origin } = request.headers;
    if (origin === undefined || !origins.has(origin)) return next();
    response.set("access-control-allow-origin", origin);
    response.set("access-control-expose-headers", "x-request-id");
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return next();
    response
      .set("access-control-allow-methods", "POST")
      .set("access-control-allow-headers", "authorization, content-type, x-api-key, x-request-id")
      .set("access-control-max-age", "600")
      .status(204)
      .end();
  };
}
