/** `/metrics` of a worker, on a port of its own: what the database knows of workflows, and what this process has counted. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type pg from "pg";
import type { Log } from "../dsl/task.ts";

export interface MetricsOptions {
  /** 0 takes any free one. */
  readonly port: number;
  /** The address that it listens on: this machine alone unless given. */
  readonly host?: string;
}

export interface MetricsEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/** An answer of the database counts for this long, in milliseconds: a crowd of scrapers is one query. */
const REMEMBERED = 1_000;

/** @throws the socket's error where it cannot listen */
export async function startMetricsEndpoint(
  { port, host = "127.0.0.1" }: MetricsOptions,
  { pool, own, log }: { readonly pool: pg.Pool; readonly own: () => string; readonly log: Log },
): Promise<MetricsEndpoint> {
  let known: { readonly at: number; readonly text: Promise<string> } | undefined;
  const ofDatabase = (): Promise<string> => {
    if (known === undefined || Date.now() - known.at > REMEMBERED) {
      const asked = pool.query<{ text: string }>("select enginejs.workflow_metrics() as text");
      const text = asked.then(
        ({ rows }) => rows[0]?.text ?? "",
        (error: Error) => {
          log.warn(`metrics: ${error.message}`);
          // What this process has counted is worth telling all the same.
          return "";
        },
      );
      known = { at: Date.now(), text };
    }
    return known.text;
  };
  const server = createServer(async (request, response) => {
    if (request.method !== "GET" || request.url?.split("?")[0] !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    const text = (await ofDatabase()) + own();
    response.writeHead(200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
      "cache-control": "no-store",
    });
    response.end(text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
