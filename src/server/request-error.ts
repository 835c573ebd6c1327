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

const codeOfStatus: Readonly<Record<number, RequestErrorCode>> = {
  404: "EJS5016",
  405: "EJS5013",
  413: "EJS5010",
  415: "EJS5012",
};

/** An error that is none of ours: what Express's own parts, such as `express.json()`, say of the caller keeps its status. */
export function httpError(error: unknown): RequestError {
  // A path that no name comes out of, such as /webhooks/%E0%A4%A: Express says 400 of it, and does not call it the caller's.
  if (error instanceof URIError) return new RequestError("EJS5016", 404, undefined, { cause: error });
  const { status, expose } = (error ?? {}) as { readonly status?: unknown; readonly expose?: unknown };
  const ofCaller = expose === true && typeof status === "number" && status >= 400 && status < 500;
  if (!ofCaller) return new RequestError("EJS5049", 500, undefined, { cause: error });
  return new RequestError(codeOfStatus[status] ?? "EJS5011", status, undefined, { cause: error });
}

/** The answer outside of GraphQL has the same shape as within. */
export const errorBody = (error: RequestError, requestId: string) => ({
  errors: [{ message: error.message, extensions: { code: error.code, ...error.extensions, requestId } }],
});

/** What keeps the server from starting. */
export const serverError = (code: RequestErrorCode, message: string, cause?: unknown): EngineError =>
  new EngineError([{ code, severity: "error", message, hint: requestErrors[code].hint }], { cause });
