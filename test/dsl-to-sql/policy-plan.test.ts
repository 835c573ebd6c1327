/** A model whose rules change: what runs, and that the database afterwards is the one that a new build would have made. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { compile, explainObject, plan } from "../../src/dsl-to-sql/index.ts";
import type { Policy, System } from "../../src/model/index.ts";
import { claims, documentSystem, documents } from "./support/documents.ts";
import { actors, buildInvoicing, outcome, people, tenants } from "./support/invoicing-database.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";
import type { SystemOptions } from "./support/system-builder.ts";

type Rule = Partial<Policy> & Pick<Policy, "name" | "expression">;
const rules = (documents.policies ?? []) as readonly Rule[];

const withRules = (change: (rule: Rule) => Rule | undefined, more: readonly Rule[] = []): System => {
  const policies = [...rules.flatMap((rule) => change(rule) ?? []), ...more];
  return documentSystem({ entities: { Document: { ...documents, policies } } });
};
const changed = (name: string, to: Partial<Rule>): System =>
  withRules((rule) => (rule.name === name ? { ...rule, ...to } : rule));
const asking = (expression: string, options: Partial<SystemOptions> = {}): System =>
  documentSystem({
    entities: { Document: { ...documents, policies: [...rules, { name: "asks", commands: ["read"], expression }] } },
    ...options,
  });
const none: Rule[] = [];

const base = documentSystem();
const objects = (next: System, previous: System = base): string[] => {
  const { steps, refusals } = plan(compile(previous), compile(next));
  expect(refusals).toEqual([]);
  const kinds = new Set(["policy", "function", "view"]);
  // What is made of the rules for explanations has tests of its own.
  return steps
    .filter((step) => kinds.has(step.kind) && !step.quiet && !/\.(explain_|document_can)/.test(step.object))
    .map(({ verb, object }) => `${verb} ${object.replace(/_[0-9a-f]{8}(?=\(|$)/, "_*")}`)
    .sort();
};
const deny = (expression: string, commands: Policy["commands"]): Rule => ({
  name: "new",
  effect: "deny",
  commands,
  expression,
});
const asked = "row.team.id in actor.claims.teams";
const otherClaims = claims.map((claim) =>
  claim.name === "teams"
    ? { ...claim, expression: "actor.teams.filter(m, m.team.id != null).map(m, m.team.id)" }
    : claim,
);

const CHANGES: Readonly<
  Record<string, { readonly from?: System; readonly to: System; readonly runs: readonly string[] }>
> = {
  "a deny that says something else": {
    to: changed("paid and large ones stay", { expression: 'row.status == "paid"' }),
    runs: ["~ policy app.document.deny_delete"],
  },
  "a deny that is gone": {
    to: withRules((rule) => (rule.name === "nothing is born locked" ? undefined : rule)),
    runs: ["- policy app.document.deny_insert"],
  },
  "a deny for one more command": {
    to: withRules((rule) => rule, [deny("row.budget == 1", ["create", "read"])]),
    runs: ["~ policy app.document.deny_insert", "~ policy app.document.deny_select"],
  },
  "a deny that turns into an allow": {
    to: changed("what is hidden is not there", { effect: "allow" }),
    runs: ["- policy app.document.deny_select", "~ policy app.document.actor_select"],
  },
  "a check that is gone": {
    to: withRules((rule) => {
      const { check: _, ...rest } = rule;
      return rule.name === "billing takes over" ? rest : rule;
    }),
    runs: ["~ policy app.document.actor_update"],
  },
  "another sentence": {
    to: changed("what is locked stays as it is", { name: "locked is locked" }),
    runs: ["~ function app.send_document(uuid)"],
  },
  "an action that another policy names": {
    to: changed("nobody pays his own", { actions: ["send", "pay"] }),
    runs: ["~ function app.send_document(uuid)"],
  },
  "a permission that another role carries": {
    to: documentSystem({
      roles: [
        { name: "billing", includes: ["member"], of: "tenant", permissions: ["Document.pay"] },
        { name: "member", includes: [], of: "tenant", permissions: ["Document.pay"] },
      ],
    }),
    runs: ["~ function app.pay_document(uuid)"],
  },
  "a claim that is asked for": {
    to: asking(asked),
    runs: ["~ policy app.document.actor_select"],
  },
  "a claim that is read otherwise": {
    from: asking(asked),
    to: asking(asked, { claims: otherClaims }),
    runs: ["~ function app.claim_teams()"],
  },
  "a claim that is gone, with what asked for it": {
    from: asking(asked),
    to: documentSystem({ claims: claims.slice(1) }),
    runs: ["- function app.claim_teams()", "~ policy app.document.actor_select"],
  },
  "a flag that stands otherwise": {
    from: asking("flags.beta"),
    to: asking("flags.beta", { flags: [{ name: "beta", default: true }] }),
    runs: ["~ policy app.document.actor_select"],
  },
  "a way that is walked otherwise": {
    from: asking("row.team.members.exists(m, m.user.id == actor.id)"),
    to: asking("row.team.members.exists(m, m.user.id == actor.id && m.createdAt < request.time)"),
    runs: ["+ view app.policy_document_*", "- view app.policy_document_*", "~ policy app.document.actor_select"],
  },
  "no rule at all any more": {
    to: documentSystem({ entities: { Document: { ...documents, policies: none } } }),
    runs: [
      "- policy app.document.actor_delete",
      "- policy app.document.actor_insert",
      "- policy app.document.actor_select",
      "- policy app.document.actor_update",
      "- policy app.document.deny_delete",
      "- policy app.document.deny_insert",
      "- policy app.document.deny_select",
      "- policy app.document.deny_update",
      "~ function app.pay_document(uuid)",
      "~ function app.send_document(uuid)",
    ],
  },
};

describe("what runs", () => {
  for (const [label, { from, to, runs }] of Object.entries(CHANGES)) {
    test(label, () => expect(objects(to, from)).toEqual(runs));
  }

  test("a claim of another type is refused: its policies hang on it", () => {
    const [teams, nickname] = claims;
    const scalar = {
      ...teams,
      expression: "actor.id",
      type: { list: false, scalar: "uuid", sqlType: "uuid" },
    } as const;
    const { refusals } = plan(
      compile(base),
      compile(documentSystem({ claims: nickname ? [scalar as never, nickname] : [] })),
    );
    expect(refusals).toMatchObject([{ code: "EJS3016", message: expect.stringContaining('"teams"') }]);
  });

  test("flags, permissions and claims are told one by one", () => {
    const next = documentSystem({
      flags: [
        { name: "beta", default: true },
        { name: "gamma", default: false },
      ],
      claims: claims.slice(1),
      permissions: [],
    });
    const { changes } = plan(compile(base), compile(next));
    expect(changes.map(({ verb, subject }) => `${verb} ${subject}`).sort()).toEqual([
      "+ flag gamma",
      "- claim teams",
      "- permission Document.pay",
      "~ flag beta",
    ]);
  });

  test("explains a deny and a claim", () => {
    const compiled = compile(base);
    const [found] = explainObject(compiled, "document.deny_update").statements;
    expect(found).toMatchObject({
      kind: "policy",
      why: "deny: what is locked stays as it is",
      source: "Document.policies.what is locked stays as it is",
    });
    expect(found?.sql).toMatch(/as restrictive\s+for update\s+to enginejs_anonymous, enginejs_user\s/);
    expect(explainObject(compiled, "claim_teams").statements[0]).toMatchObject({
      role: "enginejs_reader",
      source: "actor.claims.teams",
    });
  });
});

describe.each(servers)("on $name", ({ create, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    database = await create();
    client = await database.client();
    await buildInvoicing(client, base);
  });
  afterAll(() => database?.drop());

  const build = async (system: System): Promise<void> => {
    const compiled = compile(system);
    const planned = await planBuild(client, compiled);
    await applyPlan(client, planned.plan, { system, compiled, stored: planned.stored });
  };
  const facts = async (): Promise<unknown> =>
    (await client.query("select kind, name, detail from enginejs.catalog_facts(array['app']) order by 1, 2, 3")).rows;

  test.skipIf(missing)("from every model to every next, and back to what a first build had made", async () => {
    const first = await facts();
    for (const { from, to } of Object.values(CHANGES)) {
      if (from !== undefined) await build(from);
      await build(to);
      await build(base);
      expect(await facts()).toEqual(first);
    }
  });

  test.skipIf(missing)("where a rule falls away, nobody passes any more", async () => {
    const make = `insert into app.document (owner_id, title) values ('${people.owner}', 'new')`;
    expect(await outcome(client, actors.owner, make)).toBe(1);
    await build(documentSystem({ entities: { Document: { ...documents, policies: none } } }));
    expect(await outcome(client, actors.owner, make)).toBe("42501");
    expect(
      await outcome(
        client,
        actors.system,
        `${make.replace("(owner_id", "(tenant_id, owner_id").replace("values (", `values ('${tenants.ours}', `)}`,
      ),
    ).toBe("42501");
    expect(await outcome(client, actors.system, make)).toBe(1);
    await build(base);
  });
});
