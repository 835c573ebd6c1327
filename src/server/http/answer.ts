import type { ServerResponse } from "node:http";
import { errorBody, type RequestError } from "../request-error.ts";

/** Ends the response, unless the caller has gone or was answered already. */
export function answer(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>>,
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(text) });
  response.end(text);
}

export function answerError(response: ServerResponse, error: RequestError, requestId: string): void {
  answer(response, error.status, JSON.stringify(errorBody(error, requestId)), {
    "content-type": "application/json; charset=utf-8",
    "x-request-id": requestId,
    ...(error.status === 401 && { "www-authenticate": `Bearer error="invalid_token"` }),
    ...(error.status === 405 && { allow: "POST" }),
    ...(error.status === 503 && { "retry-after": "1" }),
  });
}
