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
import type { System } from "../../src/model/index.ts";
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
] as const;

const projects = (policy: string): System =>
  buildSystem({
    tenancy: true,
    entities: {
      ...invoicingEntities,
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
  from app.tenant t, generate_series(1, 40) n order by n;`;

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
  beforeAll(async () => {
    if (missing) return;
    database = await create();
    client = await database.client();
    await build(projects(POLICIES[0]));
    await client.query(SEED);
  });
  afterAll(() => database?.drop());

  const build = async (system: System): Promise<void> => {
    const compiled = compile(system);
    const { plan, stored } = await planBuild(client, compiled);
    await applyPlan(client, plan, { system, compiled, stored });
  };

  /** As an actor, and as a superuser with the actor's claims, whom no policy filters. */
  const rowsOf = async (actor: string, sql: string, asSuperuser: boolean): Promise<readonly string[]> => {
    await client.query("begin");
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, null)", [
      actor,
      tenants.ours,
    ]);
    if (asSuperuser) await client.query("reset role");
    const { rows } = await client.query<{ title: string }>(
      `select title from app.project as project ${sql} order by title`,
    );
    await client.query("rollback");
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
