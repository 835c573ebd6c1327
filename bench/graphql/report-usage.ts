/** What every server of the benchmark does: tells the parent its port, and its CPU-seconds when asked. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

export async function listenAndAnswer(server: Server): Promise<void> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  answerUsage((server.address() as AddressInfo).port);
}

export function answerUsage(port: number): void {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuSeconds: (user + system) / 1e6 });
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ port });
}
