import type { RequestListener } from "node:http";
import type pg from "pg";
import type { Logger } from "pino";

/** An answer of the database counts for this long: a crowd of scrapers is one query. */
const rememberedMs = 1_000;

/**
 * `/metrics` in Prometheus' text format: what the database knows of workflows (`enginejs.workflow_metrics()`). Nothing of a
 * tenant is in it, but how busy the system is: for the operators' own network, not for the API's port.
 */
export function metricsHandler(pool: pg.Pool, log: Logger): RequestListener {
  let known: { readonly at: number; readonly text: Promise<string> } | undefined;
  const ask = async (): Promise<string> => {
    const { rows } = await pool.query<{ text: string }>("select enginejs.workflow_metrics() as text");
    return rows[0]?.text ?? "";
  };
  return async (request, response) => {
    if (request.method !== "GET" || request.url?.split("?")[0] !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    if (known === undefined || Date.now() - known.at > rememberedMs) known = { at: Date.now(), text: ask() };
    try {
      const text = await known.text;
      response.writeHead(200, {
        "content-type": "text/plain; version=0.0.4; charset=utf-8",
        "cache-control": "no-store",
      });
      response.end(text);
    } catch (error) {
      log.warn({ err: error }, "the metrics cannot be read");
      response.writeHead(503).end();
    }
  };
}
