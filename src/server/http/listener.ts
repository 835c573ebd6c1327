import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serverError } from "../request-error.ts";

export interface Listener {
  readonly server: Server;
  readonly port: number;
  /** Takes no new connections, lets answers under way finish, and cuts what is left after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

/** @throws EngineError EJS5052 */
export async function listen(app: RequestListener, port: number, host: string | undefined): Promise<Listener> {
  const server = createServer(
    {
      // Whoever sends a request slower than this keeps a connection busy on purpose.
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      // Longer than that of the load balancers in front, so that they and not we end a connection.
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16 * 1024,
    },
    app,
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE"
          ? "is taken"
          : error.code === "EACCES"
            ? "may not be used by this user"
            : `cannot be used (${error.code})`;
      reject(serverError("EJS5052", `Port ${port}${host === undefined ? "" : ` of ${host}`} ${why}.`, error));
    });
    server.listen(port, host, resolve);
  });
  let stopped: Promise<void> | undefined;
  return {
    server,
    port: (server.address() as AddressInfo).port,
    stop(timeoutMs) {
      stopped ??= new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), timeoutMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      });
      return stopped;
    },
  };
}
