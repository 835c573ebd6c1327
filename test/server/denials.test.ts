/** What a refusal says: which rule, to whom, and nothing where there is nothing to be seen. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureLogins } from "../../src/database/logins.ts";
import { createLog, createServer, type RunningServer, signToken } from "../../src/server/index.ts";
import { buildDesk, desk, deskPeople, deskTenants, seedDesk, sentences, ticketId } from "../dsl-to-sql/support/desk.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { ask, type GraphqlAnswer, secret } from "./support/served-invoicing.ts";

let database: TestDatabase;
let server: RunningServer;
let silent: RunningServer;
let logins: readonly string[] = [];

beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  const client = await database.client();
  await buildDesk(client, desk());
  await seedDesk(client);
  const [, member, other] = deskPeople;
  const ticket = (n: number, owner: unknown, more: string) =>
    `('${deskTenants[0]}', '${ticketId(n)}', 't${n}', '${owner}', ${more})`;
  await client.query(`
    set role enginejs_owner;
    insert into app.ticket (tenant_id, id, title, owner_id, hidden, locked, priority) values
      ${ticket(1, member, "false, false, 1")},
      ${ticket(2, member, "false, true, 1")},
      ${ticket(3, other, "true, false, 1")},
      ${ticket(4, other, "false, false, 9")};
    reset role;`);
  const { serverUrl, workerUrl } = await ensureLogins(database.administratorUrl);
  logins = [serverUrl, workerUrl];
  const log = createLog({ level: "silent" }, { write: () => undefined });
  const options = { database: serverUrl, jwt: { secret }, port: 0, host: "127.0.0.1", log };
  server = await createServer(options);
  silent = await createServer({ ...options, explainDenials: false });
});
afterAll(async () => {
  await server?.stop();
  await silent?.stop();
  const client = await database.administrator();
  for (const url of logins) {
    const login = client.escapeIdentifier(decodeURIComponent(new URL(url).username));
    await client.query(`drop owned by ${login}`);
    await client.query(`drop role ${login}`);
  }
  await database?.drop();
});

const token = (person: number) =>
  signToken(secret, { actor: deskPeople[person] as string, tenant: deskTenants[0] as string });
const agent = 0;
const member = 1;

const update = (n: number, patch: string) =>
  `mutation { updateTicket(input: { id: "${ticketId(n)}", patch: { ${patch} } }) { ticket { id } } }`;
const remove = (n: number) => `mutation { deleteTicket(input: { id: "${ticketId(n)}" }) { ticket { id } } }`;
const create = (values: string) => `mutation { createTicket(input: { ticket: { ${values} } }) { ticket { id } } }`;
const call = (action: string, n: number) =>
  `mutation { ${action}Ticket(input: { id: "${ticketId(n)}" }) { ticket { id } } }`;

const refusal = ({ errors }: GraphqlAnswer) => {
  expect(errors).toHaveLength(1);
  const { code, rule, fields } = errors[0]?.extensions ?? {};
  return { code, message: errors[0]?.message, ...(rule === undefined ? {} : { rule }), ...(fields ? { fields } : {}) };
};
const asked = async (person: number | undefined, query: string, of = server) =>
  refusal(await ask(of, person === undefined ? undefined : await token(person), query));

describe("a refused mutation", () => {
  test("names the rules that would allow it", async () => {
    const rule = [sentences.agents, sentences.owner, "leads above it"].join(", ");
    expect(await asked(member, update(4, "locked: true"))).toEqual({
      code: "EJS5031",
      message: `Ticket.update is for: ${rule}`,
      rule,
    });
    const removing = [sentences.agents, sentences.owner].join(", ");
    expect(await asked(member, remove(4))).toEqual({
      code: "EJS5031",
      message: `Ticket.delete is for: ${removing}`,
      rule: removing,
    });
  });

  test("names the rule that denies it", async () => {
    const denied = { code: "EJS5031", rule: sentences.locked };
    expect(await asked(member, update(2, 'title: "y"'))).toEqual({
      ...denied,
      message: `Ticket.update is denied: ${sentences.locked}`,
    });
    expect(await asked(agent, remove(2))).toEqual({
      ...denied,
      message: `Ticket.delete is denied: ${sentences.locked}`,
    });
  });

  test("tells what may not be touched from what may not be left behind", async () => {
    const left = await asked(member, update(1, 'title: "other"'));
    expect(left).toMatchObject({ code: "EJS5031" });
    expect(left.message).toMatch("What Ticket.update would leave behind is for: ");
    expect(left.message).toContain(sentences.owner);
    // Its owner may lock it, but the locked ticket is one that he may not leave.
    expect(await asked(member, update(1, "locked: true"))).toEqual({
      code: "EJS5031",
      message: `What Ticket.update would leave behind is denied: ${sentences.locked}`,
      rule: sentences.locked,
    });
  });

  test("is named for what is created, too", async () => {
    expect(await asked(member, create('title: "a"'))).toEqual({
      code: "EJS5031",
      message: `Ticket.create is for: ${sentences.agents}`,
      rule: sentences.agents,
    });
    expect(await asked(agent, create('title: "xyz"'))).toEqual({
      code: "EJS5031",
      message: `Ticket.create is denied: ${sentences.marked}`,
      rule: sentences.marked,
    });
  });

  test("names the field whose rule refuses it", async () => {
    expect(await asked(member, update(1, "priority: 2"))).toEqual({
      code: "EJS5031",
      message: `Ticket.priority is for: ${sentences.priority}`,
      rule: sentences.priority,
      fields: ["priority"],
    });
  });

  test("of an action names its rules", async () => {
    expect(await asked(agent, call("drop", 4))).toEqual({
      code: "EJS5031",
      message: "Ticket.drop is for: its owner",
      rule: "its owner",
    });
  });
});

describe("nothing is told", () => {
  const bytes = ({ text }: GraphqlAnswer) => text.replaceAll(/"requestId":"[^"]*"/g, "");

  test("of a row that may not be read: the answer is that of none, byte for byte", async () => {
    const hidden = 3;
    const none = 99;
    const bearer = await token(member);
    for (const make of [(n: number) => update(n, "locked: true"), remove, (n: number) => call("close", n)]) {
      const [a, b] = [await ask(server, bearer, make(hidden)), await ask(server, bearer, make(none))];
      expect(bytes(a)).toBe(bytes(b));
      expect(a.errors[0]?.extensions.code).toBe("EJS5030");
    }
    const other = await signToken(secret, { actor: deskPeople[4] as string, tenant: deskTenants[1] as string });
    const [a, b] = [
      await ask(server, other, update(1, "locked: true")),
      await ask(server, other, update(none, "locked: true")),
    ];
    expect(bytes(a)).toBe(bytes(b));
  });

  test("to whoever has no token", async () => {
    const [a, b] = [
      await ask(server, undefined, update(4, "locked: true")),
      await ask(server, undefined, update(99, "locked: true")),
    ];
    expect(bytes(a)).toBe(bytes(b));
    expect(await asked(undefined, create('title: "a"'))).toEqual({ code: "EJS5031", message: "The rule says no." });
  });

  test("where the server is told not to", async () => {
    expect(await asked(member, update(4, "locked: true"), silent)).toEqual({
      code: "EJS5030",
      message: "There is no Ticket with this id, or you may not change it.",
    });
    const plain = { code: "EJS5031", message: "The rule says no." };
    expect(await asked(member, create('title: "a"'), silent)).toEqual(plain);
    expect(await asked(member, update(1, "priority: 2"), silent)).toEqual(plain);
    expect(await asked(agent, call("drop", 4), silent)).toEqual(plain);
  });
});
