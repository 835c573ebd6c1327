/** Names that inflection, plurals or GraphQL's own types could spoil: the model's names win. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { connect } from "../../src/database/connection.ts";
import { ensureLogins } from "../../src/database/logins.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { createLog, createServer, type RunningServer } from "../../src/server/index.ts";
import { buildSystem, type EntityOptions, many, one, scalar, text } from "../dsl-to-sql/support/system-builder.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { ask } from "./support/served-invoicing.ts";

const everybody: [string[], string, string][] = [[["read", "create", "update", "delete"], "everybody", "true"]];
const entities = {
  // Plurals: irregular, equal to the singular, already plural.
  Person: {
    tenant: false,
    policies: everybody,
    fields: {
      name: { type: text(), required: true },
      // To itself, in both directions, and two relations to one entity.
      boss: { type: one("Person") },
      underlings: { type: many("Person", "boss") },
      authored: { type: many("News", "author") },
      edited: { type: many("News", "editor") },
    },
  },
  News: {
    tenant: false,
    policies: everybody,
    fields: { author: { type: one("Person") }, editor: { type: one("Person") }, status: { type: one("Status") } },
  },
  Status: { tenant: false, policies: everybody, fields: { label: { type: text() } } },
  // What inflection takes for a suffix or an abbreviation.
  HTTPRequest2: { tenant: false, policies: everybody, fields: { rowId: { type: text() }, nodeId: { type: text() } } },
  UserInput: { tenant: false, policies: everybody, fields: { patch: { type: text() }, query: { type: text() } } },
  Data: { tenant: false, policies: everybody, fields: { nodes: { type: text() }, json: { type: scalar("json") } } },
} satisfies Record<string, EntityOptions>;

let database: TestDatabase;
let server: RunningServer;
let logins: Awaited<ReturnType<typeof ensureLogins>>;
const warnings: string[] = [];
beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  const system = buildSystem({ entities });
  for (const entity of system.entities) {
    const kinds = ["list", "get", "create", "update", "delete"] as const;
    entity.operations = kinds.map((kind) => ({ id: `${entity.name}.${kind}`, kind, input: [], output: [] }));
  }
  const compiled = compile(system);
  const client = await connect(database.url);
  const { plan } = await planBuild(client, compiled);
  await applyPlan(client, plan, { system, compiled });
  await client.end();
  logins = await ensureLogins(database.administratorUrl);
  const original = console.warn;
  console.warn = (...words: unknown[]) => void warnings.push(words.join(" "));
  server = await createServer({
    database: logins.serverUrl,
    port: 0,
    host: "127.0.0.1",
    introspection: true,
    log: createLog({ level: "silent" }),
  });
  console.warn = original;
});
afterAll(async () => {
  await server?.stop();
  const client = await connect(database.administratorUrl);
  for (const url of [logins.serverUrl, logins.workerUrl]) {
    const login = client.escapeIdentifier(decodeURIComponent(new URL(url).username));
    await client.query(`drop owned by ${login}`);
    await client.query(`drop role ${login}`);
  }
  await client.end();
  await database.drop();
});

async function fieldsOf(type: string): Promise<string[]> {
  const { data } = await ask(server, undefined, `{ __type(name: "${type}") { fields { name } inputFields { name } } }`);
  return (data.__type?.fields ?? data.__type?.inputFields ?? []).map((field: { name: string }) => field.name).sort();
}

describe("names", () => {
  test("of root fields", async () => {
    expect(await fieldsOf("Query")).toEqual(
      [
        "data",
        "dataList",
        "httpRequest2",
        "httpRequest2s",
        "news",
        "newsList",
        "people",
        "person",
        "status",
        "statuses",
        "userInput",
        "userInputs",
      ].sort(),
    );
    expect((await fieldsOf("Mutation")).filter((name) => /^create/.test(name))).toEqual([
      "createData",
      "createHTTPRequest2",
      "createNews",
      "createPerson",
      "createStatus",
      "createUserInput",
    ]);
  });

  test("of types and their fields", async () => {
    const always = ["_can", "createdAt", "id", "updatedAt"];
    expect(await fieldsOf("Person")).toEqual(
      ["authored", "boss", "bossId", "edited", "name", "underlings", ...always].sort(),
    );
    expect(await fieldsOf("News")).toEqual(
      ["author", "authorId", "editor", "editorId", "status", "statusId", ...always].sort(),
    );
    expect(await fieldsOf("HTTPRequest2")).toEqual(["nodeId", "rowId", ...always].sort());
    expect(await fieldsOf("UserInput")).toEqual(["patch", "query", ...always].sort());
    expect(await fieldsOf("Data")).toEqual(["json", "nodes", ...always].sort());
  });

  test("and they work", async () => {
    const create = async (entity: string, values: string, selection = "id") => {
      const field = entity === "HTTPRequest2" ? "httpRequest2" : entity.charAt(0).toLowerCase() + entity.slice(1);
      const answer = await ask(
        server,
        undefined,
        `mutation { create${entity}(input: { ${field}: ${values} }) { ${field} { ${selection} } } }`,
      );
      expect(answer.errors).toEqual([]);
      return answer.data[`create${entity}`][field];
    };
    const boss = await create("Person", '{ name: "B" }');
    const person = await create("Person", `{ name: "P", bossId: "${boss.id}" }`);
    await create("News", `{ authorId: "${person.id}", editorId: "${boss.id}" }`);
    expect(await create("HTTPRequest2", '{ rowId: "r", nodeId: "n" }', "rowId nodeId")).toEqual({
      rowId: "r",
      nodeId: "n",
    });
    expect(await create("UserInput", '{ patch: "p", query: "q" }', "patch query")).toEqual({ patch: "p", query: "q" });
    expect(await create("Data", '{ nodes: "n" }', "nodes")).toEqual({ nodes: "n" });
    const { data } = await ask(
      server,
      undefined,
      `{ person(id: "${boss.id}") { underlings { nodes { name boss { name } authored { totalCount } edited { totalCount } } } edited { nodes { author { name } } } }
         dataList { nodes { nodes } } newsList { totalCount } people(orderBy: NAME_ASC) { nodes { name } } }`,
    );
    expect(data).toEqual({
      person: {
        underlings: {
          nodes: [{ name: "P", boss: { name: "B" }, authored: { totalCount: 1 }, edited: { totalCount: 0 } }],
        },
        edited: { nodes: [{ author: { name: "P" } }] },
      },
      dataList: { nodes: [{ nodes: "n" }] },
      newsList: { totalCount: 1 },
      people: { nodes: [{ name: "B" }, { name: "P" }] },
    });
  });
});

test("without tenancy a token needs no tenant, and nothing complains at the start", async () => {
  expect(warnings).toEqual([]);
  expect((await ask(server, undefined, "{ people { totalCount } }")).errors).toEqual([]);
});
