/** What denies, what may be left behind, and who may do an action: actor × command on a real database. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentSystem, HOSTILE } from "./support/documents.ts";
import {
  type ActorName,
  actors,
  attempt,
  buildInvoicing,
  outcome,
  people,
  tenants,
} from "./support/invoicing-database.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";

const NAMES = ["draft", "locked", "hidden", "paid", "large", "unknown", "sent", "hostile", "theirs"] as const;
const id = (name: (typeof NAMES)[number]): string =>
  `00000000-0000-7000-8007-${String(NAMES.indexOf(name) + 1).padStart(12, "0")}`;

const SEED = `
insert into app.document (tenant_id, id, owner_id, title, is_locked, budget, status)
select case when name = 'theirs' then '${tenants.theirs}' else '${tenants.ours}' end::uuid, id::uuid,
  case when name = 'theirs' then '${people.stranger}' else '${people.owner}' end::uuid, name, name = 'locked',
  case name when 'large' then 900 when 'unknown' then null else 10 end,
  case when name in ('hidden', 'paid', 'sent') then name else 'draft' end
from (values ${NAMES.map((name) => `('${name}', '${id(name)}')`).join(", ")}) as t (name, id);`;

const denied = "42501";
type Expected = Readonly<Record<Exclude<ActorName, "intruder" | "nobody">, number | string>>;
const set = (what: string, name: (typeof NAMES)[number]): string =>
  `update app.document set ${what} where id = '${id(name)}'`;
const remove = (name: (typeof NAMES)[number]): string => `delete from app.document where id = '${id(name)}'`;
const act = (action: string, name: (typeof NAMES)[number]): string => `select app.${action}_document('${id(name)}')`;
const make = (owner: string, isLocked: boolean): string =>
  `insert into app.document (owner_id, title, is_locked) values ('${owner}', 'new', ${isLocked})`;

// biome-ignore format: a table
const TABLE: readonly (readonly [label: string, sql: string, expected: Expected])[] = [
  ["deny read: the row does not exist", "select from app.document",
    { owner: 7, biller: 8, member: 7, stranger: 1, anonymous: 0, system: 9 }],
  ["deny read: nor for counts", "select from app.document where status = 'hidden'",
    { owner: 0, biller: 1, member: 0, stranger: 0, anonymous: 0, system: 1 }],
  ["deny read: nor to be updated", set("title = 'x'", "hidden"),
    { owner: 0, biller: denied, member: 0, stranger: 0, anonymous: 0, system: 1 }],
  ["deny read: nor for actions", act("archive", "hidden"),
    { owner: "EJ404", biller: 1, member: "EJ404", stranger: "EJ404", anonymous: "EJ404", system: 1 }],
  ["an action may move a row out of sight", act("hide", "draft"),
    { owner: 1, biller: 1, member: 1, stranger: "EJ404", anonymous: "EJ404", system: 1 }],
  ["create one's own", make(people.owner, false),
    { owner: 1, biller: denied, member: denied, stranger: denied, anonymous: denied, system: 1 }],
  ["deny create wins over allow", make(people.owner, true),
    { owner: denied, biller: denied, member: denied, stranger: denied, anonymous: denied, system: 1 }],
  ["update one's own", set("budget = 20", "draft"),
    { owner: 1, biller: denied, member: 0, stranger: 0, anonymous: 0, system: 1 }],
  // The owner passes by the second rule's check: whatever touches, any check may let it stay.
  ["leave it to oneself", set(`owner_id = '${people.biller}'`, "draft"),
    { owner: denied, biller: 1, member: 0, stranger: 0, anonymous: 0, system: 1 }],
  ["any allow's check is enough", set("budget = 500", "draft"),
    { owner: 1, biller: denied, member: 0, stranger: 0, anonymous: 0, system: 1 }],
  ["deny update: not to be left behind", set("budget = 1001", "draft"),
    { owner: denied, biller: denied, member: 0, stranger: 0, anonymous: 0, system: 1 }],
  ["deny update: not to be touched", set("title = 'x'", "locked"),
    { owner: 0, biller: 0, member: 0, stranger: 0, anonymous: 0, system: 1 }],
  ["deny update speaks of what is touched only, where it has a check", set("is_locked = true", "draft"),
    { owner: 1, biller: denied, member: 0, stranger: 0, anonymous: 0, system: 1 }],
  ["delete one's own", remove("draft"),
    { owner: 1, biller: 0, member: 0, stranger: 0, anonymous: 0, system: 1 }],
  ["deny delete: by the state", remove("paid"),
    { owner: 0, biller: 0, member: 0, stranger: 0, anonymous: 0, system: 1 }],
  ["deny delete: by the other half", remove("large"),
    { owner: 0, biller: 0, member: 0, stranger: 0, anonymous: 0, system: 1 }],
  ["unknown denies nothing", remove("unknown"),
    { owner: 1, biller: 0, member: 0, stranger: 0, anonymous: 0, system: 1 }],
  ["an action without rules of its own: the update right", act("send", "draft"),
    { owner: 1, biller: 1, member: denied, stranger: "EJ404", anonymous: "EJ404", system: 1 }],
  ["and what denies updates denies it", act("send", "locked"),
    { owner: denied, biller: denied, member: denied, stranger: "EJ404", anonymous: "EJ404", system: 1 }],
  ["and what denies it by name", act("send", "hostile"),
    { owner: denied, biller: denied, member: denied, stranger: "EJ404", anonymous: "EJ404", system: 1 }],
  ["an action of a policy's own: by a permission, and denied to the owner", act("pay", "sent"),
    { owner: denied, biller: 1, member: denied, stranger: "EJ404", anonymous: "EJ404", system: 1 }],
];

describe.each(servers)("on $name", ({ create, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    database = await create();
    client = await database.client();
    await buildInvoicing(client, documentSystem());
    await client.query(`set role enginejs_owner; ${SEED}; reset role`);
  });
  afterAll(() => database?.drop());

  for (const [label, sql, expected] of TABLE) {
    test.skipIf(missing)(label, async () => {
      const found: Record<string, number | string> = {};
      for (const name of Object.keys(expected) as (keyof Expected)[]) {
        found[name] = await outcome(client, actors[name], sql);
      }
      expect(found).toEqual(expected);
    });
  }

  const refusal = async (actor: ActorName, sql: string): Promise<unknown> => {
    const { error } = await attempt(client, actors[actor], sql);
    return { code: error?.code, message: error?.message, detail: JSON.parse(error?.detail ?? "null") };
  };

  test.skipIf(missing)(
    "a refused action names the rules that would have allowed it, or the one that denies it",
    async () => {
      expect(await refusal("member", act("pay", "sent"))).toEqual({
        code: denied,
        message: "Document.pay is for: those who may pay",
        detail: { action: "pay", rule: ["those who may pay"] },
      });
      await client.query("begin; set local role enginejs_owner");
      await client.query(`update app.document set owner_id = '${people.biller}' where id = '${id("sent")}'`);
      await client.query("reset role");
      await client.query("savepoint begun");
      const begin = "select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'test')";
      await client.query(begin, [people.biller, tenants.ours]);
      await expect(client.query(act("pay", "sent"))).rejects.toMatchObject({
        message: "Document.pay is denied: nobody pays his own",
        detail: '{"action":"pay","rule":["nobody pays his own"]}',
      });
      await client.query("rollback");
      expect(await refusal("owner", act("send", "locked"))).toMatchObject({
        message: "Document.send is denied: what is locked stays as it is",
      });
      expect(await refusal("owner", act("send", "hostile"))).toEqual({
        code: denied,
        message: `Document.send is denied: ${HOSTILE}`,
        detail: { action: "send", rule: [HOSTILE] },
      });
      expect(await refusal("member", act("send", "draft"))).toMatchObject({
        detail: { action: "send", rule: ["billing takes over", "owners keep what is theirs, and small"] },
      });
    },
  );

  test.skipIf(missing)("a row that an actor may not read is not found by a setting that he made himself", async () => {
    const forged = `select set_config('enginejs.action_row', '${id("hidden")}', true); ${act("archive", "hidden")}`;
    expect(await outcome(client, actors.owner, forged)).toBe("EJ404");
  });

  test.skipIf(missing)("denies are restrictive, of the actors, and their comments say so", async () => {
    const { rows } = await client.query(
      `select polname as name, polpermissive as permissive, obj_description(oid, 'pg_policy') as comment,
         array(select rolname::text from pg_roles where oid = any (polroles) order by rolname) as roles
       from pg_policy where polrelid = 'app.document'::regclass and polname like 'deny%' order by polname`,
    );
    const of = (name: string, text: string): unknown => ({
      name,
      permissive: false,
      comment: `\n${text}`,
      roles: ["enginejs_anonymous", "enginejs_user"],
    });
    expect(rows).toEqual([
      of("deny_delete", "deny: paid and large ones stay"),
      of("deny_insert", "deny: nothing is born locked"),
      of("deny_select", "deny: what is hidden is not there"),
      of("deny_update", "deny: what is locked stays as it is"),
    ]);
  });
});
