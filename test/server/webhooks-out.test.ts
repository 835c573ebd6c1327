/** Webhooks out over GraphQL: for members whose role the config names, each in his own tenant. */
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureLogins } from "../../src/database/logins.ts";
import type { System } from "../../src/model/index.ts";
import type { RunningServer } from "../../src/server/index.ts";
import { type RunningWorker, startWorker } from "../../src/tasks/index.ts";
import { verified, WebhookReceiver } from "../tasks/support/webhook-receiver.ts";
import { eventually } from "../tasks/support/worker.ts";
import {
  ask,
  codeOf,
  invoiceId,
  recordBuild,
  type ServedInvoicing,
  servedInvoicing,
  tenantId,
  tokenOf,
  userId,
} from "./support/served-invoicing.ts";

const webhooks: NonNullable<System["webhooks"]> = {
  events: [{ name: "Invoice.pay", entity: "Invoice", action: "pay" }],
  manage: ["billing"],
  privateHosts: ["127.0.0.1"],
};

let served: ServedInvoicing;
let server: RunningServer;
let worker: RunningWorker;
let client: pg.Client;
let receiver: WebhookReceiver;

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  served = await servedInvoicing();
  await recordBuild(served.database.url, { ...served.system, workflows: [], webhooks });
  client = await served.database.client();
  server = await served.serve();
  const { workerUrl } = await ensureLogins(served.database.administratorUrl);
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  worker = await startWorker({ url: workerUrl, tasks: new Map(), log });
});
afterAll(async () => {
  await worker?.stop();
  await served?.close();
  await receiver?.close();
});

const create =
  "mutation ($url: String!, $events: [String!]) { createWebhookEndpoint(url: $url, events: $events) { secret endpoint { id url events enabled } } }";
const list =
  "{ webhookEventTypes webhookEndpoints { id url events description enabled disabledReason failingSince previousSecretUntil createdAt updatedAt } }";
const deliveries =
  "query ($endpoint: UUID, $status: WebhookDeliveryStatus) { webhookDeliveries(endpoint: $endpoint, status: $status) { id endpoint url messageId type body status attempts nextAttemptAt lastAttemptAt lastStatus lastError lastDurationMs lastAnswer createdAt finishedAt } }";

const as = async (person: "biller" | "member", graphql: string, variables = {}, tenant = 1) =>
  ask(server, await tokenOf(person, tenant), graphql, variables);

const pay = async (n: number) => {
  const { errors } = await as(
    "biller",
    "mutation ($id: UUID!) { payInvoice(input: { id: $id }) { invoice { status } } }",
    { id: invoiceId(n) },
  );
  expect(errors).toEqual([]);
};

const settled = (endpoint: string, status: string) =>
  eventually(`a delivery that is ${status}`, async () => {
    const { data } = await as("biller", deliveries, { endpoint, status });
    return data.webhookDeliveries[0] as { id: string; messageId: string };
  });

test("an endpoint's life: made, told, rotated, failing, delivered once more, switched off, gone", async () => {
  const { data, errors } = await as("biller", create, { url: receiver.url("/life"), events: ["Invoice.pay"] });
  expect(errors).toEqual([]);
  const { secret, endpoint } = data.createWebhookEndpoint;
  expect(endpoint).toEqual({
    id: expect.any(String),
    url: receiver.url("/life"),
    events: ["Invoice.pay"],
    enabled: true,
  });
  const { id } = endpoint;

  await pay(1);
  const delivered = await settled(id, "delivered");
  expect(delivered).toMatchObject({
    type: "Invoice.pay",
    attempts: 1,
    lastStatus: 200,
    lastAnswer: "thank you",
    nextAttemptAt: null,
    lastDurationMs: expect.any(Number),
  });
  const [received] = receiver.at("/life");
  if (received === undefined) throw new Error("nothing was posted");
  expect(verified(secret, received)).toMatchObject({
    type: "Invoice.pay",
    data: { id: invoiceId(1), after: { status: "paid" } },
  });
  expect(received.headers["webhook-id"]).toBe(delivered.messageId);

  const rotate =
    "mutation ($id: UUID!) { rotateWebhookSecret(endpoint: $id) { secret endpoint { previousSecretUntil } } }";
  const rotated = (await as("biller", rotate, { id })).data.rotateWebhookSecret;
  expect(rotated.secret).not.toBe(secret);
  expect(rotated.endpoint.previousSecretUntil).toEqual(expect.any(String));

  receiver.answers.set("/life", 410);
  const again = "mutation ($id: UUID!) { redeliverWebhook(delivery: $id) { id status messageId } }";
  expect((await as("biller", again, { id: delivered.id })).data.redeliverWebhook).toEqual({
    id: delivered.id,
    status: "pending",
    messageId: delivered.messageId,
  });
  await settled(id, "failed");
  expect((await as("biller", list)).data.webhookEndpoints).toEqual([
    expect.objectContaining({ id, enabled: false, disabledReason: "gone" }),
  ]);
  expect(codeOf(await as("biller", again, { id: delivered.id }))).toBe("EJS5032");

  receiver.answers.set("/life", 200);
  const update =
    "mutation ($id: UUID!, $patch: WebhookEndpointPatch!) { updateWebhookEndpoint(endpoint: $id, patch: $patch) { enabled events description } }";
  expect(
    (await as("biller", update, { id, patch: { enabled: true, events: null, description: "ours" } })).data
      .updateWebhookEndpoint,
  ).toEqual({ enabled: true, events: null, description: "ours" });
  const failed = "mutation ($id: UUID!) { redeliverFailedWebhooks(endpoint: $id) }";
  expect((await as("biller", failed, { id })).data.redeliverFailedWebhooks).toBe(1);
  await settled(id, "delivered");
  const attempt = "mutation ($id: UUID!) { sendTestWebhook(endpoint: $id) { type status } }";
  expect((await as("biller", attempt, { id })).data.sendTestWebhook).toEqual({
    type: "webhook.test",
    status: "pending",
  });
  const tested = await eventually("the test arrives", async () =>
    receiver.at("/life").find(({ body }) => body.includes("webhook.test")),
  );
  for (const one of [secret, rotated.secret])
    expect(verified(one, tested)).toMatchObject({ type: "webhook.test", data: { endpoint: id } });

  // No secret is in what anybody reads, nor in what was logged.
  const shown = [
    (await as("biller", list)).text,
    (await as("biller", deliveries)).text,
    JSON.stringify(served.logged),
  ].join();
  for (const one of [secret, rotated.secret]) expect(shown).not.toContain(one.slice(6));
  const { rows } = await client.query(
    "select kind, tenant, detail ->> 'by' as by from enginejs.administration_log where kind like 'webhook.%' order by id",
  );
  expect(rows).toEqual([
    ...["create", "rotate", "redeliver"].map((verb) => ({
      kind: `webhook.${verb}`,
      tenant: tenantId(1),
      by: userId("biller"),
    })),
    // The worker, when it was told 410.
    { kind: "webhook.disable", tenant: tenantId(1), by: null },
    ...["enable", "redeliver", "test"].map((verb) => ({
      kind: `webhook.${verb}`,
      tenant: tenantId(1),
      by: userId("biller"),
    })),
  ]);

  const remove = "mutation ($id: UUID!) { deleteWebhookEndpoint(endpoint: $id) { id } }";
  expect((await as("biller", remove, { id })).data.deleteWebhookEndpoint).toEqual({ id });
  expect((await as("biller", list)).data).toEqual({ webhookEventTypes: ["Invoice.pay"], webhookEndpoints: [] });
  expect((await as("biller", deliveries)).data.webhookDeliveries).toEqual([]);
});

test("others: members without the role are refused, other tenants see nothing, what cannot be is named", async () => {
  const { data } = await as("biller", create, { url: "https://hooks.example.com/x" });
  const { id } = data.createWebhookEndpoint.endpoint;
  const variables = { id, delivery: id };
  const mutations = [
    "updateWebhookEndpoint(endpoint: $id, patch: { enabled: false }) { id }",
    "deleteWebhookEndpoint(endpoint: $id) { id }",
    "rotateWebhookSecret(endpoint: $id) { secret }",
    "redeliverFailedWebhooks(endpoint: $id)",
    "sendTestWebhook(endpoint: $id) { id }",
    "redeliverWebhook(delivery: $id) { id }",
  ];
  for (const mutation of mutations) {
    const text = `mutation ($id: UUID!) { ${mutation} }`;
    expect(codeOf(await as("member", text, variables)), mutation).toBe("EJS5031");
    expect(codeOf(await as("biller", text, variables, 2)), mutation).toBe("EJS5030");
    expect(codeOf(await ask(server, undefined, text, variables)), mutation).toBe("EJS5031");
  }
  for (const query of ["{ webhookEndpoints { id } }", "{ webhookDeliveries { id } }", "{ webhookEventTypes }"]) {
    expect(codeOf(await as("member", query)), query).toBe("EJS5031");
    expect(codeOf(await ask(server, undefined, query)), query).toBe("EJS5031");
  }
  expect((await as("biller", list, {}, 2)).data.webhookEndpoints).toEqual([]);
  expect((await as("biller", list)).data.webhookEndpoints).toEqual([expect.objectContaining({ id, enabled: true })]);

  const wrong = await as("biller", create, { url: "https://hooks.example.com", events: ["Invoice.paid"] });
  expect(wrong.errors[0]).toMatchObject({
    message: expect.stringContaining('there is no event "Invoice.paid"; offered are: Invoice.pay'),
    extensions: { code: "EJS5033" },
  });
  expect(codeOf(await as("biller", create, { url: "http://hooks.example.com" }))).toBe("EJS5033");
  expect(codeOf(await as("biller", "{ webhookEndpoints { secret } }"))).toBe("EJS5020");
});
