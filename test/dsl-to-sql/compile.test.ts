/** What the compiler makes of a model, without a database. */
import { describe, expect, test } from "vitest";
import { compile, explainObject, sqlFiles } from "../../src/dsl-to-sql/index.ts";
import { EngineError } from "../../src/errors/engine-error.ts";
import type { Policy, System } from "../../src/model/index.ts";
import { invoicing, invoicingEntities } from "./support/invoicing.ts";
import { buildSystem, type EntityOptions, many, one, scalar, text } from "./support/system-builder.ts";

const sqlOf = (system: System, id: string): string => {
  const found = compile(system).statements.find((statement) => statement.id === id);
  if (found === undefined) throw new Error(`no statement ${id}`);
  return found.sql;
};
const functionsOf = (system: System, prefix: string): string[] =>
  compile(system)
    .statements.filter((statement) => statement.kind === "function" && statement.object.includes(prefix))
    .map((statement) => statement.sql);

/** The views of what an actor reaches. */
const viewsOf = (system: System, prefix: string): string[] =>
  compile(system)
    .statements.filter((statement) => statement.kind === "view" && statement.object.includes(prefix))
    .map((statement) => statement.sql.replace(/\s+/g, " "));

/** A project whose read policy is the given one. */
const projects = (policy: string, more: Partial<Record<string, EntityOptions>> = {}): System =>
  buildSystem({
    tenancy: true,
    entities: {
      ...invoicingEntities,
      Team: {
        fields: {
          name: { type: text(10) },
          lead: { type: one("User") },
          members: { type: many("TeamMember", "team") },
          projects: { type: many("Project", "team") },
        },
        policies: [[["read"], "teammates", "row.members.exists(m, m.user.id == actor.id)"]],
      },
      TeamMember: {
        fields: { team: { type: one("Team"), required: true }, user: { type: one("User"), required: true } },
        policies: [[["read"], "teammates", "row.team.members.exists(m, m.user.id == actor.id)"]],
      },
      Project: {
        fields: {
          team: { type: one("Team") },
          parent: { type: one("Project") },
          parts: { type: many("Project", "parent") },
          owner: { type: one("User") },
          title: { type: text(50) },
          budget: { type: scalar("money") },
          size: { type: scalar("integer"), virtual: "row.parts.size()" },
        },
        policies: [[["read"], "policy", policy]],
      },
      ...(more as Record<string, EntityOptions>),
    },
  });
const usingOf = (policy: string): string =>
  /using \((.*)\)/.exec(sqlOf(projects(policy), "policy app.project.actor_select"))?.[1] ?? "";

describe("policies", () => {
  test("own columns and the actor stand as they are", () => {
    expect(usingOf("row.team.id == actor.id || row.title == 'x'")).toBe(
      "project.team_id = (select enginejs.actor_id()) or project.title = 'x'",
    );
    expect(usingOf("!(row.title == 'x' && row.parent == null)")).toBe(
      "project.title <> 'x' or project.parent_id is not null",
    );
  });

  test("what can be turned around starts at the actor: gathered once, found by an index", () => {
    expect(usingOf("row.team.lead.id == actor.id")).toMatch(
      /^project\.team_id = any \(array\(select (policy_project_[0-9a-f]{8})\.reached from app\.\1 as \1\)\)$/,
    );
    expect(viewsOf(projects("row.team.lead.id == actor.id"), "policy_project")[0]).toMatch(
      /^create view app\.policy_project_\w+ \(reached\) with \(security_barrier\) as select team\.id from app\.team as team where team\.tenant_id = \(select enginejs\.tenant_id\(\)\) and team\.lead_id = \(select enginejs\.actor_id\(\)\);$/,
    );
    // From the team of the row straight to its members: the team itself need not be read.
    expect(viewsOf(projects("row.team.members.exists(m, m.user.id == actor.id)"), "policy_project")[0]).toContain(
      "select team_member.team_id from app.team_member as team_member where team_member.tenant_id = (select enginejs.tenant_id()) and team_member.user_id = (select enginejs.actor_id());",
    );
    // The same rows by relation: no recursion, because the view sees the true ones.
    expect(usingOf("row.parts.exists(p, p.team.lead.id == actor.id)")).toMatch(/^project\.id = any /);
  });

  test("what cannot is asked per row, within the tenant", () => {
    for (const policy of [
      "row.team.name == 'x'",
      "row.parts.exists(p, p.budget > 5)",
      "row.size > 3",
      "!(row.team.lead.id == actor.id)",
    ]) {
      const [sql = ""] = functionsOf(projects(policy), "policy_project");
      expect(usingOf(policy), policy).toMatch(/^app\.policy_project_[0-9a-f]{8}\(project\./);
      expect(sql, policy).toMatch(/policy_project_[0-9a-f]{8}\.tenant_id = \(select enginejs\.tenant_id\(\)\)/);
      expect(sql).toContain("security definer");
      expect(sql).toContain("set search_path = ''");
    }
  });

  test("a tenant's rows do not start at the actor by their tenant alone", () => {
    expect(usingOf("row.parts.exists(p, p.tenant.id == actor.tenantId)")).toMatch(/^app\.policy_project_/);
  });

  test("each part of a condition has the form that suits it", () => {
    expect(usingOf("row.team.name == 'x' && (row.team.lead.id == actor.id || 'billing' in actor.roles)")).toMatch(
      /^\('billing'::text = any .* or project\.team_id in \(select (\w+)\.reached from app\.\1 as \1\)\) and app\.policy_project_\w+\(project\.team_id, project\.tenant_id\)$/,
    );
  });

  test("an array where an index can find by it, a hash table where rows are only filtered", () => {
    const member = "row.team.members.exists(m, m.user.id == actor.id)";
    const array = /project\.team_id = any \(array\(select policy_project_\w+\.reached from/;
    const hashed = /project\.team_id in \(select policy_project_\w+\.reached from/;
    expect(usingOf(`${member} && row.budget > 5`)).toMatch(array);
    expect(usingOf(`${member} || row.parent.owner.id == actor.id || row.owner.id == actor.id`)).toMatch(array);
    expect(usingOf(`${member} || row.budget > 5`)).toMatch(hashed);
    expect(usingOf(`${member} || "billing" in actor.roles`)).toMatch(hashed);
    // All allows of a command are one condition, a deny never finds a row.
    const policies = (...more: readonly (Partial<Policy> & Pick<Policy, "name" | "expression">)[]): string => {
      const system = projects(member);
      const project = system.entities.find((entity) => entity.name === "Project");
      for (const policy of more)
        project?.policies.push({ effect: "allow", commands: ["read"], actions: [], ...policy });
      return ["actor_select", "deny_select"]
        .map((name) => compile(system).statements.find(({ id }) => id === `policy app.project.${name}`)?.sql)
        .join("\n");
    };
    expect(policies({ name: "own", expression: "row.owner.id == actor.id" })).toMatch(array);
    expect(policies({ name: "cheap", expression: "row.budget < 5" })).toMatch(hashed);
    expect(policies({ name: "other", commands: ["update"], expression: "row.budget < 5" })).toMatch(array);
    expect(policies({ name: "not", effect: "deny", expression: member })).toMatch(hashed);
  });

  test("a way of several hops is turned around hop by hop", () => {
    const [sql] = viewsOf(
      projects("row.parent.parent.team.members.exists(m, m.user.id == actor.id)"),
      "policy_project",
    );
    const tenant = (alias: string): string => `${alias}.tenant_id = (select enginejs.tenant_id())`;
    expect(sql).toContain(
      [
        `select project.id from app.project as project where ${tenant("project")} and project.parent_id in (`,
        `select project.id from app.project as project where ${tenant("project")} and project.team_id in (`,
        `select team_member.team_id from app.team_member as team_member where ${tenant("team_member")} and team_member.user_id = (select enginejs.actor_id())));`,
      ].join(""),
    );
  });

  test("a tree is walked down from the actor's rows, and the row itself is asked beside them", () => {
    const policy = 'row.selfAndAncestors("parent").exists(p, p.owner.id == actor.id)';
    expect(usingOf(policy)).toMatch(
      /^project\.owner_id = \(select enginejs\.actor_id\(\)\) or project\.parent_id = any \(array\(select (\w+)\.reached from app\.\1 as \1\)\)$/,
    );
    const [sql] = viewsOf(projects(policy), "policy_project");
    expect(sql).toContain(
      "union select project.id from below as below join app.project as project on project.tenant_id = (select enginejs.tenant_id()) and project.parent_id = below.id )",
    );
  });

  test("a permission is the roles that carry it", () => {
    const system = projects('"Project.read" in actor.permissions || "nobody.has" in actor.permissions');
    for (const role of system.roles) role.permissions.push("Project.read");
    expect(sqlOf(system, "policy app.project.actor_select")).toContain(
      "using ('billing'::text = any ((select enginejs.actor_roles())::text[]) or 'member'::text = any ((select enginejs.actor_roles())::text[]) or false)",
    );
  });

  test("no policy reads a table by itself: all other rows are read by functions and views of enginejs_reader", () => {
    const policies = [
      "row.team.lead.id == actor.id",
      "row.parts.all(p, p.budget > 0)",
      "row.size > 0",
      "row.parent.parent.title == 'x'",
    ];
    for (const policy of policies) {
      for (const statement of compile(projects(policy)).statements) {
        if (statement.kind === "policy")
          expect(statement.sql, policy).not.toMatch(/\bfrom (?!app\.policy_\w+_[0-9a-f]{8} )/);
        if (/^(function|view) app\.policy_/.test(statement.id)) {
          expect(statement.role).toBe("enginejs_reader");
        }
      }
    }
  });

  test("from a global row only rows of the actor's tenant are reached", () => {
    const system = buildSystem({
      tenancy: true,
      entities: {
        ...invoicingEntities,
        User: {
          ...(invoicingEntities.User as EntityOptions),
          policies: [[["read"], "those with a role", "row.memberships.size() > 0"]],
        },
      },
    });
    expect(functionsOf(system, "policy_user")[0]).toContain("t1.tenant_id = (select enginejs.tenant_id())");
  });

  test("no rule for a command is no policy for it", () => {
    const names = compile(projects("true"))
      .statements.filter((s) => s.id.startsWith("policy app.project."))
      .map((s) => s.id);
    expect(names.filter((name) => name.includes("actor_"))).toEqual(["policy app.project.actor_select"]);
  });

  test("an update is checked before and after, by the same condition", () => {
    const sql = sqlOf(invoicing(), "policy app.invoice.actor_update");
    const condition = "invoice.owner_id = (select enginejs.actor_id()) or 'billing'";
    expect(sql).toMatch(new RegExp(`using \\(${condition.replace(/[()]/g, "\\$&")}`));
    expect(sql).toMatch(new RegExp(`with check \\(${condition.replace(/[()]/g, "\\$&")}`));
  });

  test("a policy that no index serves is a warning that names the index", () => {
    const system = projects("row.team.lead.id == actor.id");
    const project = system.entities.find((entity) => entity.name === "Project");
    if (project) project.indexes = [];
    expect(
      compile(system, { "Project.policies.policy": { file: "p.ts", line: 4, column: 2 } }).diagnostics,
    ).toMatchObject([
      {
        code: "EJS3002",
        severity: "warning",
        message: 'Project: the policy "policy" looks up rows of Project by team_id, and no index begins with it.',
        hint: "Add an index on project (tenant_id, team_id).",
        where: { file: "p.ts", line: 4, column: 2 },
      },
    ]);
    expect(compile(projects("row.team.lead.id == actor.id")).diagnostics).toEqual([]);
  });
});

describe("what is wrong", () => {
  const errorsOf = (system: System, map = {}) => {
    try {
      compile(system, map);
    } catch (error) {
      if (error instanceof EngineError) return error.diagnostics;
      throw error;
    }
    throw new Error("it compiled");
  };

  test("two names that become one object", () => {
    const clash = buildSystem({
      entities: {
        Invoice: { fields: {}, actions: { pay: {} } },
        Pay: { fields: { invoice: { type: scalar("integer"), virtual: "1" } } },
        InvoicePkey: { fields: {} },
      },
    });
    const messages = errorsOf(clash).map((diagnostic) => diagnostic.message);
    expect(messages).toContain("Invoice and InvoicePkey would both become the relation invoice_pkey.");
  });

  test("every wrong expression at once, with its place", () => {
    const system = projects("row.nothing == 1");
    const team = system.entities.find((entity) => entity.name === "Team");
    team?.policies.push({
      name: "second",
      effect: "allow",
      commands: ["delete"],
      actions: [],
      expression: "row.name > actor.id",
    });
    const found = errorsOf(system, { "Project.policies.policy": { file: "p.ts", line: 4, column: 2 } });
    expect(found).toHaveLength(2);
    expect(found).toContainEqual(
      expect.objectContaining({
        message: expect.stringContaining("Project.policies.policy: "),
        where: { file: "p.ts", line: 4, column: 2 },
      }),
    );
  });
});

describe("order", () => {
  test("every statement comes after what it needs", () => {
    const { statements } = compile(projects("row.team.lead.id == actor.id"));
    const seen = new Set<string>();
    for (const statement of statements) {
      for (const id of statement.dependsOn) expect(seen, statement.id).toContain(id);
      seen.add(statement.id);
    }
  });

  test("references in a circle are no circle of statements", () => {
    const system = buildSystem({
      entities: { A: { fields: { b: { type: one("B") } } }, B: { fields: { a: { type: one("A") } } } },
    });
    expect(compile(system).statements.filter((statement) => statement.kind === "foreign key")).toHaveLength(2);
  });
});

describe("files and explanations", () => {
  test("one object, one file", () => {
    const paths = sqlFiles(compile(invoicing())).map(({ path }) => path);
    expect(paths).toEqual([...paths].sort());
    for (const path of [
      "sql/schema.sql",
      "sql/tables/invoice.sql",
      "sql/rls/invoice.sql",
      "sql/triggers/invoice.sql",
      "sql/functions/pay_invoice.sql",
      "sql/functions/membership_roles.sql",
    ]) {
      expect(paths).toContain(path);
    }
  });

  test("every statement stands in one file", () => {
    const compiled = compile(invoicing());
    const text = sqlFiles(compiled)
      .map((file) => file.text)
      .join("\n");
    for (const statement of compiled.statements)
      expect(text.split(statement.identity).length - 1, statement.id).toBeGreaterThan(0);
  });

  test("lines that move in the model change no file", () => {
    const place = (line: number) => ({ "Invoice.policies.members of the tenant": { file: "m.ts", line, column: 1 } });
    expect(sqlFiles(compile(invoicing(), place(1)))).toEqual(sqlFiles(compile(invoicing(), place(2))));
  });

  test.each([
    ["Invoice", 30],
    ["app.invoice", 1],
    ["invoice.actor_select", 2],
    ["policy app.invoice.actor_select", 2],
    ["pay_invoice", 4],
    ["Invoice.pay", 4],
    ["Invoice.subtotal", 4],
    ["invoice_customer_id_idx", 1],
    ["invoice_status_check", 1],
    ["invoice_owner_id_fkey", 1],
    ["app.invoice.status", 1],
  ])("%s is explained", (name, atLeast) => {
    expect(explainObject(compile(invoicing()), name).statements.length).toBeGreaterThanOrEqual(atLeast);
  });

  test("why and where", () => {
    const compiled = compile(invoicing(), {
      "Invoice.policies.the owner or billing": { file: "i.ts", line: 9, column: 3 },
    });
    expect(explainObject(compiled, "invoice.actor_delete").statements[0]).toMatchObject({
      why: "the owner or billing",
      where: { file: "i.ts", line: 9, column: 3 },
      source: "Invoice.policies.the owner or billing",
      sql: expect.stringContaining("create policy actor_delete on app.invoice"),
    });
    expect(explainObject(compiled, "invoice_customer_id_idx").statements[0]?.why).toBe("foreign key customer");
  });

  test("a name that is nearly right", () => {
    expect(explainObject(compile(invoicing()), "Invoise")).toEqual({ statements: [], nearest: "Invoice" });
  });
});
