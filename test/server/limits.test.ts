import { connect as connectSocket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../src/server/index.ts";
import { checkLimits, type RequestLimits } from "../../src/server/server-options.ts";
import { ask, codeOf, type ServedInvoicing, servedInvoicing, tokenOf } from "./support/served-invoicing.ts";

let served: ServedInvoicing;
let server: RunningServer;
let token: string;
beforeAll(async () => {
  served = await servedInvoicing();
  server = await served.serve();
  token = await tokenOf("biller");
});
afterAll(() => served?.close());

const count = (data: { invoices: { nodes: unknown[] } }) => data.invoices.nodes.length;

describe("pages", () => {
  test("a list without first or last is one page, by whatever way they are missing", async () => {
    const small = await served.serve({ limits: { defaultPageSize: 7 } });
    const variables = "query ($first: Int, $last: Int) { invoices(first: $first, last: $last) { nodes { id } } }";
    expect(count((await ask(small, token, "{ invoices { nodes { id } } }")).data)).toBe(7);
    expect(count((await ask(small, token, "{ invoices(first: null) { nodes { id } } }")).data)).toBe(7);
    expect(count((await ask(small, token, variables)).data)).toBe(7);
    expect(count((await ask(small, token, variables, { first: null })).data)).toBe(7);
    expect(count((await ask(small, token, variables, { first: 9 })).data)).toBe(9);
    expect(count((await ask(small, token, variables, { last: 3 })).data)).toBe(3);
    expect(count((await ask(small, token, "{ invoices(last: 2) { nodes { id } } }")).data)).toBe(2);
    expect(count((await ask(small, token, "{ invoices(first: 0) { nodes { id } } }")).data)).toBe(0);
    const { data } = await ask(small, token, "{ invoices(first: 1) { nodes { lines { nodes { id } } } } }");
    expect(data.invoices.nodes[0].lines.nodes).toHaveLength(5);
  });

  test.each<[string, Record<string, unknown> | undefined]>([
    ["{ invoices(first: 501) { nodes { id } } }", undefined],
    ["{ invoices(last: 501) { nodes { id } } }", undefined],
    ["{ invoices(first: -1) { nodes { id } } }", undefined],
    ["{ invoices(offset: 10001) { nodes { id } } }", undefined],
    ["query ($n: Int = 501) { invoices(first: $n) { nodes { id } } }", undefined],
    ["query ($n: Int) { invoices(first: $n) { nodes { id } } }", { n: 2147483647 }],
    ["query ($n: Int) { customers { nodes { invoices(last: $n) { nodes { id } } } } }", { n: 501 }],
    ["{ customers { nodes { ...c } } } fragment c on Customer { invoices(first: 501) { nodes { id } } }", undefined],
    ["{ customers { nodes { ... { invoices(first: 501) { nodes { id } } } } } }", undefined],
    ["{ customers { edges { node { invoices(offset: 10001) { totalCount } } } } }", undefined],
  ])("%s with %j is above the limit: EJS5022", async (query, variables) => {
    const answer = await ask(server, token, query, variables);
    expect(codeOf(answer)).toBe("EJS5022");
    expect(answer.data).toBeUndefined();
    expect(answer.status).toBe(400);
  });

  test.each([
    "{ invoices(first: 1, last: 1) { nodes { id } } }",
    '{ invoices(first: 1, after: "rubbish") { nodes { id } } }',
    '{ invoices(first: 1, after: "WyJhIl0=") { nodes { id } } }',
    "{ invoices(last: 1, offset: 1) { nodes { id } } }",
    "{ invoices(filter: {}) { nodes { id } } }",
    "{ invoices(filter: { number: null }) { nodes { id } } }",
  ])("%s: arguments that make no sense are EJS5024", async (query) => {
    expect(codeOf(await ask(server, token, query))).toBe("EJS5024");
  });
});

describe("rows of one document", () => {
  test("pages within pages multiply, aliases add up", async () => {
    const nested = "{ customers(first: 500) { nodes { invoices(first: 500) { nodes { id } } } } }";
    const answer = await ask(server, token, nested);
    expect(answer.errors[0]?.extensions).toMatchObject({ code: "EJS5025", rows: 250_500, allowed: 50_000 });
    const aliases = Array.from({ length: 101 }, (_, i) => `a${i}: invoices(first: 500) { nodes { id } }`).join(" ");
    expect(codeOf(await ask(server, token, `{ ${aliases} }`))).toBe("EJS5025");
  });

  test("fragments that double at each step are counted without being spelt out", async () => {
    const patient = await served.serve({ limits: { fields: 2 ** 31 - 1 } });
    const steps = 20;
    const fragments = Array.from(
      { length: steps },
      (_, i) => `fragment f${i} on Customer { a: tenant { id } ...f${i + 1} ...f${i + 1} }`,
    );
    const last = `fragment f${steps} on Customer { invoices(first: 1) { nodes { id } } }`;
    const answer = await ask(
      patient,
      token,
      `{ customers(first: 1) { nodes { ...f0 } } } ${fragments.join(" ")} ${last}`,
    );
    expect(codeOf(answer)).toBe("EJS5025");
  });
});

describe("documents", () => {
  test("depth", async () => {
    const deep = (levels: number): string =>
      levels === 0 ? "id" : `customer { invoices(first: 1) { nodes { ${deep(levels - 1)} } } }`;
    expect(codeOf(await ask(server, token, `{ invoices(first: 1) { nodes { ${deep(6)} } } }`))).toBe("EJS5021");
    expect((await ask(server, token, `{ invoices(first: 1) { nodes { ${deep(1)} } } }`)).errors).toEqual([]);
  });

  test("fields: aliases, and fragments that double at each step without a list in them", async () => {
    const fragments = Array.from({ length: 25 }, (_, i) => `fragment f${i} on Customer { ...f${i + 1} ...f${i + 1} }`);
    const bomb = `{ customers { nodes { ...f0 } } } ${fragments.join(" ")} fragment f25 on Customer { id }`;
    const answer = await ask(server, token, bomb);
    expect(codeOf(answer)).toBe("EJS5026");
    expect(answer.data).toBeUndefined();
    const aliases = (count: number) => `{ ${Array.from({ length: count }, (_, i) => `a${i}: __typename`).join(" ")} }`;
    expect(codeOf(await ask(server, token, aliases(1_001)))).toBe("EJS5026");
    expect((await ask(server, token, aliases(1_000))).errors).toEqual([]);
    // Neither used by an operation nor ever to be: planned by nobody, but validated.
    const unused = bomb.replace("{ customers { nodes { ...f0 } } }", "{ __typename }");
    expect(codeOf(await ask(server, token, unused))).toBe("EJS5026");
  });

  test("fragments that spread each other are refused, whatever they count", async () => {
    const circle = "fragment a on Customer { ...b } fragment b on Customer { ...a }";
    expect(codeOf(await ask(server, token, `{ customers { nodes { ...a } } } ${circle}`))).toBe("EJS5020");
  });

  test("size: more tokens than a person writes", async () => {
    const text = `{ ${"invoices { totalCount } ".repeat(4000)} }`;
    expect(codeOf(await ask(server, token, text))).toBe("EJS5020");
  });

  test.each([
    ["{", /Syntax Error/],
    ["{ invoice }", /invoice/],
    ["query A { __typename } query B { __typename }", /operationName/],
    ["fragment f on Query { __typename }", /f/],
    ["subscription { x }", /subscription/i],
    ["{ invoices { nodes { nothing } } }", /nothing/],
  ])("%s is not valid: EJS5020", async (query, message) => {
    const answer = await ask(server, token, query);
    expect(answer.errors[0]).toMatchObject({
      message: expect.stringMatching(message),
      extensions: { code: "EJS5020" },
    });
    expect(answer.data).toBeUndefined();
  });

  test("a variable of the wrong type: EJS5024, and nothing runs", async () => {
    const answer = await ask(server, token, "query ($id: UUID!) { invoice(id: $id) { id } }", { id: "x' or true --" });
    expect(codeOf(answer)).toBe("EJS5024");
    expect(answer.data).toBeUndefined();
  });

  test("introspection is off unless asked for, also in the guesses of messages", async () => {
    const silent = await served.serve({ introspection: false });
    expect(codeOf(await ask(silent, token, "{ __schema { types { name } } }"))).toBe("EJS5023");
    expect(codeOf(await ask(silent, token, '{ __type(name: "Invoice") { name } }'))).toBe("EJS5023");
    expect((await ask(silent, token, "{ __typename }")).data).toEqual({ __typename: "Query" });
    const misspelt = await ask(silent, token, "{ invoic { id } }");
    expect(misspelt.text).not.toContain("Did you mean");
    expect((await ask(server, token, "{ invoic { id } }")).text).toContain("Did you mean");
  });
});

describe("time", () => {
  test("a statement that takes too long is ended, and the connection serves on", async () => {
    const impatient = await served.serve({ limits: { statementTimeoutMs: 3_000 }, poolSize: 1 });
    const holder = await served.database.client();
    await holder.query("begin");
    await holder.query("lock table app.invoice in access exclusive mode");
    try {
      expect(codeOf(await ask(impatient, token, "{ invoices { totalCount } }"))).toBe("EJS5039");
    } finally {
      await holder.query("rollback");
    }
    expect((await ask(impatient, token, "{ invoices { totalCount } }")).data.invoices.totalCount).toBe(40);
  });

  test("the server gives up on its own answer", async () => {
    const impatient = await served.serve({ limits: { requestTimeoutMs: 1_000, statementTimeoutMs: 20_000 } });
    const holder = await served.database.client();
    await holder.query("begin");
    await holder.query("lock table app.invoice in access exclusive mode");
    try {
      const answer = await ask(impatient, token, "{ invoices { totalCount } }");
      expect([answer.status, codeOf(answer)]).toEqual([503, "EJS5014"]);
    } finally {
      await holder.query("rollback");
    }
  });
});

describe("requests", () => {
  const post = (init: RequestInit & { duplex?: "half" }) => fetch(server.url, { method: "POST", ...init });
  const codeFrom = async (response: Response) => [
    response.status,
    ((await response.json()) as { errors: { extensions: { code: string } }[] }).errors[0]?.extensions.code,
  ];
  const json = { "content-type": "application/json" };

  test("a body that is too large, with its length told or not", async () => {
    const body = JSON.stringify({ query: `{ __typename } #${"x".repeat(300 * 1024)}` });
    expect(await codeFrom(await post({ headers: json, body }))).toEqual([413, "EJS5010"]);
    const stream = new Blob([body]).stream();
    expect(await codeFrom(await post({ headers: json, body: stream, duplex: "half" }))).toEqual([413, "EJS5010"]);
  });

  test.each([
    ["", 400, "EJS5011"],
    ["{", 400, "EJS5011"],
    ["[]", 400, "EJS5011"],
    ['"{ __typename }"', 400, "EJS5011"],
    ["{}", 400, "EJS5011"],
    ['{"query": 1}', 400, "EJS5011"],
    ['{"query": "{ __typename }", "variables": []}', 400, "EJS5011"],
    ['{"query": "{ __typename }", "operationName": 1}', 400, "EJS5011"],
    ['{"query": "{ __typename }", "operationName": "nobody"}', 400, "EJS5020"],
  ])("the body %j: %i %s", async (body, status, code) => {
    expect(await codeFrom(await post({ headers: json, body }))).toEqual([status, code]);
  });

  test.each([
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/graphql",
  ])("%s: 415, so that no website's form can ask", async (type) => {
    const body = JSON.stringify({ query: "{ __typename }" });
    expect(await codeFrom(await post({ headers: { "content-type": type }, body }))).toEqual([415, "EJS5012"]);
  });

  test("a packed body: 415, so that a small one cannot become a huge one", async () => {
    const body = gzipSync(JSON.stringify({ query: "{ __typename }" }));
    const packed = await post({ headers: { ...json, "content-encoding": "gzip" }, body });
    expect(await codeFrom(packed)).toEqual([415, "EJS5012"]);
  });

  test("GET, PUT and a media type that we do not have", async () => {
    const get = await fetch(`${server.url}?query={__typename}`);
    expect(get.headers.get("allow")).toBe("POST");
    expect(await codeFrom(get)).toEqual([405, "EJS5013"]);
    expect(await codeFrom(await fetch(server.url, { method: "PUT" }))).toEqual([405, "EJS5013"]);
    const xml = await post({ headers: { ...json, accept: "text/xml" }, body: '{"query":"{ __typename }"}' });
    expect(await codeFrom(xml)).toEqual([406, "EJS5012"]);
  });

  test("the media type of GraphQL over HTTP tells of failed requests by status", async () => {
    const headers = { ...json, accept: "application/graphql-response+json" };
    const good = await post({ headers, body: '{"query":"{ __typename }"}' });
    expect([good.status, good.headers.get("content-type")]).toEqual([
      200,
      "application/graphql-response+json; charset=utf-8",
    ]);
    expect((await post({ headers, body: '{"query":"{ nothing }"}' })).status).toBe(400);
    expect((await post({ headers: json, body: '{"query":"{ nothing }"}' })).status).toBe(200);
  });

  test("a request that ends in the middle of its body harms nobody", async () => {
    await new Promise<void>((resolve) => {
      const socket = connectSocket(server.port, "127.0.0.1", () => {
        socket.write(
          "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{",
        );
        setTimeout(() => socket.destroy(), 50);
      });
      socket.once("close", () => resolve());
    });
    expect((await ask(server, undefined, "{ __typename }")).data).toEqual({ __typename: "Query" });
  });
});

test.each<[string, Partial<RequestLimits>, RegExp]>([
  ["zero", { pageSize: 0 }, /limits\.pageSize is 0/],
  ["a fraction", { depth: 1.5 }, /limits\.depth is 1\.5/],
  ["more than a timer can hold", { requestTimeoutMs: 2 ** 31 }, /limits\.requestTimeoutMs/],
  ["a default above the most", { defaultPageSize: 600 }, /defaultPageSize \(600\) is above/],
  ["an unknown one", { pages: 1 } as never, /limits\.pages is unknown/],
])("limits are checked at the start: %s", (_what, limits, message) => {
  expect(() => checkLimits(limits)).toThrow(message);
});
