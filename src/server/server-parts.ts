import "./graphile-environment.ts";
import type { IncomingMessage, RequestListener } from "node:http";
import type { ErrorRequestHandler, RequestHandler, Router } from "express";
import type pg from "pg";
import type { Logger } from "pino";
import { connect } from "../database/connection.ts";
import { ConnectionWatch, isDirect } from "../database/connection-watch.ts";
import { createPool } from "../database/pool.ts";
import { requireServer } from "../database/require-server.ts";
import { requireServiceRights } from "../database/require-service-rights.ts";
import { type Actor, Authenticator } from "./authentication/authenticator.ts";
import { KeyVerifier } from "./authentication/key-verifier.ts";
import { TokenVerifier } from "./authentication/token-verifier.ts";
import { actorClients } from "./database/actor-client.ts";
import { builtSystem } from "./database/built-system.ts";
import { databaseUnavailable } from "./database/database-unavailable.ts";
import { graphqlHandler } from "./graphql/graphql-handler.ts";
import { type ServedSchema, servedSchema } from "./graphql/served-schema.ts";
import { answerError } from "./http/answer.ts";
import { graphiql } from "./http/graphiql.ts";
import { healthRouter } from "./http/health.ts";
import { metricsHandler } from "./http/metrics.ts";
import { actorOf, requestIdOf, setActor } from "./http/request-identity.ts";
import { requestSource } from "./http/request-source.ts";
import { trustedProxies } from "./http/trusted-proxies.ts";
import { createLog } from "./log.ts";
import { httpError, RequestError } from "./request-error.ts";
import { checkLimits, type RequestLimits, type ServerPartsOptions } from "./server-options.ts";
import { webhookHandler, webhooksOf } from "./webhooks/webhook-handler.ts";
import { RunEnds } from "./workflows/run-ends.ts";

/** The server in parts, for an Express app that exists already. */
export interface ServerParts {
  /** Answers GraphQL requests; authenticates by itself where `authenticate` did not run before it. */
  readonly graphqlHandler: RequestHandler;
  /** Checks the token or API key and remembers as whom the request is made (`actorOf(request)`), or answers 401. */
  readonly authenticate: RequestHandler;
  /** `/healthz` and `/readyz`. */
  readonly health: Router;
  /** Takes in signed requests from outside, for the path `/webhooks/:name`; before anything that reads the body. */
  readonly webhooks: RequestHandler<{ name: string }>;
  /** Answers `/metrics`, for a port that only operators reach. */
  readonly metrics: RequestListener;
  /** GraphiQL, where `development` is on. */
  readonly graphiql: RequestHandler | undefined;
  /** Answers errors of these parts and of handlers after them in their form. */
  readonly errorHandler: ErrorRequestHandler;
  readonly log: Logger;
  readonly limits: RequestLimits;
  /**
   * Serves the newest build. Requests under way keep the schema that they began with. Resolves to false where the
   * database still holds the build that is served; when it rejects, the old one goes on.
   */
  reload(): Promise<boolean>;
  /** From now on `/readyz` says no. */
  drain(): void;
  /** Ends the connections, where the parts made them. Stop the listener first. */
  close(): Promise<void>;
}

/**
 * @example
 * const parts = await createServerParts({ database: process.env.DATABASE_URL, jwt: { secret } });
 * app.use(parts.health);
 * app.use("/graphql", parts.authenticate, parts.graphqlHandler);
 * app.use(parts.errorHandler);
 *
 * @throws EngineError where the database cannot be reached (EJS401x), its login lacks a right (EJS4015), it holds no build (EJS5050), or an option is not valid (EJS5051)
 */
export async function createServerParts(options: ServerPartsOptions): Promise<ServerParts> {
  const limits = checkLimits(options.limits);
  const log = options.log ?? createLog();
  const introspection = options.introspection ?? options.development ?? false;
  const isTrusted = trustedProxies(options.trustProxy);
  const tokens = options.jwt && new TokenVerifier(options.jwt);
  const pool = await openPool(options, limits, log);
  const authenticator = new Authenticator(tokens, new KeyVerifier(pool.pool));
  const withPgClient = actorClients(pool.pool);
  const ends = new RunEnds(pool.pool, log);

  let webhooks: ReturnType<typeof webhooksOf> = new Map();
  const build = async () => {
    const built = await builtSystem(pool.pool);
    webhooks = webhooksOf(built.system);
    return servedSchema(built, withPgClient, { limits, introspection, ends });
  };
  let served: ServedSchema;
  try {
    await requireServiceRights(pool.pool, "server");
    served = await build();
  } catch (error) {
    await pool.close();
    throw error;
  }

  const authenticateRequest = (request: IncomingMessage): Actor | Promise<Actor> =>
    actorOf(request) ?? authenticator.authenticate(request.headers, served.model.tenancy);

  const authenticate: RequestHandler = (request, response, next) => {
    const requestId = requestIdOf(request);
    const refuse = (error: unknown) =>
      error instanceof RequestError ? answerError(response, error, requestId) : next(error);
    const accept = (actor: Actor) => {
      setActor(request, actor);
      next();
    };
    try {
      const found = authenticateRequest(request);
      if (found instanceof Promise) found.then(accept, refuse);
      else accept(found);
    } catch (error) {
      refuse(error);
    }
  };

  let reloading: Promise<boolean> | undefined;
  const reload = async (): Promise<boolean> => {
    const next = await build();
    const changed = next.hash !== served.hash;
    served = next;
    return changed;
  };

  const health = healthRouter(pool.pool);
  return {
    graphqlHandler: graphqlHandler({
      served: () => served,
      withPgClient,
      authenticate: authenticateRequest,
      sourceOf: (request) => requestSource(request, isTrusted),
      limits,
      introspection,
      explainDenials: options.explainDenials ?? true,
      log,
    }),
    authenticate,
    health: health.router,
    webhooks: webhookHandler({
      pool: pool.pool,
      webhooks: () => webhooks,
      limit: limits.bodyBytes,
      secret: options.webhookSecret ?? ((name) => process.env[name]),
    }),
    metrics: metricsHandler(pool.pool, log),
    graphiql: options.development ? graphiql(options.graphqlPath ?? "/graphql") : undefined,
    errorHandler: (error: unknown, request, response, _next) => {
      const requestId = requestIdOf(request);
      const known = error instanceof RequestError ? error : (databaseUnavailable(error) ?? httpError(error));
      if (known.status >= 500) log.error({ err: error, requestId }, "request failed");
      answerError(response, known, requestId);
    },
    log,
    limits,
    // One after the other: a build that finishes while another is read must not be lost.
    reload() {
      const next: Promise<boolean> = (reloading ?? Promise.resolve(false)).then(reload, reload);
      reloading = next;
      return next;
    },
    drain: health.drain,
    async close() {
      await ends.close();
      await pool.close();
    },
  };
}

/** Longer than a statement may last, an answer that is late is lost, in milliseconds. */
const ANSWER_MARGIN = 5_000;

async function openPool(
  options: ServerPartsOptions,
  { statementTimeoutMs }: RequestLimits,
  log: Logger,
): Promise<{ pool: pg.Pool; close(): Promise<void> }> {
  const { database } = options;
  if (typeof database !== "string") return { pool: database, close: async () => undefined };
  // Fails with a reason that a person can read; the pool would only tell at the first request.
  const client = await connect(database, { applicationName: "enginejs server" });
  let direct: boolean;
  try {
    await requireServer(client);
    direct = await isDirect(client);
  } finally {
    await client.end();
  }
  const lost = (error: Error) => log.warn({ err: error }, "a connection to the database was lost");
  const pool = createPool(database, {
    max: options.poolSize ?? 10,
    applicationName: "enginejs server",
    // Compiling a plan costs more than the statements of requests gain by it.
    onConnect: (client) => client.query("set jit = off"),
    onLost: lost,
  });
  const watch = new ConnectionWatch(database, { giveUp: statementTimeoutMs + ANSWER_MARGIN, onSilence: lost });
  watch.watchPool(pool, direct);
  let closed: Promise<void> | undefined;
  return {
    pool,
    close: () => {
      closed ??= pool.end().finally(() => watch.stop());
      return closed;
    },
  };
}
