/** What a policy may ask of the request: its origin and address, and what a caller can make of them by headers. */
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EngineError } from "../../src/errors/engine-error.ts";
import { type TrustProxy, trustedProxies } from "../../src/server/http/trusted-proxies.ts";
import { ask, type ServedInvoicing, servedInvoicing, tokenOf } from "./support/served-invoicing.ts";

let served: ServedInvoicing;
let owner: pg.Client;
let token: string;
beforeAll(async () => {
  served = await servedInvoicing();
  owner = await served.database.client();
  token = await tokenOf("biller");
});
afterAll(() => served?.close());

/** Customers are there for requests of which the condition holds. */
const onlyWhere = (condition: string) =>
  owner.query(`drop policy if exists only_where on app.customer;
    create policy only_where on app.customer as restrictive for select to enginejs_user using (${condition})`);
const isServed = async (server: { readonly port: number }, headers: Record<string, string>): Promise<boolean> =>
  (await ask(server, token, "{ customers { totalCount } }", undefined, headers)).data.customers.totalCount > 0;

describe("request.ip", () => {
  const local = "enginejs.request_ip() = '127.0.0.1'";
  const claimed = "enginejs.request_ip() = '192.0.2.9'";

  test("is the other end of the connection, whatever headers say", async () => {
    const server = await served.serve();
    const headers = {
      "x-forwarded-for": "192.0.2.9",
      "x-real-ip": "192.0.2.9",
      forwarded: "for=192.0.2.9",
      "cf-connecting-ip": "192.0.2.9",
      "true-client-ip": "192.0.2.9",
    };
    await onlyWhere(local);
    expect(await isServed(server, headers)).toBe(true);
    await onlyWhere(claimed);
    expect(await isServed(server, headers)).toBe(false);
  });

  test.each<[string, TrustProxy, string, boolean]>([
    ["one proxy: what it has added", 1, "192.0.2.9", true],
    ["one proxy: what stands left of that is the caller's own word", 1, "192.0.2.9, 198.51.100.1", false],
    ["two proxies", 2, "192.0.2.9, 198.51.100.1", true],
    ["with a port", 1, "192.0.2.9:4711", true],
    ["as IPv6", 1, "::ffff:192.0.2.9", true],
    ["a proxy by its address", ["127.0.0.1"], "192.0.2.9", true],
    ["a proxy by its network", ["127.0.0.0/8", "198.51.100.0/24"], "192.0.2.9, 198.51.100.1", true],
    ["another proxy than the one that calls", ["198.51.100.1"], "192.0.2.9", false],
    ["no proxy", 0, "192.0.2.9", false],
    ["no address", 1, "192.0.2.9 or so", false],
  ])("%s", async (_what, trustProxy, forwarded, expected) => {
    const server = await served.serve({ trustProxy });
    await onlyWhere(claimed);
    expect(await isServed(server, { "x-forwarded-for": forwarded })).toBe(expected);
    if (forwarded !== "192.0.2.9 or so") return;
    await onlyWhere("enginejs.request_ip() is null");
    expect(await isServed(server, { "x-forwarded-for": forwarded })).toBe(true);
  });

  test("a proxy that asks for itself is who asks", async () => {
    const server = await served.serve({ trustProxy: 1 });
    await onlyWhere(local);
    expect(await isServed(server, {})).toBe(true);
  });

  test.each<[TrustProxy, RegExp]>([
    [["10.0.0.0/99"], /"10\.0\.0\.0\/99"/],
    [["proxy.example"], /"proxy\.example"/],
    [["10.0.0.0/8/8"], /no network/],
    [["10.0.0.0/"], /no network/],
    [1.5, /1\.5/],
    [-1, /-1/],
  ])("trustProxy %j is refused at the start", (given, message) => {
    expect(() => trustedProxies(given)).toThrow(EngineError);
    expect(() => trustedProxies(given)).toThrow(message);
  });
});

describe("request.origin", () => {
  let server: { readonly port: number };
  beforeAll(async () => {
    server = await served.serve();
  });
  beforeEach(() => onlyWhere("enginejs.request_origin() = 'https://app.example'"));

  test("is the header's, where that is one origin", async () => {
    expect(await isServed(server, { origin: "https://app.example" })).toBe(true);
    expect(await isServed(server, { origin: "https://app.example.evil" })).toBe(false);
    expect(await isServed(server, {})).toBe(false);
  });

  test.each([
    "null",
    "https://app.example/",
    "https://app.example, https://b.example",
    "*",
    "a".repeat(5_000),
    "'\"\\",
  ])("%j is none", async (origin) => {
    await onlyWhere("enginejs.request_origin() is null");
    expect(await isServed(server, { origin })).toBe(true);
  });
});

test("no header makes one another actor, gives a role, or another tenant", async () => {
  const server = await served.serve();
  await onlyWhere("enginejs.actor_kind() = 'user' and enginejs.actor_roles() = '{member}'");
  const member = await tokenOf("member");
  const headers = {
    "x-enginejs-role": "enginejs_system",
    "x-role": "billing",
    "x-tenant": "00000000-0000-4000-8000-000000000002",
    "x-enginejs-kind": "service",
    "x-request-id": `a'); set role enginejs_owner; --`,
    "x-hasura-role": "admin",
    "pgrst-role": "enginejs_owner",
  };
  const answer = await ask(server, member, "{ customers { nodes { id } } }", undefined, headers);
  expect(answer.errors).toEqual([]);
  expect(answer.data.customers.nodes).toHaveLength(10);
  const plain = await ask(server, member, "{ customers { nodes { id } } }");
  expect(answer.data).toEqual(plain.data);
});
