/** A receiver of webhooks that verifies as the specification says, with somebody else's implementation. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What is answered: a status, or whatever the test does with the response; nothing at all where it does nothing. */
export type Answer = number | ((response: ServerResponse, received: Received) => void);

export class WebhookReceiver {
  readonly received: Received[] = [];
  /** By path. */
  readonly answers = new Map<string, Answer>();
  /** Posts that are not answered yet, by path, and the most at a time. */
  readonly open = new Map<string, number>();
  readonly most = new Map<string, number>();
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(): Promise<WebhookReceiver> {
    const server = createServer();
    const receiver = new WebhookReceiver(server);
    server.on("request", (request, response) => {
      const path = request.url ?? "";
      const open = (receiver.open.get(path) ?? 0) + 1;
      receiver.open.set(path, open);
      receiver.most.set(path, Math.max(open, receiver.most.get(path) ?? 0));
      response.once("close", () => receiver.open.set(path, (receiver.open.get(path) ?? 1) - 1));
      let body = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => {
        body += chunk;
      });
      request.on("end", () => {
        const received = { path, headers: request.headers, body };
        receiver.received.push(received);
        const answer = receiver.answers.get(path) ?? 200;
        if (typeof answer === "number") response.writeHead(answer).end("thank you");
        else answer(response, received);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  at(path: string): Received[] {
    return this.received.filter((one) => one.path === path);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** What was sent, where its signature is right. */
export const verified = (secret: string, { headers, body }: Received): unknown =>
  new Webhook(secret).verify(body, headers as Record<string, string>);
