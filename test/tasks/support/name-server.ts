/** A name server of the test's own: it knows a few names, and never answers for others. */
import { createSocket, type Socket } from "node:dgram";
import type { AddressInfo } from "node:net";

/** What it says of a name: its addresses of version 4 and 6; null: nothing, ever. */
export type Zone = Readonly<Record<string, readonly string[] | null>>;

export class NameServer {
  private readonly socket: Socket;
  /** Names that it was asked for, each time. */
  readonly asked: string[] = [];

  private constructor(socket: Socket, zone: Zone) {
    this.socket = socket;
    socket.on("message", (query, from) => {
      const { name, type, end } = question(query);
      this.asked.push(name);
      const known = zone[name];
      if (known === null) return;
      socket.send(answer(query.subarray(0, end), known, type), from.port, from.address);
    });
  }

  static async start(zone: Zone): Promise<NameServer> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    return new NameServer(socket, zone);
  }

  /** For `lookupPublic`. */
  get servers(): readonly string[] {
    return [`127.0.0.1:${(this.socket.address() as AddressInfo).port}`];
  }

  stop(): void {
    this.socket.close();
  }
}

const TYPES: Readonly<Record<number, RegExp>> = { 1: /^\d+\.\d+\.\d+\.\d+$/, 28: /:/ };

/** The first question of a query (RFC 1035): its name, its type, and where it ends. */
function question(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** @param known undefined: there is no such name */
function answer(asked: Buffer, known: readonly string[] | undefined, type: number): Buffer {
  const addresses = (known ?? []).filter((address) => TYPES[type]?.test(address));
  const head = Buffer.from(asked);
  head.writeUInt16BE(known === undefined ? 0x8183 : 0x8180, 2);
  head.writeUInt16BE(addresses.length, 6);
  // No authority, and nothing besides.
  head.writeUInt32BE(0, 8);
  const records = addresses.map((address) => {
    const bytes =
      type === 1 ? Buffer.from(address.split(".").map(Number)) : Buffer.from(address.replaceAll(":", ""), "hex");
    const record = Buffer.alloc(12);
    // The question's name, its type, class IN, and no time to live.
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt16BE(bytes.length, 10);
    return Buffer.concat([record, bytes]);
  });
  return Buffer.concat([head, ...records]);
}
