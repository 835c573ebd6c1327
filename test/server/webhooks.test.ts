/** Requests from outside: signed, fresh, each once, and what they start. */
import { createHmac } from "node:crypto";
import { request } from "node:http";
import { gzipSync } from "node:zlib";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Workflow } from "../../src/model/index.ts";
import type { RunningServer } from "../../src/server/index.ts";
import { signedRequest, type WebhookTrigger } from "../../src/server/webhooks/schemes.ts";
import { signMessage } from "../../src/tasks/sign-message.ts";
import { recordBuild, type ServedInvoicing, servedInvoicing } from "./support/served-invoicing.ts";

const trigger = (change: Partial<WebhookTrigger> = {}): WebhookTrigger => ({
  kind: "webhook",
  path: "pay",
  secret: "PAY_SECRET",
  scheme: "standard-webhooks",
  toleranceMs: 300_000,
  ...change,
});
const workflow = (name: string, of: WebhookTrigger, input?: Workflow["input"]): Workflow => ({
  name,
  version: 1,
  type: "orchestrated",
  execution: "event-driven",
  trigger: of,
  as: "system",
  retry: { attempts: 1, backoff: "fixed", initialMs: 1, maxMs: 1 },
  ...(input === undefined ? {} : { input }),
  nodes: [
    { id: "start", kind: "start" },
    { id: "end", kind: "end" },
  ],
  edges: [{ from: "start", to: "end" }],
});

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const environment: Record<string, string | undefined> = { PAY_SECRET: secret, HUB_SECRET: "hub" };
const input: Workflow["input"] = {
  type: "object",
  properties: { amount: { type: "integer" } },
  required: ["amount"],
};

let served: ServedInvoicing;
let server: RunningServer;
let client: pg.Client;
beforeAll(async () => {
  served = await servedInvoicing();
  client = await served.database.client();
  const workflows = [
    workflow("on-pay", trigger(), input),
    workflow("on-push", trigger({ path: "hub", secret: "HUB_SECRET", scheme: "github" })),
    workflow("unset", trigger({ path: "unset", secret: "NOBODY_SET_IT" })),
  ];
  await recordBuild(served.database.url, { ...served.system, workflows });
  server = await served.serve({ webhookSecret: (name) => environment[name], limits: { bodyBytes: 4_000 } });
});
afterAll(() => served?.close());
beforeEach(() => client.query("delete from enginejs.workflow_events_pending"));

const seconds = () => Math.floor(Date.now() / 1_000);
async function post(
  name: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
  method = "POST",
) {
  const response = await fetch(`http://127.0.0.1:${server.port}/webhooks/${name}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(method === "GET" ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, code: JSON.parse(text).errors?.[0]?.extensions.code as string | undefined, text };
}
const signed = (id: string, body: string, time = seconds(), by = secret) =>
  post("pay", body, signMessage(by, id, time, body));
const inputs = async (name = "on-pay") =>
  (
    await client.query(
      `select e.input from enginejs.workflow_events_pending p join enginejs.workflow_events e on e.id = p.event_id
       where p.model = 'workflow:' || $1 order by e.id`,
      [name],
    )
  ).rows.map((row) => row.input);

describe("a signed request", () => {
  it("starts the workflow with its body, and is answered when that is committed", async () => {
    expect(await signed("m1", '{"amount": 5, "note": "ümlaut ✓"}')).toMatchObject({
      status: 202,
      text: '{"accepted":true}',
    });
    expect(await inputs()).toEqual([{ amount: 5, note: "ümlaut ✓" }]);
    const { rows } = await client.query(
      "select actor, origin from enginejs.workflow_events where model = 'workflow:on-pay'",
    );
    expect(rows).toEqual([{ actor: null, origin: { requestId: "pay:m1", depth: 0 } }]);
  });

  it("that comes again counts once, also at the same time", async () => {
    const body = '{"amount": 6}';
    const answers = await Promise.all(Array.from({ length: 8 }, () => signed("m2", body)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(202));
    expect(await signed("m2", body)).toMatchObject({ status: 202 });
    expect(await inputs()).toEqual([{ amount: 6 }]);
  });

  it("that is too old, or ahead of time, is refused", async () => {
    const now = seconds();
    // A loaded machine takes its time until it is received.
    for (const time of [now - 301, now + 360]) {
      expect(await signed(`t${time}`, '{"amount": 1}', time)).toMatchObject({ status: 401, code: "EJS5017" });
    }
    expect(await signed("t", '{"amount": 1}', now - 240)).toMatchObject({ status: 202 });
    expect(await inputs()).toHaveLength(1);
  });

  it("with another secret, body, id or time, or without a signature, is refused in the same words", async () => {
    const body = '{"amount": 7}';
    const time = seconds();
    const right = signMessage(secret, "m3", time, body);
    const refusals = [
      await signed("m3", body, time, "whsec_b3RoZXI="),
      await post("pay", '{"amount": 8}', right),
      await post("pay", body, { ...right, "webhook-id": "m4" }),
      await post("pay", body, { ...right, "webhook-timestamp": String(time + 1) }),
      await post("pay", body, { ...right, "webhook-signature": "v1," }),
      await post("pay", body, {
        ...right,
        "webhook-signature": right["webhook-signature"]?.replace("v1,", "v2,") ?? "",
      }),
      await post("pay", body, {}),
    ];
    for (const { status, code } of refusals) expect({ status, code }).toEqual({ status: 401, code: "EJS5017" });
    expect(await inputs()).toEqual([]);
  });

  it("by the old secret is taken while the new one is introduced", async () => {
    environment.PAY_SECRET = `whsec_bmV3 ${secret}`;
    expect(await signed("r1", '{"amount": 1}')).toMatchObject({ status: 202 });
    expect(await signed("r2", '{"amount": 1}', seconds(), "whsec_bmV3")).toMatchObject({ status: 202 });
    environment.PAY_SECRET = secret;
  });

  it("whose body does not fit, is no JSON or too large is refused, and its id may come again", async () => {
    expect(await signed("b1", '{"amount": "many"}')).toMatchObject({ status: 422, code: "EJS5018" });
    expect(await signed("b1", "{")).toMatchObject({ status: 400, code: "EJS5011" });
    expect(await signed("b1", JSON.stringify({ amount: 1, x: "x".repeat(4_000) }))).toMatchObject({
      status: 413,
      code: "EJS5010",
    });
    expect(await signed("b1", '{"amount": 1}')).toMatchObject({ status: 202 });
  });

  it("that holds what cannot be kept as JSON is refused, and is no failure of the server's", async () => {
    const nested = (depth: number) => `{"amount": 1, "x": ${"[".repeat(depth)}${"]".repeat(depth)}}`;
    const bodies = ['{"amount": 1, "x": "\\u0000"}', '{"amount": 1, "x": "\\ud800"}', '{"amount": 1, "\\u0000": 1}'];
    const before = served.logged.length;
    for (const [i, body] of bodies.entries())
      expect(await signed(`json-${i}`, body)).toMatchObject({ status: 422, code: "EJS5018" });
    expect(await signed("deep", nested(900))).toMatchObject({ status: 202 });
    expect(await signed("deeper", nested(1_500))).toMatchObject({ status: 422, code: "EJS5018" });
    const hub = (body: string) =>
      post("hub", body, {
        "x-hub-signature-256": `sha256=${createHmac("sha256", "hub").update(body).digest("hex")}`,
      });
    for (const body of ["", " ", "\ufeff{}", "{}{}"]) expect(await hub(body)).toMatchObject({ status: 400 });
    for (const body of ["null", "[]", '"text"', "0"]) expect(await hub(body)).toMatchObject({ status: 202 });
    expect(JSON.stringify(served.logged.slice(before))).not.toContain("request failed");
    expect(await inputs()).toHaveLength(1);
  });

  it("keeps its numbers digit by digit", async () => {
    const body = '{"ref": 12345678901234567890, "exact": 0.1000000000000000055511151231257827, "amount": 5}';
    const signature = createHmac("sha256", "hub").update(body).digest("hex");
    expect(await post("hub", body, { "x-hub-signature-256": `sha256=${signature}` })).toMatchObject({ status: 202 });
    const { rows } = await client.query<{ ref: string; exact: string }>(
      `select e.input ->> 'ref' as ref, e.input ->> 'exact' as exact from enginejs.workflow_events_pending p
       join enginejs.workflow_events e on e.id = p.event_id where e.input ? 'exact'`,
    );
    expect(rows).toEqual([{ ref: "12345678901234567890", exact: "0.1000000000000000055511151231257827" }]);
  });

  it("grows by no exponent: a number of few characters is no number of thousands of digits", async () => {
    const hub = (body: string) =>
      post("hub", body, {
        "x-hub-signature-256": `sha256=${createHmac("sha256", "hub").update(body).digest("hex")}`,
      });
    expect(await hub('{"huge": 1e100000}')).toMatchObject({ status: 422, code: "EJS5018" });
    expect(await hub(`{"tiny": [${Array(50).fill("1e-16000").join()}], "text": "v1e5000", "big": 1e20}`)).toMatchObject(
      {
        status: 202,
      },
    );
    const [stored] = await inputs("on-push");
    expect(stored).toEqual({ tiny: Array(50).fill(0), text: "v1e5000", big: 1e20 });
    const { rows } = await client.query<{ n: number }>(
      "select length(e.input::text) as n from enginejs.workflow_events e where e.input ? 'tiny'",
    );
    expect(rows[0]?.n).toBeLessThan(400);
  });

  it("by a key of no bytes is refused: a secret that is only a prefix is none", async () => {
    const body = '{"amount": 1}';
    for (const none of ["whsec_", "whsec_ ", "whsec_!!!!", `whsec_ ${secret}`]) {
      environment.PAY_SECRET = none;
      expect((await signed("k1", body, seconds(), "whsec_")).status).not.toBe(202);
    }
    expect(await signed("k1", body)).toMatchObject({ status: 202 });
    environment.PAY_SECRET = secret;
  });

  it("with its headers given twice, compressed, or with another text of the same value is refused", async () => {
    const body = '{"amount": 1}';
    const time = seconds();
    const right = signMessage(secret, "h1", time, body);
    const twice = async (name: string, value: string) => {
      const headers = Object.entries({ host: "localhost", "content-type": "application/json", ...right }).flat();
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const sent = request(
        {
          host: "127.0.0.1",
          port: server.port,
          path: "/webhooks/pay",
          method: "POST",
          headers: [...headers, name, value],
        },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      sent.on("error", reject);
      sent.end(body);
      return promise;
    };
    expect(await twice("webhook-id", "h2")).toBe(401);
    expect(await twice("webhook-timestamp", String(time + 1))).toBe(401);
    const other = signMessage("whsec_b3RoZXI=", "h1", time, body)["webhook-signature"] ?? "";
    expect(await post("pay", '{"amount":1}', right)).toMatchObject({ status: 401 });
    const packed = new Uint8Array(gzipSync(body));
    expect(await post("pay", packed, { ...right, "content-encoding": "gzip" })).toMatchObject({ status: 401 });
    expect(await inputs()).toEqual([]);
    // Several signatures are what a rotation at the sender's looks like: one of them is right.
    expect(await twice("webhook-signature", other)).toBe(202);
  });

  it("of the body alone: the same one counts once", async () => {
    const body = '{"ref": "main"}';
    const headers = { "x-hub-signature-256": `sha256=${createHmac("sha256", "hub").update(body).digest("hex")}` };
    expect(await post("hub", body, { ...headers, "x-github-delivery": "1" })).toMatchObject({ status: 202 });
    expect(await post("hub", body, { ...headers, "x-github-delivery": "2" })).toMatchObject({ status: 202 });
    expect(await inputs("on-push")).toEqual([{ ref: "main" }]);
    expect(await post("hub", `${body} `, headers)).toMatchObject({ status: 401 });
  });

  it("with bytes that are no text is refused", async () => {
    const bytes = new Uint8Array([0x7b, 0xff, 0x7d]);
    const signature = createHmac("sha256", "hub").update(bytes).digest("hex");
    expect(await post("hub", bytes, { "x-hub-signature-256": `sha256=${signature}` })).toMatchObject({ status: 401 });
  });
});

describe("a webhook", () => {
  it("that the model does not have is nothing, and only POST is taken", async () => {
    expect(await post("nobody", "{}", {})).toMatchObject({ status: 404, code: "EJS5016" });
    expect(await post("pay", "", {}, "GET")).toMatchObject({ status: 405 });
    expect(await post("__proto__", "{}", {})).toMatchObject({ status: 404 });
    // A name that no percent sign can say; not a failure of the server's, which would be a line of its log.
    expect(await post("%E0%A4%A", "{}", {})).toMatchObject({ status: 404, code: "EJS5016" });
  });

  it("whose secret is not set takes nothing, and says so in the log only", async () => {
    const answer = await post("unset", "{}", signMessage("", "u", seconds(), "{}"));
    expect(answer).toMatchObject({ status: 500, code: "EJS5049" });
    expect(answer.text).not.toContain("NOBODY_SET_IT");
    expect(JSON.stringify(served.logged)).toContain("NOBODY_SET_IT is not set");
  });
});

describe("schemes", () => {
  it("standard-webhooks: the example of its specification", () => {
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    expect(signedRequest(trigger(), headers, '{"test": 2432232314}', secret)).toEqual({
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      signedAt: 1_614_265_330,
    });
  });

  it("stripe: the time and every v1 of its header, the body's id", () => {
    const body = '{"id": "evt_1"}';
    const v1 = createHmac("sha256", "s").update(`1700000000.${body}`).digest("hex");
    const stripe = trigger({ scheme: "stripe" });
    const header = `t=1700000000,v1=${"0".repeat(64)},v1=${v1},v0=1`;
    expect(signedRequest(stripe, { "stripe-signature": header }, body, "s")).toEqual({
      id: "evt_1",
      signedAt: 1_700_000_000,
    });
    expect(signedRequest(stripe, { "stripe-signature": `t=1700000001,v1=${v1}` }, body, "s")).toBeUndefined();
    expect(signedRequest(stripe, { "stripe-signature": `v1=${v1}` }, body, "s")).toBeUndefined();
  });

  it("the body's HMAC in a header of the model's", () => {
    const hmac = createHmac("sha256", "s").update("{}");
    const digest = hmac.digest();
    const plain = trigger({ scheme: "hmac-sha256-base64", header: "X-Signature", idHeader: "X-Id" });
    expect(signedRequest(plain, { "x-signature": digest.toString("base64"), "x-id": "7" }, "{}", "s")?.id).toBe("7");
    const inHex = trigger({ scheme: "hmac-sha256-hex", header: "X-Signature" });
    expect(signedRequest(inHex, { "x-signature": digest.toString("hex") }, "{}", "s")?.id).toBe(digest.toString("hex"));
    expect(signedRequest(inHex, {}, "{}", "s")).toBeUndefined();
  });
});
