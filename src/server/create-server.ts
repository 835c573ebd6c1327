import express, { type Express } from "express";
import { cors } from "./http/cors.ts";
import { listen } from "./http/listener.ts";
import { securityHeaders } from "./http/security-headers.ts";
import { RequestError } from "./request-error.ts";
import { checkOrigins, type ServerOptions } from "./server-options.ts";
import { createServerParts, type ServerParts } from "./server-parts.ts";

export interface RunningServer {
  /** `http://localhost:4000/graphql` */
  readonly url: string;
  readonly port: number;
  /** The port of `/metrics`, where there is one. */
  readonly metricsPort: number | undefined;
  /** The Express app, for further routes. */
  readonly app: Express;
  readonly parts: ServerParts;
  /** See `ServerParts.reload`. */
  reload(): Promise<boolean>;
  /** Stops gracefully: `/readyz` says no, no new connections, answers under way finish, then the database connections end. */
  stop(): Promise<void>;
}

/**
 * The server on a port of its own.
 *
 * @example
 * const server = await createServer({ database: process.env.DATABASE_URL, jwt: { secret: process.env.JWT_SECRET }, port: 4000 });
 * process.once("SIGTERM", () => server.stop());
 *
 * @throws EngineError as createServerParts does, and EJS5052 where it cannot listen
 */
export async function createServer(options: ServerOptions): Promise<RunningServer> {
  const origins = checkOrigins(options.corsOrigins);
  const graphqlPath = options.graphqlPath ?? "/graphql";
  const parts = await createServerParts({ ...options, graphqlPath });
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(securityHeaders());
  if (origins.size > 0) app.use(cors(origins));
  if (parts.graphiql) {
    app.use(parts.graphiql);
    if (graphqlPath !== "/") app.get("/", (_request, response) => response.redirect(graphqlPath));
  }
  app.all(graphqlPath, parts.graphqlHandler);
  app.all("/webhooks/:name", parts.webhooks);
  app.use(parts.health);
  app.use((_request, _response, next) => next(new RequestError("EJS5016", 404)));
  app.use(parts.errorHandler);
  let stopping: Promise<void> | undefined;
  try {
    const listener = await listen(app, options.port ?? 4000, options.host);
    const { metrics } = options;
    const scraped =
      metrics &&
      (await listen(parts.metrics, metrics.port, metrics.host ?? "127.0.0.1").catch(async (error) => {
        await listener.stop(0);
        throw error;
      }));
    // Answers begun while draining must not keep their connection open.
    const stop = async () => {
      parts.drain();
      await listener.stop(options.stopTimeoutMs ?? 10_000);
      await scraped?.stop(0);
      await parts.close();
    };
    return {
      url: `http://${options.host ?? "localhost"}:${listener.port}${graphqlPath}`,
      port: listener.port,
      metricsPort: scraped?.port,
      app,
      parts,
      reload: parts.reload,
      stop() {
        stopping ??= stop();
        return stopping;
      },
    };
  } catch (error) {
    await parts.close();
    throw error;
  }
}
