/** One GraphQL request, from its text to the text of its answer. */
import type { Logger } from "pino";
import type { WithPgClient } from "postgraphile/@dataplan/pg";
import { execute } from "postgraphile/grafast";
import type { GraphQLError } from "postgraphile/graphql";
import type { ActorSession } from "../database/actor-session.ts";
import { RequestError, type RequestErrorCode } from "../request-error.ts";
import type { CheckedOperation } from "./document-cache.ts";
import { explainDenial } from "./explain-denial.ts";
import type { GraphqlRequest } from "./graphql-request.ts";
import { type MaskedError, maskError } from "./mask-error.ts";
import type { ServedSchema } from "./served-schema.ts";

export interface ExecutionContext {
  readonly served: ServedSchema;
  readonly withPgClient: WithPgClient;
  readonly session: ActorSession;
  readonly introspection: boolean;
  /** Whether a refusal names the rules. */
  readonly explainDenials: boolean;
  readonly log: Logger;
}

export interface ExecutedRequest {
  /** The answer's JSON. */
  readonly text: string;
  /** False: nothing was executed, because the request itself is at fault. */
  readonly executed: boolean;
}

/** @throws RequestError where the request is beyond the limits, or names no operation */
export async function executeRequest(request: GraphqlRequest, context: ExecutionContext): Promise<ExecutedRequest> {
  const { served, session, withPgClient, log } = context;
  const { requestId } = session;
  const checked = served.documents.get(request.query);
  if ("errors" in checked) {
    const errors = checked.errors.map((error) => documentError(error, context));
    return { text: JSON.stringify({ errors }), executed: false };
  }
  findOperation(checked.operations, request.operationName).checkRows?.(request.variables);
  const result = await execute({
    schema: served.schema,
    document: checked.document,
    rootValue: null,
    // All that PostGraphile's own context would make, without anything in it that could throw.
    contextValue: { pgSettings: session, withPgClient },
    variableValues: request.variables,
    operationName: request.operationName ?? null,
    resolvedPreset: served.resolvedPreset,
    middleware: null,
    outputDataAsString: true,
  });
  if (Symbol.asyncIterator in result) throw new TypeError("the schema has neither @defer, @stream nor subscriptions");
  // As asked for, `data` is text already.
  const data = result.data as unknown as string | null | undefined;
  if (result.errors === undefined) return { text: `{"data":${data}}`, executed: true };
  // For the application's own actors only: whoever has no token learns nothing of the rules.
  const namesRules = context.explainDenials && session.actor !== null;
  const denials = namesRules
    ? await Promise.all(result.errors.map((error) => explainDenial(error, { ...served, ...context, ...request })))
    : [];
  const errors = JSON.stringify(
    result.errors.map((error, i) => maskError(error, { model: served.model, namesRules, requestId, log }, denials[i])),
  );
  if (data === undefined) return { text: `{"errors":${errors}}`, executed: false };
  return { text: `{"errors":${errors},"data":${data}}`, executed: true };
}

/** graphql-js's words about the caller's own document. Its guesses at names would describe a schema that is not to be described. */
function documentError(error: GraphQLError, { introspection, session }: ExecutionContext): MaskedError {
  const code: RequestErrorCode = (error.extensions.code as RequestErrorCode | undefined) ?? "EJS5020";
  const message = introspection ? error.message : error.message.replace(/ Did you mean [^?]*\?/g, "");
  return {
    message,
    ...(error.locations && { locations: error.locations }),
    extensions: { code, requestId: session.requestId },
  };
}

function findOperation(operations: ReadonlyMap<string, CheckedOperation>, name: string | undefined): CheckedOperation {
  if (name === undefined && operations.size === 1) {
    const [only] = operations.values();
    return only as CheckedOperation;
  }
  const found = operations.get(name ?? "");
  if (found && name !== undefined) return found;
  const names = [...operations.keys()].filter(Boolean).join(", ");
  throw new RequestError(
    "EJS5020",
    400,
    name === undefined
      ? `The document holds ${operations.size} operations; \`operationName\` must say which one.`
      : `The document holds no operation "${name}"; it holds: ${names || "an unnamed one"}.`,
  );
}
