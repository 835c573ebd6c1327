/** A model whose names mean something else to PostGraphile, to PL/pgSQL or to the core's own SQL: served, written to, and its events read. */
import { join } from "node:path";
import {
  buildClientSchema,
  type GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
} from "postgraphile/graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureLogins } from "../../src/database/logins.ts";
import { migrate } from "../../src/database/migrate.ts";
import { createLog, createServer, type RunningServer } from "../../src/server/index.ts";
import { buildProject } from "../support/build-project.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { applyBuild, ask, secret } from "./support/served-invoicing.ts";

let database: TestDatabase;
let server: RunningServer;
let schema: GraphQLSchema;
let logins: readonly string[] = [];
beforeAll(async () => {
  const built = await buildProject(join(import.meta.dirname, "../dsl/cases/names-of-others"));
  if (built.system === undefined) throw new Error(JSON.stringify(built.diagnostics));
  database = await createTestDatabase();
  await migrate(database.url);
  await applyBuild(database.url, built.system, built.sourceMap);
  const { serverUrl, workerUrl } = await ensureLogins(database.administratorUrl);
  logins = [serverUrl, workerUrl];
  const log = createLog({ level: "silent" }, { write: () => undefined });
  server = await createServer({
    database: serverUrl,
    jwt: { secret },
    port: 0,
    host: "127.0.0.1",
    introspection: true,
    log,
  });
  const { data } = await ask(server, undefined, getIntrospectionQuery());
  schema = buildClientSchema(data as IntrospectionQuery);
});
afterAll(async () => {
  await server?.stop();
  const client = await database.administrator();
  for (const url of logins) {
    const login = client.escapeIdentifier(decodeURIComponent(new URL(url).username));
    await client.query(`drop owned by ${login}`);
    await client.query(`drop role ${login}`);
  }
  await database?.drop();
});

const fields = (type: string): string[] => {
  const found = schema.getType(type);
  return found !== undefined && "getFields" in found ? Object.keys(found.getFields()) : [];
};

describe("GraphQL", () => {
  test("has an entity under its own name, where PostGraphile has a type of that name for geometry", () => {
    expect(fields("Point")).toContain("photoURL");
    expect(fields("Query")).toEqual(expect.arrayContaining(["point", "points", "box", "boxes"]));
  });

  test("tells the list of one entity from the single row of another", () => {
    expect(fields("Query")).toEqual(expect.arrayContaining(["person", "personList", "people", "peopleList"]));
    expect(fields("Query")).toEqual(expect.arrayContaining(["news", "newsList"]));
  });

  test("calls fields and inputs as the model does, not as their columns come back", () => {
    expect(fields("PointInput")).toEqual(expect.arrayContaining(["photoURL", "x2y", "ownerIDId"]));
    expect(fields("PointFilter")).toEqual(expect.arrayContaining(["photoURL", "x2y"]));
    expect(fields("MovePointInput")).toEqual(expect.arrayContaining(["toURL", "n", "model"]));
  });

  test("shows a virtual integer as an Int", async () => {
    const type = schema.getType("Point");
    const field = type !== undefined && "getFields" in type ? type.getFields().twice : undefined;
    expect(String(field?.type)).toBe("Int");
  });
});

test("columns called like the aliases and variables of the core's functions reach the outbox whole", async () => {
  const client = await database.client();
  const created = await ask(
    server,
    undefined,
    `mutation { createPoint(input: { point: { n: 3, o: 1, model: "M", actor2: "A", origin: "O", photoURL: "u", x2y: "x" } }) {
      point { id n model twice photoURL x2y } } }`,
  );
  expect(created.errors ?? []).toEqual([]);
  const { id, ...point } = created.data.createPoint.point;
  expect(point).toEqual({ n: 3, model: "M", twice: 6, photoURL: "u", x2y: "x" });
  // A null in the column of the alias's name once made the event's row null.
  const empty = await ask(server, undefined, "mutation { createPoint(input: { point: {} }) { point { id } } }");
  expect(empty.errors ?? []).toEqual([]);
  for (const change of [
    `updatePoint(input: { id: "${id}", patch: { n: 4, origin: "P" } }) { point { n } }`,
    `movePoint(input: { id: "${id}", n: 4, model: "M", toURL: "there" }) { point { n } }`,
    `deletePoint(input: { id: "${id}" }) { point { n } }`,
  ]) {
    const answer = await ask(server, undefined, `mutation { ${change} }`);
    expect(answer.errors ?? []).toEqual([]);
  }
  const { rows } = await client.query(
    "select action, before, after, changed, input from enginejs.workflow_events_outbox where model = 'Point' and record_id = $1 order by id",
    [id],
  );
  expect(rows).toMatchObject([
    { action: "create", before: null, after: { id, n: 3, o: 1, model: "M", origin: "O", photo_url: "u" } },
    { action: "update", before: { n: 3, origin: "O" }, after: { n: 4, origin: "P" }, changed: ["n", "origin"] },
    { action: "move", after: { n: 4, model: "M" }, input: { n: 4, model: "M", toURL: "there" } },
    { action: "delete", before: { id, n: 4, model: "M" }, after: null },
  ]);
});
