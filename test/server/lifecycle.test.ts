import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import express from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { actorOf, createServer, createServerParts, requestIdOf } from "../../src/server/index.ts";
import { createTestDatabase } from "../support/database.ts";
import {
  ask,
  codeOf,
  type ServedInvoicing,
  secret,
  servedInvoicing,
  tokenOf,
  userId,
} from "./support/served-invoicing.ts";

let served: ServedInvoicing;
beforeAll(async () => {
  served = await servedInvoicing();
});
afterAll(() => served?.close());

const question = "{ invoices { totalCount } }";
const base = (server: { port: number }) => `http://127.0.0.1:${server.port}`;

/** Holds a table so that a request waits; the returned function lets go. */
async function hold(table: string): Promise<() => Promise<unknown>> {
  const client = await served.database.client();
  await client.query("begin");
  await client.query(`lock table app.${table} in access exclusive mode`);
  return () => client.query("rollback");
}
async function untilSomebodyWaits(): Promise<void> {
  const client = await served.database.client();
  const ofThisDatabase =
    "select from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())";
  await expect.poll(async () => (await client.query(ofThisDatabase)).rowCount).toBeGreaterThan(0);
}

describe("stopping", () => {
  test("answers what is under way, takes nothing new, says so, and leaves no connection", async () => {
    const server = await createServer({ database: served.serverUrl, jwt: { secret }, port: 0, host: "127.0.0.1" });
    const release = await hold("receipt");
    const waiting = ask(server, await tokenOf("biller"), "{ receipts { totalCount } }");
    await untilSomebodyWaits();
    const stopped = server.stop();
    expect(server.stop()).toBe(stopped);
    await expect(fetch(`${base(server)}/healthz`)).rejects.toThrow();
    await release();
    expect((await waiting).data).toEqual({ receipts: { totalCount: 0 } });
    await stopped;
    const client = await served.database.client();
    await expect
      .poll(
        async () =>
          (
            await client.query(
              "select from pg_stat_activity where datname = current_database() and application_name = 'enginejs server'",
            )
          ).rowCount,
      )
      .toBe(0);
  });

  test("does not wait for ever", async () => {
    const server = await createServer({
      database: served.serverUrl,
      jwt: { secret },
      port: 0,
      host: "127.0.0.1",
      stopTimeoutMs: 200,
      limits: { statementTimeoutMs: 5_000 },
    });
    const release = await hold("receipt");
    const waiting = ask(server, await tokenOf("biller"), "{ receipts { totalCount } }").catch(() => "cut");
    await untilSomebodyWaits();
    await server.stop();
    expect(await waiting).toBe("cut");
    await release();
  });

  test("ends connections that are kept alive", async () => {
    const server = await createServer({ database: served.serverUrl, port: 0, host: "127.0.0.1" });
    const socket = connect(server.port, "127.0.0.1");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await new Promise<void>((resolve) => {
      socket.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
      socket.once("data", () => resolve());
    });
    await server.stop();
    await closed;
  });
});

describe("starting", () => {
  test("a port that is taken: EJS5052, and no connection is left", async () => {
    const server = await served.serve();
    await expect(
      createServer({ database: served.serverUrl, port: server.port, host: "127.0.0.1" }),
    ).rejects.toMatchObject({
      code: "EJS5052",
      message: expect.stringContaining(`Port ${server.port} of 127.0.0.1 is taken`),
    });
  });

  test("a database without a build, and one without anything", async () => {
    const empty = await createTestDatabase();
    try {
      await expect(createServer({ database: empty.url, port: 0 })).rejects.toMatchObject({ code: "EJS5050" });
    } finally {
      await empty.drop();
    }
  });

  test("a database that is not there is told without its password", async () => {
    const url = "postgresql://somebody:s3cret@127.0.0.1:9/nothing";
    const failure = await createServer({ database: url, port: 0 }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "EJS4010" });
    expect(String(failure)).not.toContain("s3cret");
  });

  test.each(["*", "https://app.example/", "app.example", "null"])(
    "the origin %j cannot be configured",
    async (origin) => {
      await expect(createServer({ database: served.serverUrl, port: 0, corsOrigins: [origin] })).rejects.toMatchObject({
        code: "EJS5051",
      });
    },
  );
});

describe("health", () => {
  test("follows the database: ready, gone, back", async () => {
    const { hostname, port } = new URL(served.serverUrl);
    // A way to the database that can be cut.
    const sockets = new Set<Socket>();
    let open = true;
    const proxy = createTcpServer((socket) => {
      if (!open) return void socket.destroy();
      const upstream = connect(Number(port), hostname);
      for (const end of [socket, upstream]) {
        sockets.add(end);
        end.on("error", () => undefined);
        end.on("close", () => {
          sockets.delete(end);
          socket.destroy();
          upstream.destroy();
        });
      }
      socket.pipe(upstream).pipe(socket);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const url = new URL(served.serverUrl);
    url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const server = await served.serve({ database: url.href });
    const token = await tokenOf("biller");
    const readiness = async () => {
      const response = await fetch(`${base(server)}/readyz`);
      return [response.status, ((await response.json()) as { status: string; code?: string }).code];
    };
    expect(await readiness()).toEqual([200, undefined]);

    open = false;
    for (const socket of sockets) socket.destroy();
    await expect.poll(readiness).toEqual([503, "EJS5042"]);
    expect((await fetch(`${base(server)}/healthz`)).status).toBe(200);
    const cut = await ask(server, token, question);
    expect(codeOf(cut)).toBe("EJS5042");
    expect(cut.text).not.toMatch(/ECONN|127\.0\.0\.1|terminated/);

    open = true;
    await expect.poll(readiness).toEqual([200, undefined]);
    expect((await ask(server, token, question)).data.invoices.totalCount).toBe(40);
    await server.stop();
    await new Promise((resolve) => proxy.close(resolve));
  });

  test("tells which build is served from, and that it changes nothing", async () => {
    const server = await served.serve();
    const response = await fetch(`${base(server)}/readyz`);
    expect(await response.json()).toEqual({ status: "ready", build: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(response.headers.get("cache-control")).toBe("no-store");
    server.parts.drain();
    expect((await fetch(`${base(server)}/readyz`)).status).toBe(503);
  });
});

describe("parts in an Express app that exists already", () => {
  test("beside other routes, with and without a body parser, authenticated once", async () => {
    const parts = await createServerParts({ database: served.serverUrl, jwt: { secret } });
    const app = express();
    app.get("/hello", (_request, response) => void response.send("hello"));
    app.use("/parsed", express.json(), parts.authenticate, parts.graphqlHandler);
    app.use("/graphql", parts.graphqlHandler);
    app.get(
      "/me",
      parts.authenticate,
      (request, response) => void response.json({ actor: actorOf(request)?.actor, id: requestIdOf(request) }),
    );
    app.use(parts.health);
    app.use(parts.errorHandler);
    const http = createHttpServer(app);
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const { port } = http.address() as AddressInfo;
    try {
      const token = await tokenOf("biller");
      const authorization = `Bearer ${token}`;
      expect(await (await fetch(`http://127.0.0.1:${port}/hello`)).text()).toBe("hello");
      expect((await ask({ port }, token, question)).data.invoices.totalCount).toBe(40);
      const parsed = await fetch(`http://127.0.0.1:${port}/parsed`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization },
        body: JSON.stringify({ query: question }),
      });
      expect(await parsed.json()).toEqual({ data: { invoices: { totalCount: 40 } } });
      const malformed = await fetch(`http://127.0.0.1:${port}/parsed`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization },
        body: "{",
      });
      expect(malformed.status).toBe(400);
      expect(await malformed.json()).toMatchObject({ errors: [{ extensions: { code: "EJS5011" } }] });
      expect(codeOf(await ask({ port }, "not.a.token", question))).toBe("EJS5001");
      const me = await fetch(`http://127.0.0.1:${port}/me`, { headers: { authorization, "x-request-id": "mine" } });
      expect(await me.json()).toEqual({ actor: userId("biller"), id: "mine" });
      expect((await fetch(`http://127.0.0.1:${port}/me`, { headers: { authorization: "Bearer x" } })).status).toBe(401);
      expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    } finally {
      await new Promise((resolve) => http.close(resolve));
      await parts.close();
    }
  });
});

describe("what browsers get", () => {
  const html = { headers: { accept: "text/html" } };

  test("GraphiQL in development only", async () => {
    const production = await served.serve({ introspection: false });
    expect((await fetch(production.url, html)).status).toBe(405);
    expect((await fetch(`${base(production)}/ruru-static/ruru.js`)).status).toBe(404);
    expect(codeOf(await ask(production, undefined, "{ __schema { queryType { name } } }"))).toBe("EJS5023");

    const { introspection: _byDefault, ...options } = { introspection: true };
    const development = await createServer({
      ...options,
      database: served.serverUrl,
      port: 0,
      host: "127.0.0.1",
      development: true,
    });
    try {
      const page = await fetch(development.url, html);
      expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      expect(await page.text()).toContain("ruru-root");
      // Who opens the bare address finds the page as well.
      expect((await fetch(`${base(development)}/`, html)).url).toBe(development.url);
      expect((await fetch(`${base(production)}/`, html)).status).toBe(404);
      expect((await fetch(`${base(development)}/ruru-static/ruru.js`)).status).toBe(200);
      expect((await ask(development, undefined, "{ __schema { queryType { name } } }")).errors).toEqual([]);
    } finally {
      await development.stop();
    }
  });

  test("no word about other origins unless they are configured", async () => {
    const closed = await served.serve();
    const from = (origin: string, method = "OPTIONS") => ({
      method,
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
    });
    const refused = await fetch(closed.url, from("https://app.example"));
    expect(refused.status).toBe(405);
    expect([...refused.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);

    const open = await served.serve({ corsOrigins: ["https://app.example"] });
    const allowed = await fetch(open.url, from("https://app.example"));
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      "access-control-allow-origin": "https://app.example",
      "access-control-allow-methods": "POST",
      vary: expect.stringMatching(/origin/i),
    });
    expect(allowed.headers.get("access-control-allow-credentials")).toBeNull();
    for (const origin of ["https://evil.example", "https://app.example.evil.example", "null", "http://app.example"]) {
      expect((await fetch(open.url, from(origin))).headers.get("access-control-allow-origin")).toBeNull();
    }
    const answer = await ask(open, undefined, "{ __typename }", undefined, { origin: "https://app.example" });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
  });

  test("headers that keep data from being taken for a page, and none that tells what runs here", async () => {
    const server = await served.serve();
    for (const url of [server.url, `${base(server)}/healthz`, `${base(server)}/nowhere`]) {
      const { headers } = await fetch(url);
      expect(headers.get("x-powered-by")).toBeNull();
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toBe("default-src 'none';frame-ancestors 'none'");
    }
    const nowhere = await fetch(`${base(server)}/nowhere`);
    expect(await nowhere.json()).toMatchObject({ errors: [{ extensions: { code: "EJS5016" } }] });
  });

  test("the request's id is the caller's where it is harmless", async () => {
    const server = await served.serve();
    const id = async (given: string) =>
      (await ask(server, undefined, "{ __typename }", undefined, { "x-request-id": given })).headers.get(
        "x-request-id",
      );
    expect(await id("abc-1.2:3_4")).toBe("abc-1.2:3_4");
    expect(await id("a b")).toMatch(/^[0-9a-f-]{36}$/);
    expect(await id("x".repeat(65))).toMatch(/^[0-9a-f-]{36}$/);
  });
});
