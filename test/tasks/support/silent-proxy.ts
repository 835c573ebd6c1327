/** A way to the server on which everything can get lost from one moment to the next, without anybody being told. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

interface Pair {
  readonly here: Socket;
  readonly there: Socket;
  silent: boolean;
}

export class SilentProxy {
  /** The database by way of the proxy. */
  readonly url: string;
  private readonly server: Server;
  private readonly pairs: Set<Pair>;
  /** Nothing comes through new ones either. */
  cutOff = false;

  private constructor(server: Server, pairs: Set<Pair>, url: string) {
    this.server = server;
    this.pairs = pairs;
    this.url = url;
  }

  /**
   * @param lastWord whoever says it hears nothing any more
   * @param asPooler tells, as poolers do, another number than the backend's own
   */
  static async before(databaseUrl: string, lastWord?: string, asPooler = false): Promise<SilentProxy> {
    const target = new URL(databaseUrl);
    const pairs = new Set<Pair>();
    let proxy: SilentProxy | undefined;
    const server = createServer((here) => {
      const there = connect(Number(target.port || 5432), target.hostname.replace(/^\[|\]$/g, ""));
      const pair: Pair = { here, there, silent: proxy?.cutOff === true };
      pairs.add(pair);
      const forward = (from: Socket, to: Socket) => {
        from.on("data", (bytes) => pair.silent || to.write(bytes));
        from.on("error", () => undefined);
        // Not even an end comes through.
        from.on("close", () => pair.silent || to.destroy());
      };
      if (lastWord !== undefined) {
        here.on("data", (bytes: Buffer) => {
          pair.silent ||= bytes.includes(lastWord);
        });
      }
      forward(here, there);
      if (asPooler) there.prependListener("data", disguiseBackend);
      forward(there, here);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = Object.assign(new URL(databaseUrl), {
      hostname: "127.0.0.1",
      port: String((server.address() as AddressInfo).port),
    });
    proxy = new SilentProxy(server, pairs, url.href);
    return proxy;
  }

  /** How many connections have said the last word, or were silenced. */
  get silent(): number {
    return [...this.pairs].filter(({ silent }) => silent).length;
  }

  /** From now on nothing comes through the connections that are open, in either direction; new ones are well. */
  fallSilent(): number {
    for (const pair of this.pairs) pair.silent = true;
    return this.pairs.size;
  }

  close(): void {
    this.server.close();
    for (const { here, there } of this.pairs) {
      here.destroy();
      there.destroy();
    }
  }
}

/** The beginning of BackendKeyData, whose next four bytes are the backend's number. */
const BACKEND_KEY = Buffer.from([0x4b, 0, 0, 0, 12]);

function disguiseBackend(bytes: Buffer): void {
  const at = bytes.indexOf(BACKEND_KEY);
  if (at >= 0) bytes.writeInt32BE(2_000_000_000, at + BACKEND_KEY.length);
}
