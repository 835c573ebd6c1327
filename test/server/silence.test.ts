/** Connections that fall silent without being closed: requests are told soon, and the next ones are answered. */
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { RequestLimits } from "../../src/server/server-options.ts";
import { SilentProxy } from "../tasks/support/silent-proxy.ts";
import { ask, codeOf, type ServedInvoicing, servedInvoicing, tenantId, tokenOf } from "./support/served-invoicing.ts";

let served: ServedInvoicing;
const proxies: SilentProxy[] = [];
beforeAll(async () => {
  served = await servedInvoicing();
});
afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.close();
});
afterAll(() => served?.close());

async function behindProxy(limits: Partial<RequestLimits> = {}, asPooler = false) {
  const proxy = await SilentProxy.before(served.serverUrl, undefined, asPooler);
  proxies.push(proxy);
  return { proxy, server: await served.serve({ database: proxy.url, limits }) };
}

const tenants = "{ tenants { nodes { id } } }";
const seen = { tenants: { nodes: [{ id: tenantId(1) }] } };

async function silence({ proxy, server }: Awaited<ReturnType<typeof behindProxy>>): Promise<void> {
  const token = await tokenOf("member");
  expect((await ask(server, token, tenants)).data).toEqual(seen);
  // Several connections, of which those that lie idle are given up with the one that is noticed.
  await Promise.all(Array.from({ length: 5 }, () => ask(server, token, tenants)));
  expect(proxy.fallSilent()).toBeGreaterThan(1);
  // After about six seconds. Without a watch the server would give up on its own answer, with another code, and on each one anew.
  expect(codeOf(await ask(server, token, tenants))).toBe("EJS5042");
  expect((await ask(server, token, tenants)).data).toEqual(seen);
  expect(served.logged.map(({ err }) => (err as { message?: string } | undefined)?.message).join("\n")).toContain(
    "PostgreSQL's answer is lost",
  );
}

it("a request is refused soon, the next one is answered, and one whose statement takes its time is left alone", async () => {
  // Looking at the catalogue waits for the lock as well.
  const patient = await behindProxy({ statementTimeoutMs: 120_000, requestTimeoutMs: 120_000 });
  const silenced = await behindProxy();
  const holder = await served.database.client();
  await holder.query("begin");
  await holder.query("lock table app.customer in access exclusive mode");
  const waiting = ask(patient.server, await tokenOf("member"), "{ customers { totalCount } }");
  await silence(silenced);
  await holder.query("rollback");
  expect((await waiting).errors).toEqual([]);
});

it("so it is through a pooler, where nobody can ask for the backend", async () => {
  await silence(await behindProxy({ statementTimeoutMs: 4_000 }, true));
});

it("with no way to the server at all, also keys and webhooks are answered with 503, by the same code", async () => {
  const { proxy, server } = await behindProxy();
  proxy.close();
  const refused = await ask(server, undefined, tenants, {}, { "x-api-key": `ejk_${"a".repeat(12)}_${"b".repeat(64)}` });
  expect([refused.status, codeOf(refused)]).toEqual([503, "EJS5042"]);
});
