/** The whitelist of what GraphQL's errors may say. What it does not know leaves as "Something went wrong" and goes to the log. */
import type { Logger } from "pino";
import { GraphQLError } from "postgraphile/graphql";
import { databaseUnavailable } from "../database/database-unavailable.ts";
import { RequestError } from "../request-error.ts";
import { WorkflowError } from "../workflows/workflow-error.ts";
import { databaseFailure, isDatabaseError, notFound } from "./database-failure.ts";
import type { ModelFacts } from "./model-facts.ts";

export interface MaskedError {
  readonly message: string;
  readonly locations?: GraphQLError["locations"];
  readonly path?: GraphQLError["path"];
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface MaskContext {
  readonly model: ModelFacts;
  /** Whether rules are named: for the application's own actors, unless the server is told otherwise. */
  readonly namesRules: boolean;
  readonly requestId: string;
  readonly log: Logger;
}

/** Errors of PostGraphile and its plugins that are about the caller's arguments; their texts are fixed. */
const argumentTexts = [
  /^Invalid '(first|last)'$/,
  /^Invalid cursor, please enter/,
  /^Invalid '(before|after)' cursor - a cursor is only valid within/,
  /^Can only use '(before|after)' cursor when there is a unique defined order\.$/,
  /^You must not set (both )?`\w+` and `\w+`; [\w `:;,]+\.$/,
  /^It is not permitted to set both 'first' and 'last' in the same field\.$/,
  /^May not combine 'offset' with backward pagination\.$/,
  /^Cannot use 'offset' with 'last'$/,
  /^Empty objects are forbidden in filter argument input\.$/,
  /^Attempted to update a record, but no new values were specified\.$/,
  /^Null literals are forbidden in filter argument input\.$/,
];
const noRow = /^No values were (updated|deleted) in collection/;
const badVariable = /^Variable "\$\w+" /;

/** @param denial what is known of a refusal beyond the error itself */
export function maskError(error: GraphQLError, context: MaskContext, denial?: RequestError): MaskedError {
  const known = denial ?? knownError(error, context);
  if (known instanceof WorkflowError) {
    const { code, message, values } = known;
    return {
      message,
      ...(error.locations && { locations: error.locations }),
      ...(error.path && { path: error.path }),
      extensions: { code, values, requestId: context.requestId },
    };
  }
  if (known === undefined)
    context.log.error({ err: innermost(error), path: error.path, requestId: context.requestId }, "request failed");
  else if (known.status >= 500 && known.cause !== undefined)
    context.log.warn({ err: known.cause, path: error.path, requestId: context.requestId }, known.message);
  const { code, message, extensions } = known ?? new RequestError("EJS5049", 500);
  return {
    message,
    ...(error.locations && { locations: error.locations }),
    ...(error.path && { path: error.path }),
    extensions: { code, ...extensions, requestId: context.requestId },
  };
}

function knownError(error: GraphQLError, { model, namesRules }: MaskContext): RequestError | WorkflowError | undefined {
  // Coercion of variables: graphql-js describes what the caller sent, before anything ran.
  if (error.path === undefined && badVariable.test(error.message)) {
    return new RequestError("EJS5024", 400, error.message);
  }
  const cause = innermost(error);
  const [node] = error.nodes ?? [];
  const mutation = model.mutation(node?.kind === "Field" ? node.name.value : undefined);
  if (cause instanceof WorkflowError) return cause;
  if (cause instanceof RequestError) return cause.code === "EJS5030" ? notFound(mutation) : cause;
  const unavailable = databaseUnavailable(cause);
  if (unavailable !== undefined) return unavailable;
  if (isDatabaseError(cause)) return databaseFailure(cause, model, mutation, namesRules);
  if (noRow.test(cause.message)) return notFound(mutation);
  if (argumentTexts.some((text) => text.test(cause.message))) return new RequestError("EJS5024", 400, cause.message);
  return undefined;
}

/** An update or delete that found no row to touch. */
export const meetsNoRow = (cause: Error): boolean =>
  (cause instanceof RequestError && cause.code === "EJS5030") || noRow.test(cause.message);

/** GraphQL wraps what was thrown, sometimes twice. */
export function innermost(error: Error): Error {
  let inner = error;
  while (inner instanceof GraphQLError && inner.originalError) inner = inner.originalError;
  return inner;
}
