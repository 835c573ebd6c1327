/** API keys over HTTP: who acts by one, when it stops counting, and that nothing tells more than it should. */
import { connect } from "node:net";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApiKey, type NewApiKey } from "../../src/database/api-key.ts";
import type { RunningServer } from "../../src/server/index.ts";
import {
  ask,
  codeOf,
  type GraphqlAnswer,
  type ServedInvoicing,
  servedInvoicing,
  tenantId,
  tokenOf,
  userId,
} from "./support/served-invoicing.ts";

let served: ServedInvoicing;
let server: RunningServer;
let owner: pg.Client;
let account: string;
let service: NewApiKey;
let person: NewApiKey;

const question = "{ invoices { totalCount } }";
const rename = `mutation { createCustomer(input: { customer: { name: "by key", email: "k@example.com" } }) { customer { id } } }`;

beforeAll(async () => {
  served = await servedInvoicing();
  server = await served.serve();
  owner = await served.database.client();
  await owner.query("set role enginejs_owner");
  account = (
    await owner.query(
      "insert into enginejs.service_accounts (tenant, name, roles) values ($1, 'export', '{billing}') returning id",
      [tenantId(1)],
    )
  ).rows[0].id;
  service = await addKey("service_account", account);
  person = await addKey("actor", userId("member"), tenantId(1));
});
afterAll(() => served?.close());

async function addKey(
  column: "service_account" | "actor",
  id: string,
  tenant: string | null = null,
): Promise<NewApiKey> {
  const key = createApiKey();
  await owner.query(
    `insert into enginejs.api_keys (name, prefix, hash, ${column}, tenant) values ('a key', $1, $2, $3, $4)`,
    [key.prefix, key.hash, id, tenant],
  );
  return key;
}
const askBy = (key: string, graphql = question): Promise<GraphqlAnswer> => ask(server, key, graphql);

describe("a key that counts", () => {
  test("is a service account's or a person's, in either header, with the roles of now", async () => {
    expect((await askBy(service.text)).data).toEqual({ invoices: { totalCount: 40 } });
    expect((await askBy(person.text)).data).toEqual({ invoices: { totalCount: 40 } });
    const header = await ask(server, undefined, question, undefined, { "x-api-key": service.text });
    expect(header.data).toEqual({ invoices: { totalCount: 40 } });
    expect((await askBy(service.text, rename)).errors).toEqual([]);
    expect(codeOf(await askBy(person.text, rename))).toBe("EJS5031");
  });

  test("its kind reaches the events", async () => {
    await askBy(service.text, rename);
    const { rows } = await owner.query(
      "select actor from enginejs.workflow_events_outbox where model = 'Customer' and action = 'create' order by created_at desc limit 1",
    );
    expect(rows).toEqual([{ actor: { kind: "service", id: account, tenant: tenantId(1) } }]);
  });

  test("a server without `jwt` takes it as well", async () => {
    const withoutTokens = await served.serve({ jwt: undefined as never });
    expect((await ask(withoutTokens, service.text, question)).data).toEqual({ invoices: { totalCount: 40 } });
    expect((await ask(withoutTokens, await tokenOf("biller"), question)).status).toBe(401);
  });

  test("a person's membership that is taken away counts at once, and so do an account's roles", async () => {
    await owner.query("update enginejs.service_accounts set roles = '{}' where id = $1", [account]);
    expect(codeOf(await askBy(service.text, rename))).toBe("EJS5031");
    await owner.query("update enginejs.service_accounts set roles = '{billing}' where id = $1", [account]);
    expect((await askBy(service.text, rename)).errors).toEqual([]);
    const { rows } = await owner.query("delete from app.membership where user_id = $1 returning *", [userId("member")]);
    expect((await askBy(person.text)).data).toEqual({ invoices: { totalCount: 0 } });
    await owner.query("insert into app.membership select * from jsonb_populate_record(null::app.membership, $1)", [
      JSON.stringify(rows[0]),
    ]);
    expect((await askBy(person.text)).data).toEqual({ invoices: { totalCount: 40 } });
  });
});

describe("a key that does not count", () => {
  /** All that a caller can see, but for the request's id and the time. */
  const seen = async (key: string, headers?: Record<string, string>): Promise<unknown> => {
    const answer = await ask(server, headers === undefined ? key : undefined, question, undefined, headers);
    const { "x-request-id": id = "", date: _, ...rest } = Object.fromEntries(answer.headers);
    return { status: answer.status, text: answer.text.replaceAll(id, "…"), headers: rest };
  };

  test("is refused in the same words, whatever the reason", async () => {
    const reasons: Record<string, string> = {};
    reasons.unknown = createApiKey().text;
    const make = async (name: string, change: string, id = account) => {
      const key = await addKey("service_account", id);
      await owner.query(change, [key.prefix]);
      reasons[name] = key.text;
    };
    const other = (
      await owner.query(
        "insert into enginejs.service_accounts (tenant, name, disabled_at) values ($1, 'off', now()) returning id",
        [tenantId(1)],
      )
    ).rows[0].id;
    await make("revoked", "update enginejs.api_keys set revoked_at = now() where prefix = $1");
    await make("expired", "update enginejs.api_keys set expires_at = now() where prefix = $1");
    await make("disabled", "update enginejs.api_keys set last_used_at = now() where prefix = $1", other);
    await make("deleted", "delete from enginejs.api_keys where prefix = $1");
    reasons.malformed = `${service.text}0`;
    reasons.short = "ejk_";
    reasons.long = `ejk_${"a".repeat(5_000)}`;
    reasons["another's prefix"] = service.text.replace(service.prefix, person.prefix);
    reasons["its beginning"] = service.text.slice(0, -1);
    const [first, ...others] = Object.entries(reasons);
    const expected = await seen(first?.[1] ?? "");
    expect(expected).toMatchObject({ status: 401, text: expect.stringContaining("EJS5009") });
    for (const [reason, key] of others) expect(await seen(key), reason).toEqual(expected);
    expect(await seen("", { "x-api-key": reasons.revoked ?? "" })).toEqual(expected);
    expect(await seen("", { "x-api-key": "' or true --" })).toEqual(expected);
  });

  test("from the moment that it is revoked, on a connection that is open", async () => {
    const key = await addKey("service_account", account);
    const single = await served.serve({ poolSize: 1 });
    expect((await ask(single, key.text, question)).status).toBe(200);
    await owner.query("update enginejs.api_keys set revoked_at = now() where prefix = $1", [key.prefix]);
    expect((await ask(single, key.text, question)).status).toBe(401);
  });

  test("a key and a token together are refused, and so are two keys", async () => {
    const both = { authorization: `Bearer ${await tokenOf("biller")}`, "x-api-key": service.text };
    expect(await ask(server, undefined, question, undefined, both)).toMatchObject({ status: 401 });
    const body = JSON.stringify({ query: question });
    const raw = await rawRequest(server.port, [
      "POST /graphql HTTP/1.1",
      "host: localhost",
      "connection: close",
      "content-type: application/json",
      `content-length: ${body.length}`,
      `x-api-key: ${createApiKey().text}`,
      `x-api-key: ${service.text}`,
      "",
      body,
    ]);
    expect(raw).toMatch(/^HTTP\/1\.1 401/);
  });
});

test("one connection serves two actors in turn, and neither sees what the other may", async () => {
  const single = await served.serve({ poolSize: 1 });
  const other = await tokenOf("biller", 2);
  const ids = "{ invoices(first: 3) { nodes { id } } }";
  const alone = { ours: (await ask(single, service.text, ids)).data, theirs: (await ask(single, other, ids)).data };
  expect(alone.ours).not.toEqual(alone.theirs);
  for (let round = 0; round < 5; round++) {
    const [ours, nobody, theirs] = await Promise.all([
      ask(single, service.text, ids),
      ask(single, undefined, ids),
      ask(single, other, ids),
    ]);
    expect([ours.data, nobody.data, theirs.data]).toEqual([alone.ours, { invoices: { nodes: [] } }, alone.theirs]);
  }
});

test("the secret is in no table, no log and no answer", async () => {
  const texts = [service, person].map(({ text }) => text.slice(text.lastIndexOf("_") + 1));
  // An answer that fails after the key was taken, and one that is refused.
  const answers = [await askBy(service.text, "{ nothing }"), await askBy(`${service.text}0`)];
  for (const text of texts) {
    for (const answer of answers) expect(answer.text).not.toContain(text);
    expect(JSON.stringify(served.logged)).not.toContain(text);
    const { rows } = await owner.query(
      "select (select string_agg(k::text, '') from enginejs.api_keys k) || (select string_agg(l::text, '') from enginejs.administration_log l) as kept",
    );
    expect(rows[0].kept).toContain(service.prefix);
    expect(rows[0].kept).not.toContain(text);
  }
  const statements = await owner.query("select string_agg(query, '') as text from pg_stat_activity");
  for (const text of texts) expect(statements.rows[0].text).not.toContain(text);
});

function rawRequest(port: number, lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(lines.join("\r\n")));
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.once("close", () => resolve(answer)).once("error", reject);
  });
}
