import type { RequestHandler } from "express";

const staticPath = "/ruru-static/";

/** GraphiQL (Ruru) for browsers: `GET` of the GraphQL address as HTML. For development only. */
export function graphiql(graphqlPath: string): RequestHandler {
  return async (request, response, next) => {
    if (request.method !== "GET") return next();
    if (request.path.startsWith(staticPath)) {
      const { getStaticFile } = await import("postgraphile/grafserv/ruru/static");
      const acceptEncoding = request.headers["accept-encoding"];
      const file = await getStaticFile({ staticPath, urlPath: request.path, acceptEncoding });
      if (file === null) return next();
      response.set(file.headers).end(file.content);
      return;
    }
    if (request.path !== graphqlPath || !request.accepts("html")) return next();
    const { ruruHTML } = await import("postgraphile/grafserv/ruru/server");
    response
      // The page is made of inline scripts; the strict policy is for answers that are data.
      .set(
        "content-security-policy",
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
      )
      .type("html")
      .send(ruruHTML({ staticPath, endpoint: graphqlPath }));
  };
}
