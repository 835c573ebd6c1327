/**
 * Whatever form a policy takes (plain, gathered, asked per row), the rows that an actor sees are those for which the
 * condition is true, by the plain SQL of the expression over the true rows of the tenant.
 */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { rowEnvironment } from "../../src/dsl-to-sql/environments.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { ModelIndex } from "../../src/dsl-to-sql/model-index.ts";
import { check } from "../../src/expression/check.ts";
import { toCondition } from "../../src/expression/to-sql.ts";
import type { Claim, System } from "../../src/model/index.ts";
import { printExpression } from "../../src/sql-ast/print-expression.ts";
import { invoicingEntities } from "./support/invoicing.ts";
import { people, tenants } from "./support/invoicing-database.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";
import { buildSystem, many, one, scalar, text } from "./support/system-builder.ts";

const POLICIES = [
  "row.team.lead.id == actor.id",
  "!(row.team.lead.id == actor.id)",
  "row.team.lead.id != actor.id",
  "row.team.members.exists(m, m.user.id == actor.id)",
  "!row.team.members.exists(m, m.user.id == actor.id)",
  "row.team.members.all(m, m.user.id == actor.id)",
  "row.team.members.exists(m, m.user.id == actor.id && m.rank > 1)",
  "row.team.members.filter(m, m.rank > 1).exists(m, m.user.id == actor.id)",
  "row.parts.exists(p, p.team.lead.id == actor.id)",
  "row.parts.exists(p, p.owner.id == actor.id)",
  "row.parts.exists(p, p.owner.id == actor.id && p.budget > row.budget)",
  "row.parts.exists(p, p.parts.exists(q, q.owner.id == actor.id))",
  "row.parent.owner.id == actor.id",
  "row.parent.parent.owner.id == actor.id",
  "row.parent.parts.exists(p, p.owner.id == actor.id)",
  "row.parent.team.members.exists(m, m.user.id == actor.id)",
  "row.parent.owner.id == actor.id || row.owner.id == actor.id",
  "row.parent.owner.id == actor.id && row.parent.budget > 10",
  "row.parent.owner.id == actor.id && row.budget > 10",
  "row.parent.owner.id == actor.id || row.parent == null",
  "row.parent.owner == null",
  "row.parent.owner == null || row.parent.owner.id == actor.id",
  "!(row.parent.owner.id == actor.id || row.owner.id == actor.id)",
  "row.size > 1",
  "row.size > 1 || row.team.lead.id == actor.id",
  "row.parent.size > 1",
  "row.parts.map(p, p.budget).sum() > 20",
  "row.budget > 10 ? row.parent.owner.id == actor.id : row.owner.id == actor.id",
  "row.tenant.name == 'Ours'",
  "row.owner.name == 'owner'",
  "row.owner.memberships.exists(m, m.tenant.id == actor.tenantId && 'billing' in m.roles)",
  // Several hops, each turned around.
  "row.parent.parent.team.members.exists(m, m.user.id == actor.id)",
  "!row.parent.parent.team.members.exists(m, m.user.id == actor.id)",
  "row.parent.parts.exists(p, p.team.members.exists(m, m.user.id == actor.id))",
  "row.parts.exists(p, p.parts.exists(q, q.team.members.exists(m, m.user.id == actor.id)))",
  "row.parent.parent.owner.id == actor.id || row.parent.team.lead.id == actor.id",
  "row.team.members.exists(m, m.user.id == actor.id) && row.parent.owner.id == actor.id",
  "row.team.members.exists(m, m.user.id == actor.id) || row.budget > 20",
  "(row.team.members.exists(m, m.user.id == actor.id) || row.owner.id == actor.id) && row.budget > 5",
  "row.parts.exists(p, p.budget > row.budget && p.team.members.exists(m, m.user.id == actor.id))",
  // Trees, with circles in them.
  'row.ancestors("parent").exists(a, a.owner.id == actor.id)',
  '!row.ancestors("parent").exists(a, a.owner.id == actor.id)',
  'row.selfAndAncestors("parent").exists(a, a.owner.id == actor.id)',
  'row.selfAndAncestors("parent").exists(a, a.team.members.exists(m, m.user.id == actor.id))',
  'row.selfAndAncestors("parent").filter(a, a.budget > 5).exists(a, a.owner.id == actor.id)',
  'row.parent.selfAndAncestors("parent").exists(a, a.owner.id == actor.id)',
  'row.parent.parent.ancestors("parent").exists(a, a.owner.id == actor.id)',
  'row.parts.exists(p, p.parent.ancestors("parent").exists(a, a.owner.id == actor.id))',
  'row.ancestors("parent").all(a, a.owner.id == actor.id)',
  'row.ancestors("parent").exists(a, a.budget > row.budget && a.owner.id == actor.id)',
  'row.ancestors("parent").size() > 1 && row.selfAndAncestors("parent").map(a, a.budget).sum() > 10',
  'row.team.members.exists(m, m.user.id == actor.id) || row.ancestors("parent").exists(a, a.owner.id == actor.id)',
  // What is read of the actor, of the request, and of switches.
  "row.team.id in actor.claims.teams",
  "!(row.team.id in actor.claims.teams)",
  "row.parent.team.id in actor.claims.teams",
  "row.parent.parent.team.id in actor.claims.teams",
  'row.ancestors("parent").exists(a, a.team.id in actor.claims.teams)',
  "row.budget > actor.claims.rank",
  "row.owner.name == actor.claims.name || row.budget == null",
  '"Project.read" in actor.permissions && row.budget > 5',
  '"Project.unknown" in actor.permissions || row.budget > 5',
  '!("Project.read" in actor.permissions) || row.budget > 5',
  "row.title in actor.permissions || row.owner.id == actor.id",
  'actor.kind == "user" && row.budget > 5',
  'actor.kind == "key" || row.budget > 5',
  "row.createdAt <= request.time && row.budget > 5",
  'request.origin == null && row.budget > 5 || request.ip == "127.0.0.1"',
  "flags.beta && row.budget > 5",
  "flags.beta == flags.gamma || row.budget > 5",
] as const;

/** Rows of all tenants have a way to them, the claim stays in one. */
const CLAIMS = [
  {
    name: "teams",
    expression: "actor.teams.map(m, m.team.id)",
    type: { list: true, scalar: "uuid", sqlType: "uuid[]" },
  },
  {
    name: "rank",
    expression: "actor.teams.map(m, m.rank).max()",
    type: { list: false, scalar: "int", sqlType: "bigint" },
  },
  { name: "name", expression: "actor.name", type: { list: false, scalar: "string", sqlType: "text" } },
] satisfies Claim[];

const projects = (policy: string): System =>
  buildSystem({
    tenancy: true,
    claims: CLAIMS,
    permissions: [{ name: "Project.read" }, { name: "Project.unknown" }],
    roles: [
      { name: "billing", includes: ["member"], of: "tenant", permissions: ["Project.read", "p7", "p11"] },
      { name: "member", includes: [], of: "tenant", permissions: [] },
    ],
    flags: [
      { name: "beta", default: true },
      { name: "gamma", default: false },
    ],
    entities: {
      ...invoicingEntities,
      User: {
        ...invoicingEntities.User,
        fields: { ...invoicingEntities.User?.fields, teams: { type: many("TeamMember", "user") } },
      },
      Team: {
        fields: { lead: { type: one("User") }, members: { type: many("TeamMember", "team") } },
        policies: [],
      },
      TeamMember: {
        fields: {
          team: { type: one("Team"), required: true },
          user: { type: one("User"), required: true },
          rank: { type: scalar("integer") },
        },
      },
      Project: {
        fields: {
          team: { type: one("Team") },
          parent: { type: one("Project") },
          owner: { type: one("User") },
          parts: { type: many("Project", "parent") },
          title: { type: text(50) },
          budget: { type: scalar("money") },
          size: { type: scalar("integer"), virtual: "row.parts.size()" },
        },
        policies: [[["read"], "policy", policy]],
      },
    },
  });

// Every combination of null and set references, in two tenants.
const SEED = `
insert into app.tenant (id, name) values ('${tenants.ours}', 'Ours'), ('${tenants.theirs}', 'Theirs');
insert into app."user" (id, name, email) values ('${people.owner}', 'owner', 'o'), ('${people.member}', 'member', 'm'), ('${people.biller}', 'biller', 'b');
insert into app.membership (tenant_id, user_id, roles)
  select t.id, u.id, case when u.name = 'biller' then '{billing}'::text[] else '{member}' end from app.tenant t, app."user" u;
insert into app.team (tenant_id, id, lead_id)
  select t.id, md5(t.id::text || 'team' || n)::uuid, (array[null, '${people.owner}', '${people.member}']::uuid[])[n] from app.tenant t, generate_series(1, 3) n;
insert into app.team_member (tenant_id, team_id, user_id, rank)
  select t.tenant_id, t.id, u.id, nullif(row_number() over (order by t.id, u.id) % 4, 0) from app.team t, app."user" u
   where (hashtext(t.id::text || u.id::text) % 3) <> 0;
insert into app.project (tenant_id, id, team_id, parent_id, owner_id, title, budget)
  select t.id, md5(t.id::text || 'project' || n)::uuid,
    case n % 4 when 0 then null else md5(t.id::text || 'team' || n % 4)::uuid end,
    case when n > 6 then md5(t.id::text || 'project' || n / 3)::uuid end,
    (array['${people.owner}', '${people.member}', '${people.biller}', null]::uuid[])[1 + n % 4],
    'p' || n, nullif(n % 7 * 5, 0)
  from app.tenant t, generate_series(1, 40) n order by n;
-- Two go round in a circle, one is above itself.
update app.project set parent_id = md5(tenant_id::text || 'project6')::uuid where title = 'p5';
update app.project set parent_id = md5(tenant_id::text || 'project5')::uuid where title = 'p6';
update app.project set parent_id = id where title = 'p4';`;

/** The condition in the plain SQL of the expression language, policies aside. */
function plainSql(system: System, policy: string): string {
  const model = new ModelIndex(system);
  const result = check(policy, rowEnvironment(model, model.entity("Project"), "project"), { kind: "bool" });
  if (!result.ok) throw new Error(result.errors.map((error) => error.message).join("\n"));
  return printExpression(toCondition(result.core));
}

describe.each(servers)("on $name", ({ create, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  let superuser: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    database = await create();
    client = await database.client();
    superuser = await database.administrator();
    await build(projects(POLICIES[0]));
    await client.query(`set role enginejs_owner; ${SEED}; reset role`);
  });
  afterAll(() => database?.drop());

  const build = async (system: System): Promise<void> => {
    const compiled = compile(system);
    const { plan, stored } = await planBuild(client, compiled);
    await applyPlan(client, plan, { system, compiled, stored });
  };

  /** As an actor, and as a superuser with the actor's claims, whom no policy filters. */
  const rowsOf = async (actor: string, sql: string, asSuperuser: boolean): Promise<readonly string[]> => {
    const asker = asSuperuser ? superuser : client;
    await asker.query("begin");
    await asker.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, null)", [
      actor,
      tenants.ours,
    ]);
    if (asSuperuser) await asker.query("reset role");
    const { rows } = await asker.query<{ title: string }>(
      `select title from app.project as project ${sql} order by title`,
    );
    await asker.query("rollback");
    return rows.map((row) => row.title);
  };

  for (const policy of POLICIES) {
    test.skipIf(missing)(policy, async () => {
      const system = projects(policy);
      await build(system);
      let seen = 0;
      for (const actor of [people.owner, people.member, people.biller]) {
        const truth = await rowsOf(
          actor,
          `where tenant_id = '${tenants.ours}' and (${plainSql(system, policy)})`,
          true,
        );
        expect(await rowsOf(actor, "", false), `as ${actor}`).toEqual(truth);
        seen += truth.length;
      }
      // The data tells true from false.
      if (policy !== "row.tenant.name == 'Ours'") expect(seen).toBeLessThan(120);
      expect(seen).toBeGreaterThan(0);
    });
  }
});
