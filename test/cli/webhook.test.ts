/** `enginejs webhook` as whoever builds runs it, over a database with a worker. */
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeProject, type TemporaryProject } from "../project/temporary-project.ts";
import { ids } from "../tasks/support/invoicing-database.ts";
import { WebhookReceiver } from "../tasks/support/webhook-receiver.ts";
import { eventually } from "../tasks/support/worker.ts";
import { WorkflowWorld } from "../tasks/support/workflow-world.ts";
import { type CliResult, runCli } from "./run-cli.ts";

let project: TemporaryProject;
let world: WorkflowWorld;
let client: pg.Client;
let receiver: WebhookReceiver;
let endpoint: string;

beforeAll(async () => {
  project = await makeProject({}, { example: "examples/invoicing" });
  receiver = await WebhookReceiver.start();
  world = await WorkflowWorld.make();
  client = world.client;
  const events = [{ name: "Invoice.pay", entity: "Invoice", action: "pay" }];
  await world.start([], {}, { webhooks: { events, manage: ["billing"], privateHosts: ["127.0.0.1"] } });
  const { rows } = await client.query<{ id: string }>(
    "select enginejs.create_webhook_endpoint($1, null, null, $2) ->> 'id' as id",
    [receiver.url("/cli"), ids.tenant],
  );
  endpoint = rows[0]?.id ?? "";
});
afterAll(async () => {
  await world?.end();
  await receiver?.close();
  await project?.remove();
});

const run = (...args: string[]): Promise<CliResult> =>
  runCli(["webhook", ...args, "--project", project.folder, "--database", world.database.url]);
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(...args, "--json");
  expect(stderr, stdout).toBe("");
  expect(code, stdout).toBe(0);
  return JSON.parse(stdout);
};
/** Commands take their time: what is only waited for is asked of the database. */
const inState = (status: string) =>
  eventually(`a delivery that is ${status}`, async () => {
    const { rows } = await client.query<{ id: string }>(
      "select id from enginejs.webhook_deliveries where status = $1",
      [status],
    );
    return rows[0]?.id;
  });

test("shows endpoints and deliveries, switches on, delivers dead letters once more", async () => {
  receiver.answers.set("/cli", 410);
  await world.paid();
  const dead = await inState("failed");
  const { code, stdout } = await run("list", "--tenant", ids.tenant);
  expect(code).toBe(0);
  expect(stdout).toContain(endpoint);
  expect(stdout).toMatch(/off \(gone\) +http:\/\/127\.0\.0\.1:\d+\/cli +all/);
  expect((await json("list", "--tenant", ids.otherTenant)).endpoints).toEqual([]);
  expect((await json("list")).endpoints[0]).not.toHaveProperty("secret");
  expect((await run("deliveries", "--endpoint", endpoint, "--since", "1h")).stdout).toMatch(
    /Invoice\.pay +failed +1 .*answers 410/,
  );

  expect(await run("redeliver", dead)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/EJS1057.*The endpoint is switched off/),
  });
  expect(await json("enable", endpoint)).toMatchObject({ enabled: true });
  receiver.answers.set("/cli", 200);
  expect(await json("redeliver", "--endpoint", endpoint, "--since", "1h")).toMatchObject({ deliveries: 1 });
  expect(await json("redeliver", "--endpoint", endpoint)).toMatchObject({ deliveries: 0 });
  await inState("delivered");
});

test("delivers what was delivered once more, tests, switches off", async () => {
  const dead = await inState("delivered");
  expect(await json("redeliver", dead)).toMatchObject({ delivery: dead });
  await eventually("posted again", async () => receiver.at("/cli").length === 3);
  expect(new Set(receiver.at("/cli").map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  const { delivery } = await json("test", endpoint);
  await eventually("the test arrives", async () => receiver.at("/cli").length === 4);
  expect((await json("deliveries", "--limit", "1")).deliveries[0]).toMatchObject({
    id: delivery,
    type: "webhook.test",
  });
  expect((await json("deliveries", "--after", delivery)).deliveries).toHaveLength(1);
  expect(await json("disable", endpoint)).toMatchObject({ enabled: false });
  const { rows } = await client.query(
    "select count(*)::int as n from enginejs.administration_log where kind in ('webhook.enable', 'webhook.disable', 'webhook.test')",
  );
  // The worker has switched it off as well.
  expect(rows).toEqual([{ n: 4 }]);
});

test("says what is wrong, each with its exit code", async () => {
  expect(await run("redeliver")).toMatchObject({ code: 2, stderr: expect.stringContaining("--endpoint") });
  expect(await run("redeliver", ids.tenant, "--endpoint", endpoint)).toMatchObject({ code: 2 });
  expect(await run("redeliver", ids.tenant)).toMatchObject({ code: 1, stderr: expect.stringContaining("EJS1057") });
  expect(await run("test", "17")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('"17" is no id of an endpoint'),
  });
  expect(await run("deliveries", "--status", "lost")).toMatchObject({ code: 2 });
});
