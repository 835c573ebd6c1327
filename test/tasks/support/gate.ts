/** A way to the server that can be shut and opened: shut, it cuts what is open and refuses the rest. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Gate {
  /** The database by way of the gate. */
  readonly url: string;
  close(): void;
  open(): void;
  /** For good. */
  end(): void;
}

export async function startGate(databaseUrl: string): Promise<Gate> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let closed = false;
  const server = createServer((here) => {
    here.on("error", () => undefined);
    if (closed) return void here.destroy();
    const there = connect(Number(target.port || 5432), target.hostname.replace(/^\[|\]$/g, ""));
    there.on("error", () => undefined);
    for (const socket of [here, there]) {
      sockets.add(socket);
      socket.on("close", () => {
        sockets.delete(socket);
        here.destroy();
        there.destroy();
      });
    }
    here.pipe(there).pipe(here);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    closed = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: Object.assign(new URL(target), { hostname: "127.0.0.1", port: String(port) }).href,
    close,
    open() {
      closed = false;
    },
    end() {
      close();
      server.close();
    },
  };
}
