/** Who makes a row completes it, wherever in the transaction: fields of other tables, in a savepoint and out of one. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { people } from "./support/invoicing-database.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";
import { buildSystem, one, text } from "./support/system-builder.ts";

const mine = { name: "whoever wrote it", expression: "row.author.id == actor.id" };
const system = buildSystem({
  entities: {
    User: { fields: { name: { type: text(20) } } },
    // Written once and for all: nobody may update it.
    Letter: {
      events: true,
      fields: {
        author: { type: one("User") },
        body: { type: text(20), required: true, access: { read: mine } },
        seal: { type: text(20), access: { read: mine, change: "never" } },
      },
      policies: [
        [["read"], "everybody", "true"],
        [["create"], "authors", mine.expression],
      ],
    },
  },
});

const begin = `begin; select enginejs.begin_request('enginejs_user', '${people.owner}', null, null, null, 't')`;
const create = `select app.create_letter('${JSON.stringify({ author_id: people.owner, body: "dear", seal: "wax" })}')`;
const read = "select app.letter_body(l) as body, app.letter_seal(l) as seal from app.letter l";

describe.each(servers)("on $name", ({ create: createDatabase, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    database = await createDatabase();
    client = await database.client();
    const compiled = compile(system);
    const { plan, stored } = await planBuild(client, compiled);
    await applyPlan(client, plan, { system, compiled, stored });
    await client.query(
      `set role enginejs_owner; insert into app."user" (id, name) values ('${people.owner}', 'o'); reset role`,
    );
  });
  afterAll(() => database?.drop());

  test.skipIf(missing).each([
    ["outside of a savepoint", ""],
    ["in a savepoint", "savepoint a"],
    [
      "in a savepoint of a savepoint, after another that was released",
      "savepoint a; savepoint b; release b; savepoint c",
    ],
  ])("a row with its fields is made %s", async (_, where) => {
    await client.query(`${begin}; ${where}`);
    await client.query(create);
    expect((await client.query(read)).rows).toEqual([{ body: "dear", seal: "wax" }]);
    await client.query("reset role");
    const events = await client.query("select action from enginejs.workflow_events_current where model = 'Letter'");
    await client.query("rollback");
    expect(events.rows).toEqual([{ action: "create" }]);
  });

  test.skipIf(missing)("a row of an earlier transaction stays as it is, in a savepoint as well", async () => {
    await client.query(`${begin}; ${create}; commit`);
    for (const where of ["", "savepoint a"]) {
      await client.query(`${begin}; ${where}`);
      const { rowCount } = await client.query("update app.letter_body set body = 'changed'");
      await client.query("rollback");
      expect(rowCount).toBe(0);
    }
    await client.query("set role enginejs_owner");
    const refused = client.query("begin; savepoint a; update app.letter_seal set seal = 'x'");
    await expect(refused).rejects.toThrow("letter_seal.seal never changes");
    await client.query("rollback; reset role");
  });

  test.skipIf(missing)("knows its own numbers from others', earlier, later, and from the round before", async () => {
    const other = await database.client();
    const ask = async (writer: string): Promise<boolean> =>
      (await client.query("select enginejs.is_own_write($1::text::xid) as own", [writer])).rows[0].own;
    const number = "select pg_current_xact_id()::xid::text as xid";
    const earlier = (await other.query(number)).rows[0].xid;
    await client.query("begin");
    const own = (await client.query(number)).rows[0].xid;
    await client.query("savepoint a; create temporary table marked (x int) on commit drop");
    await client.query("insert into marked values (1); release a");
    const inside = (await client.query("select xmin::text as xid from marked")).rows[0].xid;
    const later = (await other.query(number)).rows[0].xid;
    const frozen = String((Number(own) + 2 ** 30) % 2 ** 32);
    const answers = [];
    for (const writer of [own, inside, earlier, later, frozen, "2"]) answers.push(await ask(writer));
    await client.query("rollback");
    expect(inside).not.toBe(own);
    expect(answers).toEqual([true, true, false, false, false, false]);
  });
});
