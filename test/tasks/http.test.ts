/** The http.request step: what it sends, what it takes for an answer, and where it does not go. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { NonRetryableError } from "../../src/dsl/non-retryable-error.ts";
import type { NodeOf } from "../../src/model/index.ts";
import { signedRequest } from "../../src/server/webhooks/schemes.ts";
import { httpRequest } from "../../src/tasks/http-request.ts";
import { attemptLimit } from "../../src/tasks/node-traits.ts";
import { isPrivateAddress } from "../../src/tasks/private-address.ts";
import { postWebhook } from "../../src/tasks/webhook-post.ts";
import { ids, makeInvoice, workflowOf } from "./support/invoicing-database.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let world: WorkflowWorld;
let server: Server;
let base: string;
const asked: Asked[] = [];
/** What the server answers, in turn; then 200. */
let answers: { status: number; headers?: Record<string, string>; body?: string }[] = [];

beforeAll(async () => {
  world = await WorkflowWorld.make();
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      asked.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
      const {
        status,
        headers,
        body: answer,
      } = answers.shift() ?? { status: 200, headers: { "content-type": "application/json" }, body: '{"ok": true}' };
      response.writeHead(status, headers).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await world.stopWorker();
  asked.length = 0;
  answers = [];
});
afterAll(async () => {
  server.close();
  await world.end();
});

/** Starts a run with one request; the invoice that it is about. */
async function begin(name: string, change: Partial<NodeOf<"http.request">>): Promise<string> {
  await world.start([
    workflowOf({
      name,
      trigger: { kind: "model", entity: "Invoice", event: "action", action: "pay" },
      nodes: [
        {
          id: "ask",
          kind: "http.request",
          method: "POST",
          url: JSON.stringify(`${base}/hook`),
          headers: {},
          body: { number: "record.number", amount: "record.subtotal" },
          privateHosts: ["127.0.0.1"],
          accept: [],
          response: { type: "object", properties: { ok: { type: "boolean" } } },
          ...change,
        },
        { id: "sum", kind: "transform", values: { status: "ask.status", ok: "ask.body.ok" } },
      ],
    }),
  ]);
  return world.paid();
}

async function run(name: string, change: Partial<NodeOf<"http.request">>) {
  const ended = await world.ended(name, await begin(name, change));
  return { ended, steps: await world.steps(ended.id) };
}

describe("http.request", () => {
  it("sends JSON with a stable key, signed as Standard Webhooks say, and keeps the answer", async () => {
    process.env.TEST_HOOK_SECRET = `whsec_${Buffer.from("a key").toString("base64")}`;
    const { ended, steps } = await run("asks", {
      secret: "TEST_HOOK_SECRET",
      headers: { "X-Number": "record.number", "X-None": "null" },
    });
    expect(ended).toMatchObject({ status: "done", error: null });
    expect(steps.sum).toEqual({ status: 200, ok: true });
    const [{ headers, body, method } = { headers: {} as IncomingHttpHeaders, body: "", method: "" }] = asked;
    expect(method).toBe("POST");
    expect(JSON.parse(body)).toEqual({ number: expect.stringMatching(/^inv-/), amount: 1_000 });
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "idempotency-key": `${ended.id}:ask`,
      "webhook-id": `${ended.id}:ask`,
    });
    expect(headers["x-number"]).toMatch(/^inv-/);
    expect(headers).not.toHaveProperty("x-none");
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const signature = createHmac("sha256", "a key").update(signed).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${signature}`);
  });

  it("signs in a loop what receivers of Standard Webhooks take: an id without full stops", async () => {
    process.env.TEST_HOOK_SECRET = "hook";
    await world.start([
      workflowOf({
        name: "asks-each",
        trigger: { kind: "model", entity: "Invoice", event: "action", action: "pay" },
        nodes: [
          { id: "all", kind: "crud.list", entity: "Invoice", where: "row.id == record.id", order: [], limit: 10 },
          {
            id: "each",
            kind: "forEach",
            items: "all.rows",
            item: { entity: "Invoice" },
            as: "item",
            limit: 1,
            body: {
              nodes: [
                {
                  id: "ask",
                  kind: "http.request",
                  method: "POST",
                  url: JSON.stringify(`${base}/hook`),
                  headers: {},
                  body: { n: "item.number" },
                  secret: "TEST_HOOK_SECRET",
                  privateHosts: ["127.0.0.1"],
                  accept: [],
                },
              ],
              edges: [],
            },
          },
        ],
      }),
    ]);
    const { id, status, error } = await world.ended("asks-each", await world.paid());
    expect({ status, error }).toEqual({ status: "done", error: null });
    expect(asked.map(({ headers }) => headers["idempotency-key"])).toEqual([`${id}:each[0].ask`]);
    const trigger = {
      kind: "webhook",
      path: "x",
      secret: "X",
      scheme: "standard-webhooks",
      toleranceMs: 300_000,
    } as const;
    for (const { headers, body } of asked)
      expect(signedRequest(trigger, headers, body, "hook")).toMatchObject({
        id: expect.stringMatching(/:each\[\d\]\/ask$/),
      });
  });

  it("carries on the trace of the request that wrote, unless the step has a header of its own", async () => {
    const traceparent = "00-1234567890abcdef1234567890abcdef-00f067aa0ba902b7-01";
    const paidIn = async (workflow: string, request: object) => {
      const invoice = await makeInvoice(world.client, `${workflow}-${asked.length}`);
      await world.client.query("begin");
      await world.client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'test', $3)", [
        ids.biller,
        ids.tenant,
        JSON.stringify(request),
      ]);
      await world.client.query("select app.pay_invoice($1)", [invoice]);
      await world.client.query("commit");
      expect(await world.ended(workflow, invoice)).toMatchObject({ status: "done" });
    };
    await run("traced", {});
    await paidIn("traced", { traceparent });
    await paidIn("traced", { traceparent: "00-\r\nx-evil: 1" });
    await world.stopWorker();
    await run("traced-itself", { headers: { Traceparent: '"mine"' } });
    expect(asked.map(({ headers }) => headers.traceparent)).toEqual([undefined, traceparent, undefined, "mine"]);
  });

  it("tries a busy server again with the same key, and takes a refusal as final", async () => {
    answers = [{ status: 503 }, { status: 429 }];
    expect((await run("busy", {})).ended).toMatchObject({ status: "done", attempts: 3 });
    expect(new Set(asked.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    await world.stopWorker();
    answers = [{ status: 404, body: "nothing here" }];
    expect((await run("refused", {})).ended).toMatchObject({
      status: "failed",
      attempts: 1,
      error: expect.stringMatching(/answers 404: nothing here/),
    });
    await world.stopWorker();
    answers = [{ status: 404, headers: { "content-type": "application/json" }, body: '{"error": "none"}' }];
    expect((await run("accepted-other", { accept: [200, 404] })).steps.sum).toEqual({ status: 404, ok: null });
    await world.stopWorker();
    answers = [{ status: 404, headers: { "content-type": "application/json" }, body: '{"ok": false}' }];
    expect((await run("accepted", { accept: [200, 404] })).steps.sum).toEqual({ status: 404, ok: false });
  });

  it("waits as long as a busy server asks for", async () => {
    answers = [{ status: 429, headers: { "retry-after": "3600" } }];
    const invoice = await begin("patient", {});
    const { waiting_for } = await world.until("patient", invoice, (run) => run.waiting_for?.[0]?.kind === "retry");
    const until = waiting_for?.[0]?.until;
    const { rows } = await world.client.query(
      "select $1::timestamptz between now() + interval '58 min' and now() + interval '61 min' as far",
      [until],
    );
    expect(rows).toEqual([{ far: true }]);
  });

  it("does not go on with an answer that is not what its schema says", async () => {
    const json = { "content-type": "application/json" };
    const response = {
      type: "object",
      properties: { ok: { type: "boolean" } },
      required: ["ok"],
      additionalProperties: false,
    };
    answers = [{ status: 200, headers: json, body: '{"ok": "yes"}' }];
    expect((await run("misfit", { response })).ended).toMatchObject({
      status: "failed",
      attempts: 1,
      error: expect.stringMatching(
        /^EJS6023: Workflow misfit, step ask: POST 127.0.0.1:\d+ answers what does not fit: ok: /,
      ),
    });
    await world.stopWorker();
    answers = [{ status: 200, headers: json, body: '{"ok": true, "more": 1}' }];
    expect((await run("more", { response })).steps.sum).toEqual({ status: 200, ok: true });
  });

  it("does not go to a private address unless its host is named, and follows no redirect", async () => {
    const { ended } = await run("private", { privateHosts: [] });
    expect(ended).toMatchObject({
      status: "failed",
      attempts: 1,
      error: expect.stringMatching(/127\.0\.0\.1 is at the private address/),
    });
    await world.stopWorker();
    const byName = await run("private-name", { url: JSON.stringify(`${base.replace("127.0.0.1", "localhost")}/hook`) });
    expect(byName.ended).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/localhost is at the private address/),
    });
    expect(asked).toEqual([]);
    await world.stopWorker();
    answers = [{ status: 302, headers: { location: "http://169.254.169.254/latest/meta-data" } }];
    expect((await run("redirected", {})).ended).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/answers 302/),
    });
    expect(asked).toHaveLength(1);
  });

  it("gives up an answer that is too long, and one that does not come", async () => {
    const request = {
      method: "GET",
      url: `${base}/`,
      headers: {},
      privateHosts: ["127.0.0.1"],
      signal: AbortSignal.timeout(5_000),
    };
    answers = [{ status: 200, body: "x".repeat(1_100_000) }];
    await expect(httpRequest(request)).rejects.toThrow(/more than 1048576 bytes/);
    const never = createServer(() => undefined);
    await new Promise<void>((resolve) => never.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(never.address() as AddressInfo).port}/`;
    await expect(httpRequest({ ...request, url, signal: AbortSignal.timeout(100) })).rejects.toThrow(/abort|timeout/i);
    never.closeAllConnections();
    never.close();
  });

  it("gives an attempt a minute where the step says nothing: a server that never answers holds no hand for ever", () => {
    const node: NodeOf<"http.request"> = {
      id: "ask",
      kind: "http.request",
      method: "GET",
      url: '"x"',
      headers: {},
      privateHosts: [],
      accept: [],
    };
    expect(attemptLimit(node)).toBe(60_000);
    expect(attemptLimit({ ...node, timeoutMs: 5 })).toBe(5);
  });

  it("sends no line break of a value as another header, and does not try that again", async () => {
    const request = { method: "GET", url: `${base}/`, privateHosts: ["127.0.0.1"], signal: AbortSignal.timeout(5_000) };
    for (const value of ["x\r\nx-admin: 1", "x\ny", "x\0", "\u0100"]) {
      const sent = httpRequest({ ...request, headers: { "x-note": value } });
      await expect(sent, JSON.stringify(value)).rejects.toThrow(NonRetryableError);
      await expect(sent).rejects.toThrow(/^the header x-note cannot be sent/);
    }
    expect(asked).toEqual([]);
  });

  it.for([
    "2130706433",
    "0x7f000001",
    "017700000001",
    "127.1",
    "0",
    "0x7f.0.0.1",
    "127.0.0.1.",
    "user:password@127.0.0.1",
    "１２７.0.0.1",
    "127。0。0。1",
    "localhost",
    "LOCALHOST.",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
  ])("knows this machine as %s", async (host) => {
    const url = `http://${host}:${new URL(base).port}/`;
    const request = { method: "GET", url, headers: {}, privateHosts: [], signal: AbortSignal.timeout(5_000) };
    // A machine without IPv6 or such a name answers with another error: asked is it in no case.
    await expect(httpRequest(request)).rejects.toThrow(/private address|ENOTFOUND|EAI_AGAIN/);
    expect(
      await postWebhook({ ...request, url: url.replace("http:", "https:"), body: "", timeout: 5_000 }),
    ).toMatchObject({
      status: null,
      error: expect.stringMatching(/^(the URL leads to no public address|ENOTFOUND|EAI_AGAIN)$/),
    });
    expect(asked).toEqual([]);
  });
});

describe("isPrivateAddress", () => {
  it.for([
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:10.0.0.1",
    "::ffff:7f00:1",
    "64:ff9b::a00:1",
    "2002:0a00:0001::",
    "ff02::1",
    "no address",
  ])("%s is", (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.for(["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])("%s is not", (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });
});
