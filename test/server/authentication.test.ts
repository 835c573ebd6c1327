import { createHmac } from "node:crypto";
import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineError } from "../../src/errors/engine-error.ts";
import { checkTokenOptions, type TokenOptions } from "../../src/server/authentication/token-options.ts";
import type { RunningServer } from "../../src/server/index.ts";
import { signToken } from "../../src/server/index.ts";
import {
  ask,
  codeOf,
  type ServedInvoicing,
  secret,
  servedInvoicing,
  tenantId,
  userId,
} from "./support/served-invoicing.ts";

let served: ServedInvoicing;
let server: RunningServer;
beforeAll(async () => {
  served = await servedInvoicing();
  server = await served.serve();
});
afterAll(() => served?.close());

const key = new TextEncoder().encode(secret);
const claims = { sub: userId("biller"), tenant: tenantId(1) };
const signed = (contents: Record<string, unknown>, alg = "HS256", signingKey: Parameters<SignJWT["sign"]>[0] = key) =>
  new SignJWT(contents).setProtectedHeader({ alg }).sign(signingKey);
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

const question = "{ invoices { totalCount } }";

/** Sends the Authorization header as it is. */
async function askWith(
  authorization: string,
): Promise<{ status: number; code: unknown; challenge: string | null; data: unknown }> {
  const answer = await ask(server, undefined, question, undefined, { authorization });
  return {
    status: answer.status,
    code: codeOf(answer),
    challenge: answer.headers.get("www-authenticate"),
    data: answer.data,
  };
}

/** What runs when somebody is let in; nothing of it may run for a refused token. */
async function statementsOfServer(): Promise<number> {
  const client = await served.database.client();
  const { rows } = await client.query<{ count: string }>(
    "select coalesce(sum(xact_commit + xact_rollback), 0) as count from pg_stat_database where datname = current_database()",
  );
  return Number(rows[0]?.count);
}

describe("tokens that are refused", () => {
  const forged = async (): Promise<string> => {
    const [header, , signature] = (await signed({ ...claims, exp: inAnHour() })).split(".");
    const payload = Buffer.from(JSON.stringify({ ...claims, sub: userId("owner"), exp: inAnHour() })).toString(
      "base64url",
    );
    return `${header}.${payload}.${signature}`;
  };
  const publicKeyAsSecret = async () => {
    const { publicKey } = await generateKeyPair("RS256", { extractable: true });
    return signed(
      { ...claims, exp: inAnHour() },
      "HS256",
      new TextEncoder().encode(JSON.stringify(await exportJWK(publicKey))),
    );
  };
  const rsa = async () => signed({ ...claims, exp: inAnHour() }, "RS256", (await generateKeyPair("RS256")).privateKey);

  test.each<[string, string, () => string | Promise<string>]>([
    ["no JWT at all", "EJS5001", () => "hello"],
    ["three parts of rubbish", "EJS5001", () => "a.b.c"],
    ["parts that are no JSON", "EJS5001", () => `${Buffer.from("{").toString("base64url")}.e30.c2ln`],
    ["an empty token", "EJS5001", () => ""],
    ["a token of 9,000 characters", "EJS5001", () => `${"a".repeat(4500)}.${"b".repeat(4400)}.cccc`],
    ["alg none", "EJS5003", () => new UnsecuredJWT({ ...claims, exp: inAnHour() }).encode()],
    [
      "another algorithm of the same family",
      "EJS5003",
      () => signed({ ...claims, exp: inAnHour() }, "HS512", new Uint8Array(64)),
    ],
    ["another family", "EJS5003", rsa],
    [
      "another secret",
      "EJS5002",
      () => signToken("another secret of at least 32 bytes", { actor: claims.sub, tenant: claims.tenant }),
    ],
    ["a public key taken for a secret", "EJS5002", publicKeyAsSecret],
    ["a payload that was changed", "EJS5002", forged],
    ["an expired token", "EJS5004", () => signed({ ...claims, exp: inAnHour() - 7200 })],
    ["one that is valid later", "EJS5004", () => signed({ ...claims, nbf: inAnHour(), exp: inAnHour() + 60 })],
    ["one that never expires", "EJS5004", () => signed(claims)],
    ["no subject", "EJS5006", () => signed({ tenant: claims.tenant, exp: inAnHour() })],
    ["a subject that is no UUID", "EJS5006", () => signed({ ...claims, sub: "admin' or true --", exp: inAnHour() })],
    ["no tenant", "EJS5007", () => signed({ sub: claims.sub, exp: inAnHour() })],
    ["a tenant that is no UUID", "EJS5007", () => signed({ ...claims, tenant: "*", exp: inAnHour() })],
    ["a list of tenants", "EJS5007", () => signed({ ...claims, tenant: [claims.tenant], exp: inAnHour() })],
  ])("%s: 401 %s", async (_what, code, make) => {
    expect(await askWith(`Bearer ${await make()}`)).toEqual({
      status: 401,
      code,
      challenge: 'Bearer error="invalid_token"',
      data: undefined,
    });
  });

  test.each(["Basic dXNlcjpwYXNz", "Bearer", "Token x.y.z", "bearer  "])(
    "%j is not taken for no token",
    async (header) => {
      expect(await askWith(header)).toMatchObject({ status: 401, code: "EJS5001" });
    },
  );

  test("and no query runs for them", async () => {
    const token = await signed({ sub: claims.sub, exp: inAnHour() });
    // Let the statistics of what ran before arrive.
    const settle = () => new Promise((resolve) => setTimeout(resolve, 1_500));
    await settle();
    const before = await statementsOfServer();
    for (let i = 0; i < 100; i++) await askWith(`Bearer ${token}`);
    await settle();
    // Each look at the statistics is a transaction or two itself; a hundred requests are not among them.
    expect((await statementsOfServer()) - before).toBeLessThan(50);
  });

  test("a token that expires while it is remembered", async () => {
    const brief = await served.serve({ jwt: { secret, clockToleranceSeconds: 0 } });
    const token = await signed({ ...claims, exp: Math.floor(Date.now() / 1000) + 6 });
    expect((await ask(brief, token, question)).status).toBe(200);
    await expect.poll(async () => (await ask(brief, token, question)).status, { interval: 200 }).toBe(401);
  });
});

describe("headers of a token that name a key", () => {
  const contents = () => ({ ...claims, sub: userId("owner"), exp: inAnHour() });
  const withHeader = (header: Record<string, unknown>, signingKey: Parameters<SignJWT["sign"]>[0]) =>
    new SignJWT(contents()).setProtectedHeader({ alg: "HS256", ...header }).sign(signingKey);
  const mine = new TextEncoder().encode("a key that the forger has chosen himself");
  const jwk = { kty: "oct", k: Buffer.from(mine).toString("base64url"), alg: "HS256" };

  test.each<[string, Record<string, unknown>]>([
    ["kid: a path", { kid: "../../../../dev/null" }],
    ["kid: SQL", { kid: "x' union select 'a key that the forger has chosen himself' --" }],
    ["kid: a URL", { kid: "http://127.0.0.1:1/key" }],
    ["jwk: the key itself", { jwk }],
    ["jku: where to get it", { jku: "http://127.0.0.1:1/jwks.json" }],
    ["x5u", { x5u: "http://127.0.0.1:1/cert.pem" }],
    ["x5c", { x5c: [Buffer.from(mine).toString("base64")] }],
  ])("%s: not looked at", async (_what, header) => {
    expect(await askWith(`Bearer ${await withHeader(header, mine)}`)).toMatchObject({ status: 401, code: "EJS5002" });
    // Where the secret is the server's, they are as harmless.
    expect(await askWith(`Bearer ${await withHeader(header, key)}`)).toMatchObject({ status: 200 });
    // Signed with nothing, as a kid that leads to an empty file would have it.
    const [head, payload] = (await withHeader(header, mine)).split(".");
    const empty = createHmac("sha256", "").update(`${head}.${payload}`).digest("base64url");
    expect(await askWith(`Bearer ${head}.${payload}.${empty}`)).toMatchObject({ status: 401, code: "EJS5002" });
  });

  test.each(["none", "None", "NONE", "nOnE"])("alg %s, with and without a signature", async (alg) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (const signature of ["", "c2ln"]) {
      const token = `${part({ alg, typ: "JWT" })}.${part(contents())}.${signature}`;
      expect(await askWith(`Bearer ${token}`)).toMatchObject({ status: 401 });
    }
  });

  test("a critical extension that nobody knows is refused", async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const signing = `${part({ alg: "HS256", crit: ["x"], x: 1 })}.${part(contents())}`;
    const token = `${signing}.${createHmac("sha256", secret).update(signing).digest("base64url")}`;
    expect(await askWith(`Bearer ${token}`)).toMatchObject({ status: 401 });
  });
});

describe("tokens that are accepted", () => {
  test("text in claims stays text, and makes nobody another actor", async () => {
    const text = `'); set role enginejs_owner; select set_config('enginejs.roles', '{billing}', true); -- $$ \\" \u2028`;
    const plain = await signed({ ...claims, sub: userId("member"), exp: inAnHour() });
    const forged = await signed({
      ...claims,
      sub: userId("member"),
      exp: inAnHour(),
      [text]: text,
      "enginejs.roles": "{billing}",
      role: "enginejs_owner",
      actor: userId("biller"),
      kind: "system",
      tenant_id: tenantId(2),
      ["__proto__"]: { tenant: tenantId(2) },
      constructor: text,
    });
    const ids = "{ invoices(first: 50) { nodes { id } } customers { totalCount } }";
    const answer = await ask(server, forged, ids);
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual((await ask(server, plain, ids)).data);
    const create =
      'mutation { createCustomer(input: { customer: { name: "x", email: "x@example.com" } }) { customer { name } } }';
    expect(codeOf(await ask(server, forged, create))).toBe("EJS5031");
  });

  test("roles are what the membership says now, whatever the token says", async () => {
    const liar = await signed({
      ...claims,
      sub: userId("member"),
      roles: ["billing"],
      role: "enginejs_system",
      exp: inAnHour(),
    });
    const create =
      'mutation { createCustomer(input: { customer: { name: "x", email: "x@example.com" } }) { customer { name } } }';
    expect(codeOf(await ask(server, liar, create))).toBe("EJS5031");
    const client = await served.database.client();
    const setRoles = (roles: string) =>
      client.query("update app.membership set roles = $1 where user_id = $2", [roles, userId("member")]);
    await setRoles("{billing}");
    expect((await ask(server, liar, create)).errors).toEqual([]);
    await setRoles("{member}");
    expect(codeOf(await ask(server, liar, create))).toBe("EJS5031");
  });

  test("a server without `jwt` believes nobody, and serves the anonymous actor", async () => {
    const { jwt: _none, ...options } = { jwt: undefined };
    const open = await served.serve({ ...options, jwt: undefined as never });
    expect((await ask(open, undefined, question)).data).toEqual({ invoices: { totalCount: 0 } });
    expect((await ask(open, await signed({ ...claims, exp: inAnHour() }), question)).status).toBe(401);
  });

  test("issuer and audience, where they are configured", async () => {
    const strict = await served.serve({ jwt: { secret, issuer: "https://issuer.example", audience: "shop" } });
    const status = async (contents: Record<string, unknown>) => {
      const answer = await ask(strict, await signed({ ...claims, exp: inAnHour(), ...contents }), question);
      return [answer.status, answer.errors[0]?.extensions.code];
    };
    expect(await status({ iss: "https://issuer.example", aud: "shop" })).toEqual([200, undefined]);
    expect(await status({ iss: "https://issuer.example", aud: ["shop", "other"] })).toEqual([200, undefined]);
    expect(await status({ iss: "https://issuer.example", aud: "other" })).toEqual([401, "EJS5005"]);
    expect(await status({ iss: "https://evil.example", aud: "shop" })).toEqual([401, "EJS5005"]);
    expect(await status({})).toEqual([401, "EJS5005"]);
  });
});

describe("keys by JWKS", () => {
  let issuer: Server;
  let url: string;
  let answers: () => { status: number; body: string };
  beforeAll(async () => {
    issuer = createHttpServer((_request, response) => {
      const { status, body } = answers();
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
    await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks.json`;
  });
  afterAll(() => new Promise((resolve) => issuer.close(resolve)));

  test("the issuer's key counts, another's does not, and HMAC with the public key does not", async () => {
    const ours = await generateKeyPair("RS256", { extractable: true });
    const theirs = await generateKeyPair("RS256");
    const jwk = { ...(await exportJWK(ours.publicKey)), alg: "RS256" };
    answers = () => ({ status: 200, body: JSON.stringify({ keys: [jwk] }) });
    const byKeys = await served.serve({ jwt: { jwks: url } });
    const contents = { ...claims, exp: inAnHour() };
    expect(
      (await ask(byKeys, await signed(contents, "RS256", ours.privateKey), question)).data.invoices.totalCount,
    ).toBe(40);
    const codeWith = async (token: string) => codeOf(await ask(byKeys, token, question));
    expect(await codeWith(await signed(contents, "RS256", theirs.privateKey))).toBe("EJS5002");
    const confused = await signed(contents, "HS256", new TextEncoder().encode(JSON.stringify(jwk)));
    expect(await codeWith(confused)).toBe("EJS5003");
  });

  test.each([
    ["an error", 500, "oops"],
    ["no key set", 200, '{"keys": 1}'],
    ["no JSON", 200, "<html>"],
  ])("where the issuer answers with %s, tokens cannot be judged: 503", async (_what, status, body) => {
    answers = () => ({ status, body });
    const byKeys = await served.serve({ jwt: { jwks: url } });
    const { privateKey } = await generateKeyPair("RS256");
    const answer = await ask(byKeys, await signed({ ...claims, exp: inAnHour() }, "RS256", privateKey), question);
    expect([answer.status, codeOf(answer)]).toEqual([503, "EJS5008"]);
    expect(answer.text).not.toContain(url);
  });
});

describe("token options", () => {
  test.each<[string, TokenOptions, RegExp]>([
    ["neither", {}, /either `secret` or `jwks`/],
    ["both", { secret, jwks: "https://issuer.example/jwks" }, /either `secret` or `jwks`/],
    ["a short secret", { secret: "4711" }, /shorter than 32 bytes/],
    ["plain http", { jwks: "http://issuer.example/jwks" }, /not an https URL/],
    ["no URL", { jwks: "issuer" }, /not an https URL/],
    ["an asymmetric algorithm with a secret", { secret, algorithms: ["RS256"] }, /cannot be used with `secret`/],
    [
      "a symmetric one with keys",
      { jwks: "https://issuer.example/jwks", algorithms: ["HS256"] },
      /cannot be used with `jwks`/,
    ],
    ["none", { secret, algorithms: ["none"] }, /"none" cannot be used/],
    ["a typing error", { secret, algorithms: ["HS265"] }, /Did you mean "HS256"\?/],
    ["no algorithm", { secret, algorithms: [] }, /no token could be accepted/],
  ])("%s: refused at the start", (_what, options, message) => {
    let caught: EngineError | undefined;
    try {
      checkTokenOptions(options);
    } catch (error) {
      caught = error as EngineError;
    }
    expect(caught?.code).toBe("EJS5051");
    expect(caught?.message).toMatch(message);
    if (options.secret) expect(caught?.message).not.toContain(options.secret);
  });
});
