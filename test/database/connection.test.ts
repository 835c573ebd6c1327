/** Why a connection did not come about is said in words, and never with the password. */
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../src/database/connection.ts";
import { createPool } from "../../src/database/pool.ts";
import { requireServer } from "../../src/database/require-server.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { SilentProxy } from "../tasks/support/silent-proxy.ts";

const secret = "s3cr%C3%A9t";
let database: TestDatabase;
const servers: Server[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  for (const server of servers) server.close();
  await database.drop();
});

async function failureOf(url: string, options = {}): Promise<Error & { code: string }> {
  const failure = await connect(url, options).then(
    () => new Error("it connected"),
    (error) => error,
  );
  const shown = `${failure.message} ${failure.stack} ${JSON.stringify(failure.diagnostics)} ${JSON.stringify(failure.cause)}`;
  for (const text of [secret, decodeURIComponent(secret)]) expect(shown).not.toContain(text);
  return failure as Error & { code: string };
}

async function listen(answer: (socket: import("node:net").Socket) => void): Promise<number> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

function changed(change: Partial<Pick<URL, "username" | "password" | "pathname" | "port" | "search">>): string {
  return Object.assign(new URL(database.url), change).href;
}

test("a wrong password", async () => {
  const failure = await failureOf(changed({ password: secret }));
  expect(failure.code).toBe("EJS4011");
  expect(failure.message).toMatch(/refused the login of role "\w+": password authentication failed/);
});

test("a role that does not exist", async () => {
  expect(await failureOf(changed({ username: "nobody_here", password: secret }))).toMatchObject({ code: "EJS4011" });
});

test("a database that does not exist", async () => {
  const failure = await failureOf(changed({ pathname: "/no%22such" }));
  expect(failure.code).toBe("EJS4012");
  expect(failure.message).toContain('The database "no"such" does not exist');
  expect(JSON.stringify(failure)).toContain('create database \\"no\\"\\"such\\"');
});

test("nothing listens", async () => {
  const port = await listen(() => undefined);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  const failure = await failureOf(`postgresql://me:${secret}@127.0.0.1:${port}/db`);
  expect(failure.code).toBe("EJS4010");
  expect(failure.message).toContain(`127.0.0.1:${port}: nothing listens there`);
});

test("a host whose name is not known", async () => {
  expect(await failureOf(`postgresql://me:${secret}@no-such-host.invalid/db`)).toMatchObject({ code: "EJS4010" });
});

test("something else listens", async () => {
  const port = await listen((socket) => socket.destroy());
  expect(await failureOf(`postgresql://me:${secret}@127.0.0.1:${port}/db`)).toMatchObject({ code: "EJS4010" });
});

test("something that never answers", async () => {
  const port = await listen(() => undefined);
  const failure = await failureOf(`postgresql://me:${secret}@127.0.0.1:${port}/db`, { connectTimeout: 200 });
  expect(failure.code).toBe("EJS4010");
});

test.each([
  ["57P03", "the database system is starting up", "try again in a moment"],
  ["53300", "sorry, too many clients already", "max_connections"],
])("a server that says %s", async (state, says, hint) => {
  const port = await listen((socket) =>
    socket.once("data", () => {
      const fields = Buffer.from(`SFATAL\0VFATAL\0C${state}\0M${says}\0\0`);
      const head = Buffer.from("E\0\0\0\0");
      head.writeInt32BE(fields.length + 4, 1);
      socket.end(Buffer.concat([head, fields]));
    }),
  );
  const failure = await failureOf(`postgresql://me:${secret}@127.0.0.1:${port}/db`);
  expect(failure).toMatchObject({ code: "EJS4010", message: expect.stringContaining(says) });
  expect(JSON.stringify(failure)).toContain(hint);
});

test("a server without TLS", async () => {
  const port = await listen((socket) => socket.on("data", () => socket.write("N")));
  const failure = await failureOf(`postgresql://me:${secret}@127.0.0.1:${port}/db?sslmode=require`);
  expect(failure.code).toBe("EJS4013");
});

test("a malformed URL is not repeated", async () => {
  for (const url of [`postgres//me:${secret}@host/db`, `mysql://me:${secret}@host/db`, ""]) {
    expect(await failureOf(url)).toMatchObject({ code: "EJS4016" });
  }
});

test("a role that may not connect is told what to grant", async () => {
  const admin = await database.administrator();
  const login = `no_connect_${database.name}`;
  await admin.query(`create role ${login} login password 'x'; revoke connect on database ${database.name} from public`);
  const failure = await failureOf(changed({ username: login, password: "x" }));
  await admin.query(`grant connect on database ${database.name} to public; drop role ${login}`);
  expect(failure.code).toBe("EJS4015");
  expect(JSON.stringify(failure)).toContain(`grant connect on database \\"${database.name}\\" to \\"${login}\\";`);
});

test("a server that is too old", async () => {
  const old = { query: async () => ({ rows: [{ version: 140_011, role: "me", database: "db" }] }) };
  await expect(requireServer(old as never)).rejects.toMatchObject({ code: "EJS4014" });
});

test("what the server is", async () => {
  const found = await requireServer(await database.client());
  expect(found.majorVersion).toBeGreaterThanOrEqual(15);
  expect(found.database).toBe(database.name);
});

test("a pool's connection that falls silent before anybody has got it does not keep its place", async () => {
  const proxy = await SilentProxy.before(database.url, "set jit");
  const onConnect = (client: import("pg").ClientBase) => client.query("set jit = off");
  const pool = createPool(proxy.url, { max: 1, connectTimeout: 3_000, onConnect });
  try {
    for (const _ of [1, 2]) await expect(pool.query("select 1")).rejects.toMatchObject({ code: "ETIMEDOUT" });
    expect(pool.totalCount).toBe(0);
  } finally {
    proxy.close();
    await pool.end();
  }
});
