/** What the server gives to whoever watches: the place in a trace, which events carry on, and figures. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ask,
  customerId,
  type ServedInvoicing,
  servedInvoicing,
  tenantId,
  tokenOf,
} from "./support/served-invoicing.ts";

let served: ServedInvoicing;
beforeAll(async () => {
  served = await servedInvoicing();
});
afterAll(() => served?.close());

const update =
  "mutation ($id: UUID!, $name: String!) { updateCustomer(input: { id: $id, patch: { name: $name } }) { customer { name } } }";

describe("the header traceparent", () => {
  const given = "00-1234567890abcdef1234567890abcdef-00f067aa0ba902b7-01";
  test.each([
    ["is kept in the origin of events", given, given],
    ["counts for nothing in another form", `${given}", "kind": "service`, undefined],
    ["is not needed", undefined, undefined],
  ])("%s", async (what, header, kept) => {
    const server = await served.serve();
    const answer = await ask(
      server,
      await tokenOf("biller"),
      update,
      { id: customerId(1), name: what },
      header === undefined ? {} : { traceparent: header },
    );
    expect(answer.errors).toEqual([]);
    const client = await served.database.client();
    const { rows } = await client.query(
      "select origin, actor from enginejs.workflow_events where model = 'Customer' order by id desc limit 1",
    );
    expect(rows[0].origin.traceparent).toBe(kept);
    expect(rows[0].origin.requestId).toEqual(expect.any(String));
    expect(rows[0].actor.kind).toBe("user");
  });
});

describe("/metrics", () => {
  test("is on a port of its own, where one is named, and holds nothing of a tenant", async () => {
    const server = await served.serve({ metrics: { port: 0 } });
    const response = await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    expect(text).toMatch(/^enginejs_workflow_events_pending \d+$/m);
    expect(text).toMatch(/^# TYPE enginejs_workflow_relay_lag_seconds gauge$/m);
    expect(text).not.toContain(tenantId(1));
    expect((await fetch(`http://127.0.0.1:${server.metricsPort}/graphql`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${server.port}/metrics`)).status).toBe(404);
  });

  test("is nowhere unless asked for", async () => {
    const server = await served.serve();
    expect(server.metricsPort).toBeUndefined();
  });
});
