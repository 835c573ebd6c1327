import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { WithPgClient } from "postgraphile/@dataplan/pg";
import type { Actor } from "../authentication/authenticator.ts";
import { databaseUnavailable } from "../database/database-unavailable.ts";
import { answer, answerError } from "../http/answer.ts";
import { requestBody } from "../http/request-body.ts";
import { requestIdOf } from "../http/request-identity.ts";
import type { RequestSource } from "../http/request-source.ts";
import { RequestError } from "../request-error.ts";
import type { RequestLimits } from "../server-options.ts";
import { executeRequest } from "./execute-request.ts";
import { graphqlRequest } from "./graphql-request.ts";
import type { ServedSchema } from "./served-schema.ts";

export interface GraphqlHandlerOptions {
  /** What is served at this moment. */
  readonly served: () => ServedSchema;
  readonly withPgClient: WithPgClient;
  readonly authenticate: (request: IncomingMessage) => Actor | Promise<Actor>;
  /** Where the request comes from. */
  readonly sourceOf: (request: IncomingMessage) => RequestSource;
  readonly limits: RequestLimits;
  readonly introspection: boolean;
  /** Whether a refusal names the rules. */
  readonly explainDenials: boolean;
  readonly log: Logger;
}

const graphqlResponseJson = "application/graphql-response+json; charset=utf-8";
const plainJson = "application/json; charset=utf-8";

/** Answers GraphQL over HTTP (POST, JSON). Authenticates by itself where nothing before it has. Never rejects. */
export function graphqlHandler(options: GraphqlHandlerOptions) {
  const { limits, log } = options;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = requestIdOf(request);
    let timer: NodeJS.Timeout | undefined;
    try {
      const contentType = negotiate(request);
      const found = options.authenticate(request);
      const actor = found instanceof Promise ? await found : found;
      timer = setTimeout(giveUp, limits.requestTimeoutMs, response, requestId);
      const graphql = graphqlRequest(await requestBody(request, limits.bodyBytes));
      const { text, executed } = await executeRequest(graphql, {
        served: options.served(),
        withPgClient: options.withPgClient,
        session: {
          ...options.sourceOf(request),
          role: actor.role,
          ...(actor.kind !== "anonymous" && { kind: actor.kind }),
          actor: actor.actor,
          tenant: actor.tenant,
          claims: actor.claims,
          statementTimeoutMs: limits.statementTimeoutMs,
          requestId,
        },
        introspection: options.introspection,
        explainDenials: options.explainDenials,
        log,
      });
      // With plain JSON the status is about the transport only, as older clients expect.
      const status = executed || contentType === plainJson ? 200 : 400;
      answer(response, status, text, { "content-type": contentType, "x-request-id": requestId });
    } catch (error) {
      const known = error instanceof RequestError ? error : databaseUnavailable(error);
      if (known === undefined) log.error({ err: error, requestId }, "request failed");
      else if (known.status >= 500) log.warn({ err: known.cause, code: known.code, requestId }, known.message);
      answerError(response, known ?? new RequestError("EJS5049", 500), requestId);
    } finally {
      clearTimeout(timer);
    }
  };
}

function giveUp(response: ServerResponse, requestId: string): void {
  answerError(response, new RequestError("EJS5014", 503), requestId);
}

/** @throws RequestError 405, 406, 415 */
function negotiate({ method, headers }: IncomingMessage): string {
  if (method !== "POST") throw new RequestError("EJS5013", 405);
  const [type = ""] = (headers["content-type"] ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/json") throw new RequestError("EJS5012", 415);
  // What is packed is not unpacked: a small body could become a huge one.
  if (!/^(identity)?$/i.test(headers["content-encoding"] ?? ""))
    throw new RequestError("EJS5012", 415, "The content encoding is not supported.");
  const accept = headers.accept || "*/*";
  if (accept.includes("application/graphql-response+json")) return graphqlResponseJson;
  if (/application\/(json|\*)|\*\/\*/.test(accept)) return plainJson;
  throw new RequestError("EJS5012", 406);
}
