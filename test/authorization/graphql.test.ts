/** The rules through GraphQL: for everybody, every list holds the rows that the rules let him see, and counts no others. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActorView, Authorization } from "../../src/authorization/index.ts";
import { ensureLogins } from "../../src/database/logins.ts";
import type { System } from "../../src/model/index.ts";
import { ConditionValues } from "../../src/policy-test/condition-values.ts";
import { type GeneratedWorld, WorldGenerator } from "../../src/policy-test/generate-world.ts";
import { loadStatements } from "../../src/policy-test/load-statements.ts";
import { Random } from "../../src/policy-test/random.ts";
import { actorsOf, type LabelledActor } from "../../src/policy-test/world-people.ts";
import { createServer, type RunningServer, signToken } from "../../src/server/index.ts";
import { applyBuild, ask, secret } from "../server/support/served-invoicing.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { library } from "./support/library.ts";

const LISTS = { Tenant: "tenants", User: "users", Membership: "memberships", Shelf: "shelves", Book: "books" };

/** What is asked of an entity is in its operations. */
function servedLibrary(): System {
  const system = library();
  const operations = (name: string) =>
    (["list", "get"] as const).map((kind) => ({ id: `${name}.${kind}`, kind, input: [], output: [] }));
  return { ...system, entities: system.entities.map((entity) => ({ ...entity, operations: operations(entity.name) })) };
}

describe.each([1, 2])("world %i", (seed) => {
  const system = servedLibrary();
  const authorization = new Authorization(system);
  let database: TestDatabase;
  let server: RunningServer;
  let logins: readonly string[] = [];
  let world: GeneratedWorld;
  let actors: readonly LabelledActor[] = [];

  beforeAll(async () => {
    database = await createTestDatabase({ template: coreTemplate });
    await applyBuild(database.url, system);
    const random = new Random(seed);
    const now = BigInt(Date.now()) * 1000n;
    const values = new ConditionValues(authorization);
    // By its id GraphQL finds one row: ids are each tenant's own here.
    world = new WorldGenerator(authorization, values, random, { rows: 12, now, sharedIds: false }).generate();
    // A request with a token is a person's, and the token says for which tenant; without one it is nobody's.
    actors = actorsOf(system, world.people, random).filter(
      ({ actor: { kind, tenant } }) => kind === "anonymous" || (kind === "user" && tenant !== null),
    );
    const client = await database.client();
    await client.query("begin; set local role enginejs_owner");
    for (const statement of loadStatements(authorization, world.world)) await client.query(statement);
    await client.query("commit");
    const { serverUrl, workerUrl } = await ensureLogins(database.administratorUrl);
    logins = [serverUrl, workerUrl].map((url) => decodeURIComponent(new URL(url).username));
    server = await createServer({ database: serverUrl, jwt: { secret }, port: 0, host: "127.0.0.1" });
  });
  afterAll(async () => {
    await server?.stop();
    const client = await database.administrator();
    for (const login of logins.map((name) => client.escapeIdentifier(name))) {
      await client.query(`drop owned by ${login}; drop role ${login}`);
    }
    await database.drop();
  });

  const tokenOf = async ({ actor: { kind, id, tenant } }: LabelledActor): Promise<string | undefined> =>
    kind === "anonymous" || id === null
      ? undefined
      : signToken(secret, { actor: id, ...(tenant === null ? {} : { tenant }) });

  const idsSeen = (view: ActorView, entity: string): unknown[] =>
    view
      .visible(authorization.entity(entity))
      .map((row) => row.id)
      .toSorted();

  test("every list, and how many there are", async () => {
    let seen = 0;
    for (const by of actors) {
      const view = authorization.as(world.world, by.actor);
      const lists = Object.values(LISTS).map((list) => `${list}(first: 50) { totalCount nodes { id } }`);
      const { data, errors } = await ask(server, await tokenOf(by), `{ ${lists.join(" ")} }`);
      expect(errors, by.label).toEqual([]);
      for (const [entity, list] of Object.entries(LISTS)) {
        const ids = idsSeen(view, entity);
        seen += ids.length;
        expect(data[list].nodes.map(({ id }: { id: string }) => id).toSorted(), `${by.label}: ${list}`).toEqual(ids);
        expect(data[list].totalCount, `${by.label}: ${list}`).toBe(ids.length);
      }
    }
    expect(seen).toBeGreaterThan(100);
  });

  test("one row by its id, and what it refers to", async () => {
    for (const by of actors) {
      const view = authorization.as(world.world, by.actor);
      const visible = new Set(idsSeen(view, "Book"));
      const shelves = new Set(idsSeen(view, "Shelf"));
      const books = world.world.rows("Book");
      const asked = books.map(({ id }, i) => `b${i}: book(id: "${id}") { id shelf { id } }`);
      const { data, errors } = await ask(server, await tokenOf(by), `{ ${asked.join(" ")} }`);
      expect(errors, by.label).toEqual([]);
      books.forEach(({ id, shelf }, i) => {
        const expected = visible.has(id) ? { id, shelf: shelves.has(shelf) ? { id: shelf } : null } : null;
        expect(data[`b${i}`], `${by.label}: book ${id}`).toEqual(expected);
      });
    }
  });
});
