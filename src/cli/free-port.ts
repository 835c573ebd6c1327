import { createServer } from "node:net";

/**
 * The first port from `preferred` on that nothing listens on, neither on all addresses nor on this machine's own.
 *
 * @param tries how many are looked at before the system chooses one
 */
export async function nextFreePort(preferred: number, tries = 100): Promise<number> {
  for (let port = preferred; port < Math.min(preferred + tries, 65536); port++) {
    // A listener on one address does not keep another one from all addresses, and would be asked instead of us.
    if ((await isFree(port, undefined)) && (await isFree(port, "127.0.0.1")) && (await isFree(port, "localhost")))
      return port;
  }
  return 0;
}

function isFree(port: number, host: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
