/** What an actor reaches: claims read live, trees, and policies that need their own table. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentSystem } from "./support/documents.ts";
import { actors, attempt, buildInvoicing, outcome, people, tenants } from "./support/invoicing-database.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";
import { many, one, text } from "./support/system-builder.ts";

const id = (kind: string, n: number): string =>
  `00000000-0000-7000-8009-${kind.padStart(4, "0")}${String(n).padStart(8, "0")}`;
const folder = (n: number): string => id("f", n);
const team = (n: number): string => id("a", n);
const { ours, theirs } = tenants;

const system = documentSystem({
  entities: {
    // Its own table, its own policy: whoever is in a team sees who is in it.
    TeamMember: {
      fields: { team: { type: one("Team", "cascade"), required: true }, user: { type: one("User"), required: true } },
      policies: [[["read"], "team mates", "row.team.members.exists(m, m.user.id == actor.id)"]],
    },
    // By way of each other: teams by their folders, folders by their teams.
    Team: {
      fields: { members: { type: many("TeamMember", "team") }, folders: { type: many("Folder", "team") } },
      policies: [
        [
          ["read"],
          "by folder",
          "row.folders.exists(f, f.owner.id == actor.id || f.team.folders.exists(g, g.owner.id == actor.id))",
        ],
      ],
    },
    Folder: {
      fields: {
        parent: { type: one("Folder") },
        owner: { type: one("User") },
        team: { type: one("Team") },
        name: { type: text(50), required: true },
        folders: { type: many("Folder", "parent") },
      },
      policies: [
        [
          ["read", "update", "delete"],
          "one's own and all below",
          'row.selfAndAncestors("parent").exists(f, f.owner.id == actor.id)',
        ],
        [
          ["create"],
          "into one's own and all below",
          'row.selfAndAncestors("parent").exists(f, f.owner.id == actor.id)',
        ],
        [["read"], "one's team's", "row.team.id in actor.claims.teams"],
      ],
    },
  },
});

// 1 ─ 2 ─ 3, 1 of the owner; 10 ⇄ 11, 11 of the member; 20 of nobody, of the team.
const SEED = `
insert into app.team (tenant_id, id) values ('${ours}', '${team(1)}'), ('${ours}', '${team(2)}'), ('${theirs}', '${team(3)}');
insert into app.team_member (tenant_id, team_id, user_id) values
  ('${ours}', '${team(1)}', '${people.owner}'), ('${ours}', '${team(1)}', '${people.biller}'), ('${ours}', '${team(2)}', '${people.member}'),
  ('${theirs}', '${team(3)}', '${people.owner}'), ('${theirs}', '${team(3)}', '${people.stranger}');
insert into app.folder (tenant_id, id, parent_id, owner_id, team_id, name) values
  ('${ours}', '${folder(1)}', null, '${people.owner}', null, '1'),
  ('${ours}', '${folder(2)}', '${folder(1)}', null, null, '2'),
  ('${ours}', '${folder(3)}', '${folder(2)}', null, null, '3'),
  ('${ours}', '${folder(10)}', null, null, null, '10'),
  ('${ours}', '${folder(11)}', '${folder(10)}', '${people.member}', null, '11'),
  ('${ours}', '${folder(20)}', null, null, '${team(1)}', '20'),
  ('${theirs}', '${folder(30)}', null, '${people.stranger}', '${team(3)}', '30');
update app.folder set parent_id = '${folder(11)}' where id = '${folder(10)}';`;

describe.each(servers)("on $name", ({ create, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    database = await create();
    client = await database.client();
    await buildInvoicing(client, system);
    await client.query(`set role enginejs_owner; ${SEED}; reset role`);
  });
  afterAll(() => database?.drop());

  const names = async (
    actor: keyof typeof actors,
    sql = "select name from app.folder order by name",
  ): Promise<unknown> => {
    const { rows, error } = await attempt(client, actors[actor], sql);
    expect(error).toBeUndefined();
    return rows.map((row) => row.name);
  };

  test.skipIf(missing)("a tree is seen from its owner's folder down, circles and all", async () => {
    expect(await names("owner")).toEqual(["1", "2", "20", "3"]);
    expect(await names("member")).toEqual(["10", "11"]);
    expect(await names("biller")).toEqual(["20"]);
    expect(await names("stranger")).toEqual(["30"]);
    expect(await names("anonymous")).toEqual([]);
  });

  test.skipIf(missing)("a row that is being made is asked itself: it is in no table yet", async () => {
    const make = (parent: string, owner: string): string =>
      `insert into app.folder (parent_id, owner_id, name) values (${parent}, ${owner}, 'new') returning id`;
    expect(await outcome(client, actors.owner, make("null", `'${people.owner}'`))).toBe(1);
    expect(await outcome(client, actors.owner, make(`'${folder(3)}'`, "null"))).toBe(1);
    expect(await outcome(client, actors.owner, make("null", "null"))).toBe("42501");
    expect(await outcome(client, actors.owner, make(`'${folder(10)}'`, "null"))).toBe("42501");
    expect(await outcome(client, actors.biller, make(`'${folder(20)}'`, "null"))).toBe("42501");
  });

  test.skipIf(missing)("a row may not be moved out of the tree", async () => {
    const move = (n: number, to: string): string => `update app.folder set parent_id = ${to} where id = '${folder(n)}'`;
    expect(await outcome(client, actors.owner, move(3, `'${folder(1)}'`))).toBe(1);
    expect(await outcome(client, actors.owner, move(3, `'${folder(10)}'`))).toBe("42501");
    expect(await outcome(client, actors.owner, move(3, "null"))).toBe("42501");
    expect(await outcome(client, actors.owner, move(11, "null"))).toBe(0);
    // Below itself: a circle, still below the owner's own.
    expect(await outcome(client, actors.owner, move(1, `'${folder(3)}'`))).toBe(1);
    expect(await outcome(client, actors.owner, `delete from app.folder where id = '${folder(3)}'`)).toBe(1);
  });

  test.skipIf(missing)("policies that need their own table, or each other's, end", async () => {
    const count = (table: string): string => `select from app.${table}`;
    expect(await outcome(client, actors.owner, count("team_member"))).toBe(2);
    expect(await outcome(client, actors.member, count("team_member"))).toBe(1);
    expect(await outcome(client, actors.stranger, count("team_member"))).toBe(2);
    expect(await outcome(client, actors.stranger, count("team"))).toBe(1);
    expect(await outcome(client, actors.member, count("team"))).toBe(0);
    expect(await outcome(client, actors.anonymous, count("team_member"))).toBe(0);
  });

  test.skipIf(missing)("a claim is read live, and in the request's tenant only", async () => {
    const teams = "select unnest(app.claim_teams()) as name";
    expect(await names("owner", teams)).toEqual([team(1)]);
    expect(await names("stranger", teams)).toEqual([team(3)]);
    expect(await names("nobody", teams)).toEqual([]);
    expect(await names("anonymous", teams)).toEqual([]);
    expect(await names("owner", "select app.claim_nickname() as name")).toEqual(["owner"]);
    expect(await names("anonymous", "select app.claim_nickname() as name")).toEqual([null]);
    await client.query("begin");
    const begin = "select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'test')";
    await client.query(begin, [people.biller, ours]);
    expect((await client.query("select from app.folder")).rowCount).toBe(1);
    await client.query("reset role");
    await client.query("delete from app.team_member where user_id = $1", [people.biller]);
    await client.query("set local role enginejs_user");
    expect((await client.query("select from app.folder")).rowCount).toBe(0);
    await client.query("rollback");
  });

  test.skipIf(missing)("claims are definer's functions of the reader, with nothing for PUBLIC", async () => {
    const { rows } = await client.query(
      `select pg_get_userbyid(proowner) as owner, prosecdef as definer, provolatile as volatility, proconfig as settings,
         has_function_privilege('public', oid, 'execute') as public, has_function_privilege('enginejs_action', oid, 'execute') as action,
         obj_description(oid, 'pg_proc') as comment
       from pg_proc where oid = 'app.claim_teams()'::regprocedure`,
    );
    expect(rows).toEqual([
      {
        owner: "enginejs_reader",
        definer: true,
        volatility: "s",
        settings: ['search_path=""'],
        public: false,
        action: true,
        comment: "\nclaim teams: actor.teams.map(m, m.team.id)",
      },
    ]);
  });
});
