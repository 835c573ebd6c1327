import type { IncomingMessage } from "node:http";
import { RequestError } from "../request-error.ts";

/**
 * The body as text, or what an app before us made of it (`express.json()`).
 *
 * @throws RequestError 413 (EJS5010)
 */
export function requestBody(request: IncomingMessage & { readonly body?: unknown }, limit: number): Promise<unknown> {
  if (request.body !== undefined) {
    const { body } = request;
    return Promise.resolve(Buffer.isBuffer(body) ? body.toString("utf8") : body);
  }
  if (Number(request.headers["content-length"] ?? 0) > limit) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limit) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(tooLarge());
      }
    });
    request.once("end", () =>
      resolve((chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString("utf8")),
    );
    // Aborted by the caller; "close" tells it as well.
    request.once("error", () => undefined);
    request.once("close", () => {
      // It closes after each request; what is told here is a caller who has gone.
      if (!request.complete) reject(new RequestError("EJS5011", 400, "The request ended before its body did."));
    });
  });
}

const tooLarge = () => new RequestError("EJS5010", 413);
