/**
 * Requests per second, and CPU-seconds of the server per request, at 16 connections: ours, PostGraphile as its
 * documentation sets it up, and a handler written by hand (shown).
 */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import autocannon from "autocannon";
import { ensureLogins } from "../src/database/logins.ts";
import { signToken } from "../src/server/index.ts";
import { enginejs, startBenchServer } from "./bench-server.ts";
import { type Bench, lessIsBetter, median, moreIsBetter } from "./measure.ts";

const secret = "the benchmark's secret, 32 bytes or more";
const connections = 16;

/** The same question in each server's own names. */
const cases = [
  {
    name: "nested list",
    ours: "{ invoices(first: 20, orderBy: [NUMBER_ASC]) { nodes { id number customer { name } lines(first: 5) { nodes { description total } } } } }",
    postgraphile:
      "{ invoices(first: 20, orderBy: [NUMBER_ASC]) { nodes { rowId number tenantCustomer { name } invoiceLinesByTenantIdAndInvoiceId(first: 5) { nodes { description total } } } } }",
    handWritten: "nested",
    count: (body: string) => body.split('"description"').length - 1,
  },
  {
    name: "simple list",
    ours: "{ customers(first: 10, orderBy: [NAME_ASC]) { nodes { id name email } } }",
    postgraphile: "{ customers(first: 10, orderBy: [NAME_ASC]) { nodes { rowId name email } } }",
    handWritten: "simple",
    count: (body: string) => body.split('"email"').length - 1,
  },
];

interface Side {
  readonly name: string;
  readonly process: ChildProcess;
  readonly port: number;
  request(test: (typeof cases)[number]): { path: string; body: string };
}

const bench: Bench = {
  async *run({ smoke, turns, progress }) {
    const postgres = await startBenchServer();
    const sides: Side[] = [];
    try {
      progress("building examples/invoicing");
      const url = await postgres.create("graphql");
      await enginejs("sql", "build", "--project", "examples/invoicing", "--database", url);
      await enginejs("seed", "--project", "examples/invoicing", "--database", url);
      const { actor, tenant } = await biller(url);
      const token = await signToken(secret, { actor, tenant });
      const { serverUrl } = await ensureLogins(url);
      const start = (name: string, file: string, request: Side["request"]) => startSide(name, file, serverUrl, request);
      const document = (query: string) => ({ path: "/graphql", body: JSON.stringify({ query }) });
      const ours = await start("ours", "serve-ours.ts", (test) => document(test.ours));
      sides.push(ours);
      const postgraphile = await start("postgraphile", "serve-postgraphile.ts", (test) => document(test.postgraphile));
      sides.push(postgraphile);
      const handWritten = await start("hand-written", "serve-hand-written.ts", (test) => ({
        path: `/${test.handWritten}`,
        body: "",
      }));
      sides.push(handWritten);

      for (const test of cases) {
        await compareAnswers(sides, test, token);
        const figures = new Map(sides.map((side) => [side, { perSecond: [] as number[], cpu: [] as number[] }]));
        progress(`${test.name}: ${turns} turns each`);
        for (const side of sides) await load(side, test, token, smoke ? 1 : 3);
        for (let turn = 0; turn < turns; turn++) {
          for (const side of sides) {
            const { perSecond, cpuPerRequest } = await load(side, test, token, smoke ? 1 : 5);
            figures.get(side)?.perSecond.push(perSecond);
            figures.get(side)?.cpu.push(cpuPerRequest);
          }
        }
        const of = (side: Side) => ({
          perSecond: median(figures.get(side)?.perSecond ?? []),
          cpu: median(figures.get(side)?.cpu ?? []) * 1000,
        });
        for (const peer of [postgraphile, handWritten]) {
          const [a, b] = [of(ours), of(peer)];
          yield {
            case: test.name,
            ours: a.perSecond,
            peer: b.perSecond,
            peerName: peer.name,
            unit: "requests/s",
            ratio: moreIsBetter(a.perSecond, b.perSecond),
          };
          yield {
            case: `${test.name}, CPU`,
            ours: a.cpu,
            peer: b.cpu,
            peerName: peer.name,
            unit: "CPU-ms/request",
            ratio: lessIsBetter(a.cpu, b.cpu),
          };
        }
      }
    } finally {
      for (const side of sides) side.process.disconnect();
      await postgres.stop();
    }
  },
};
export default bench;

async function biller(url: string): Promise<{ actor: string; tenant: string }> {
  const { default: pg } = await import("pg");
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<{ actor: string; tenant: string }>(
    "select user_id as actor, tenant_id as tenant from app.membership where 'billing' = any (roles) order by tenant_id, user_id limit 1",
  );
  await client.end();
  if (rows[0] === undefined) throw new Error("the demo data has no biller");
  return rows[0];
}

function startSide(name: string, file: string, serverUrl: string, request: Side["request"]): Promise<Side> {
  const child = fork(join(import.meta.dirname, "graphql", file), {
    env: { ...process.env, NODE_ENV: "production", DATABASE_URL: serverUrl, JWT_SECRET: secret },
  });
  return new Promise((resolve, reject) => {
    child.once("message", (message: { port: number }) =>
      resolve({ name, process: child, port: message.port, request }),
    );
    child.once("exit", (code) => reject(new Error(`${name} ended with ${code} before it listened`)));
  });
}

/** A benchmark of different answers would mean nothing: each side must render the same number of rows. */
async function compareAnswers(sides: readonly Side[], test: (typeof cases)[number], token: string): Promise<void> {
  const counts = new Map<string, number>();
  for (const side of sides) {
    const { path, body } = side.request(test);
    const response = await fetch(`http://127.0.0.1:${side.port}${path}`, {
      method: "POST",
      headers: headers(token),
      body: body || null,
    });
    const text = await response.text();
    if (!response.ok || text.includes('"errors"'))
      throw new Error(`${side.name} answers ${response.status}: ${text.slice(0, 500)}`);
    counts.set(side.name, test.count(text));
  }
  if (new Set(counts.values()).size !== 1 || [...counts.values()][0] === 0) {
    throw new Error(`the sides answer differently: ${JSON.stringify([...counts])}`);
  }
}

const headers = (token: string) => ({ "content-type": "application/json", authorization: `Bearer ${token}` });

async function load(
  side: Side,
  test: (typeof cases)[number],
  token: string,
  seconds: number,
): Promise<{ perSecond: number; cpuPerRequest: number }> {
  const { path, body } = side.request(test);
  const before = await cpuSeconds(side);
  const result = await autocannon({
    url: `http://127.0.0.1:${side.port}${path}`,
    method: "POST",
    headers: headers(token),
    body,
    connections,
    duration: seconds,
  });
  const after = await cpuSeconds(side);
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${side.name}: ${result.non2xx} refused, ${result.errors} broken`);
  return { perSecond: result["2xx"] / result.duration, cpuPerRequest: (after - before) / result["2xx"] };
}

function cpuSeconds(side: Side): Promise<number> {
  return new Promise((resolve) => {
    side.process.once("message", (message: { cpuSeconds: number }) => resolve(message.cpuSeconds));
    side.process.send("usage");
  });
}
