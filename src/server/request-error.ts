import { EngineError } from "../errors/engine-error.ts";
import { requestErrors } from "../errors/request-errors.ts";

export type RequestErrorCode = keyof typeof requestErrors;

/** What may leave the server: a code of the registry, a sentence for the API's user, and what `extensions` shall hold besides. */
export class RequestError extends Error {
  readonly code: RequestErrorCode;
  readonly status: number;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(
    code: RequestErrorCode,
    status: number,
    message: string = `${requestErrors[code].title}.`,
    options: { readonly extensions?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "RequestError";
    this.code = code;
    this.status = status;
    this.extensions = options.extensions ?? {};
  }
}

/** The answer outside of GraphQL has the same shape as within. */
export const errorBody = (error: RequestError, requestId: string) => ({
  errors: [{ message: error.message, extensions: { code: error.code, ...error.extensions, requestId } }],
});

/** What keeps the server from starting. */
export const serverError = (code: RequestErrorCode, message: string, cause?: unknown): EngineError =>
  new EngineError([{ code, severity: "error", message, hint: requestErrors[code].hint }], { cause });
