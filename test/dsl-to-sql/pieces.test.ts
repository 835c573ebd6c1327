/** What each piece of the generated SQL holds up: taken out of the build, something that was refused passes. */
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { invoicingEntities } from "./support/invoicing.ts";
import { actors, outcome, people, type TestActor, tenants } from "./support/invoicing-database.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";
import { buildSystem, many, one, state, text } from "./support/system-builder.ts";

// Rules that allow everything: what is refused here, the engine's own pieces refuse.
const system = buildSystem({
  tenancy: true,
  entities: {
    ...invoicingEntities,
    Doc: {
      fields: {
        title: { type: text(20), required: true },
        owner: { type: one("User") },
        folder: { type: one("Folder") },
        status: { type: state(["open", "closed"], "open") },
      },
      policies: [
        [["read", "create"], "everybody", "true"],
        [["update"], "the owner", "row.owner.id == actor.id"],
      ],
      actions: {
        close: {
          transition: { field: "status", from: ["open"], to: "closed" },
          allow: { name: "all", expression: "true" },
        },
      },
    },
    Folder: {
      fields: { docs: { type: many("Doc", "folder") }, keeper: { type: one("User") } },
      policies: [[["read"], "keepers", "row.docs.exists(d, d.owner.id == actor.id)"]],
    },
  },
});

const ours = "00000000-0000-7000-8000-0000000000d1";
const theirs = "00000000-0000-7000-8000-0000000000d2";
const folder = "00000000-0000-7000-8000-0000000000f1";
// As a superuser, whom no policy stops: the owner's is one of the pieces that are left out.
const SEED = `
insert into app.tenant (id, name) values ('${tenants.ours}', 'O'), ('${tenants.theirs}', 'T');
insert into app."user" (id, name, email) values ('${people.owner}', 'o', 'o'), ('${people.member}', 'm', 'm'), ('${people.stranger}', 's', 's');
insert into app.membership (tenant_id, user_id, roles) values ('${tenants.ours}', '${people.owner}', '{}'),
  ('${tenants.ours}', '${people.member}', '{}'), ('${tenants.theirs}', '${people.stranger}', '{}');
insert into app.folder (tenant_id, id) values ('${tenants.theirs}', '${folder}');
insert into app.doc (tenant_id, id, title, owner_id) values ('${tenants.ours}', '${ours}', 'a', '${people.owner}'),
  ('${tenants.theirs}', '${theirs}', 'b', '${people.stranger}');`;

interface Piece {
  readonly label: string;
  /** The build without it. */
  readonly without: (sql: string, id: string) => string;
  readonly actor: TestActor;
  readonly attempt: string;
  readonly outcome: number | string;
  readonly outcomeWithout: number | string;
}

const dropping =
  (...ids: readonly string[]) =>
  (sql: string, id: string): string =>
    ids.some((dropped) => id === dropped || id === `comment on ${dropped}`) ? "" : sql;
const replacing =
  (statement: string, from: string | RegExp, to: string) =>
  (sql: string, id: string): string => {
    if (!id.startsWith(statement)) return sql;
    const replaced = sql.replaceAll(from, to);
    if (replaced === sql) throw new Error(`${id} does not hold ${from}`);
    return replaced;
  };

const pieces: readonly Piece[] = [
  {
    label: "the tenant's wall",
    without: dropping("policy app.doc.tenancy"),
    actor: actors.member,
    attempt: "select from app.doc",
    outcome: 1,
    outcomeWithout: 2,
  },
  {
    label: "the wall's check of new rows",
    without: (sql, id) =>
      replacing(
        "policy app.doc.tenancy",
        /with check \(.*\)/g,
        "with check (true)",
      )(replacing("grant on table app.doc to actors", "insert (", "insert (tenant_id, ")(sql, id), id),
    actor: actors.member,
    attempt: `insert into app.doc (tenant_id, title) values ('${tenants.theirs}', 'x')`,
    outcome: "42501",
    outcomeWithout: 1,
  },
  {
    label: "the wall for actions",
    without: (sql, id) =>
      dropping("policy app.doc.tenancy")(
        id.startsWith("function app.close_doc")
          ? sql.replace("doc.tenant_id = (select enginejs.tenant_id())\n    and ", "")
          : sql,
        id,
      ),
    actor: actors.member,
    attempt: `select from app.close_doc('${theirs}')`,
    outcome: "EJ404",
    outcomeWithout: 1,
  },
  {
    label: "the check of what an update leaves behind",
    without: replacing("policy app.doc.actor_update", /with check \(.*\)/g, "with check (true)"),
    actor: actors.owner,
    attempt: `update app.doc set owner_id = '${people.member}' where id = '${ours}'`,
    outcome: "42501",
    outcomeWithout: 1,
  },
  {
    label: "the columns of the grants",
    without: replacing("grant on table app.doc to actors", "update (", "update (status, "),
    actor: actors.owner,
    attempt: `update app.doc set status = 'closed' where id = '${ours}'`,
    outcome: "42501",
    outcomeWithout: 1,
  },
  {
    label: "the check of members",
    without: dropping("trigger app.doc.15_member"),
    actor: actors.member,
    attempt: `insert into app.doc (title, owner_id) values ('x', '${people.stranger}')`,
    outcome: "EJ422",
    outcomeWithout: 1,
  },
  {
    label: "the tenant in references",
    without: replacing("constraint app.doc.doc_folder_id_fkey", /foreign key .*/g, "check (true)"),
    actor: actors.member,
    attempt: `insert into app.doc (title, folder_id) values ('x', '${folder}')`,
    outcome: "23503",
    outcomeWithout: 1,
  },
  {
    label: "the transitions",
    without: dropping("trigger app.doc.30_transition"),
    actor: { role: "enginejs_system", tenant: tenants.ours },
    attempt: `select from app.close_doc('${ours}'); reset role; update app.doc set status = 'open' where id = '${ours}'`,
    outcome: "EJ409",
    outcomeWithout: 1,
  },
  {
    label: "the actor's rules inside actions",
    without: replacing("policy app.doc.action_select", /using \(.*\)/g, "using (true)"),
    actor: { role: "enginejs_anonymous" },
    attempt: `select from app.close_doc('${ours}')`,
    outcome: "EJ404",
    // The wall holds nonetheless: two pieces stand before this one.
    outcomeWithout: "EJ404",
  },
  {
    label: "the owner's policy",
    without: dropping("policy app.doc.owner_all"),
    actor: { role: "enginejs_system" },
    attempt: "reset role; set local role enginejs_owner; select from app.doc",
    outcome: 2,
    outcomeWithout: 0,
  },
  {
    label: "row level security of the owner",
    without: (sql, id) =>
      dropping("policy app.doc.owner_all")(
        replacing("row security on table app.doc", ",\n  force row level security", "")(sql, id),
        id,
      ),
    actor: { role: "enginejs_system" },
    attempt: "reset role; set local role enginejs_owner; select from app.doc",
    outcome: 2,
    outcomeWithout: 2,
  },
  {
    label: "views that see the true rows",
    without: replacing("view app.policy_folder", "security_barrier", "security_invoker"),
    actor: actors.stranger,
    attempt: `reset role; update app.doc set folder_id = '${folder}' where id = '${theirs}'; drop policy actor_select on app.doc;
      select enginejs.begin_request('enginejs_user', '${people.stranger}', '${tenants.theirs}', null, null, null); select from app.folder`,
    outcome: 1,
    outcomeWithout: 0,
  },
];

describe.each(servers)("on $name", ({ create, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  let superuser: pg.Client;
  const whole = new Map<string, number | string>();
  const build = async (change: (sql: string, id: string) => string): Promise<void> => {
    const statements = compile(system).statements.map(
      ({ id, role, sql }) => `${role === "login" ? "reset role" : `set role ${role}`}; ${change(sql, id)}`,
    );
    await client.query(`${statements.join(";\n")}; reset role`);
    await superuser.query(SEED);
  };

  beforeAll(async () => {
    if (missing) return;
    database = await create();
    client = await database.client();
    superuser = await database.administrator();
    await build((sql) => sql);
    for (const { label, actor, attempt } of pieces) whole.set(label, await outcome(client, actor, attempt));
  });
  beforeEach(async () => {
    if (!missing) await client.query("drop schema if exists app cascade");
  });
  afterAll(() => database?.drop());

  for (const { label, without, actor, attempt, outcome: expected, outcomeWithout } of pieces) {
    test.skipIf(missing)(label, async () => {
      expect(whole.get(label)).toBe(expected);
      await build(without);
      expect(await outcome(client, actor, attempt)).toBe(outcomeWithout);
    });
  }
});
