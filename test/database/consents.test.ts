/** A build that widens access: told, or refused until the model says why; each sentence counts once. */
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { planBuild } from "../../src/database/apply.ts";
import { type BuiltDatabase, buildDatabase } from "../../src/database/build-database.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import type { Policy, System, Workflow } from "../../src/model/index.ts";
import { documentSystem, documents, HOSTILE } from "../dsl-to-sql/support/documents.ts";
import { buildInvoicing, people, tenants } from "../dsl-to-sql/support/invoicing-database.ts";
import type { SystemOptions } from "../dsl-to-sql/support/system-builder.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { workflowOf } from "../tasks/support/invoicing-database.ts";

type Rule = Partial<Policy> & Pick<Policy, "name" | "expression">;
const rules = (documents.policies ?? []) as readonly Rule[];

interface Model {
  readonly drop?: string;
  readonly add?: readonly Rule[];
  readonly consents?: Readonly<Record<string, string>>;
  readonly options?: Partial<SystemOptions>;
}

function model({ drop, add = [], consents, options = {} }: Model = {}): System {
  const policies = [...rules.filter(({ name }) => name !== drop), ...add];
  const system = documentSystem({ ...options, entities: { Document: { ...documents, policies } } });
  const given = Object.entries(consents ?? {}).map(([subject, why]) => ({ subject, why }));
  return given.length === 0 ? system : { ...system, consents: given };
}

const billing = '"billing" in actor.roles';
const billingDeletes = (more: Partial<Rule> = {}): Rule => ({
  name: "billing deletes",
  commands: ["delete"],
  expression: billing,
  ...more,
});
const permitted = (...roles: readonly string[]): Partial<SystemOptions> => ({
  roles: [
    { name: "billing", includes: ["member"], of: "tenant", permissions: ["Document.pay"] },
    { name: "member", includes: [], of: "tenant", permissions: [...roles] },
  ],
});

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  client = await database.client();
  await buildInvoicing(client, model());
  await client.query(`set role enginejs_owner;
    insert into app.document (tenant_id, owner_id, title) select '${tenants.ours}', '${people.owner}', 'd' || n from generate_series(1, 6) n;
    insert into app.document (tenant_id, owner_id, title, status) values ('${tenants.ours}', '${people.member}', 'sent', 'sent');
    reset role;`);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await build(model(), "tell");
});

const build = (system: System, consents: "tell" | "require" = "require"): Promise<BuiltDatabase> =>
  buildDatabase(database.url, { compiled: compile(system), consents });
const refusals = ({ applied, unconsented }: BuiltDatabase): string[] => {
  expect(applied).toBe(false);
  expect(unconsented.every(({ code, severity }) => code === "EJS3017" && severity === "error")).toBe(true);
  return unconsented.map(({ message, hint }) => `${message} ${hint}`);
};
const accepted = ({ applied, unconsented }: BuiltDatabase): void => {
  expect(unconsented).toEqual([]);
  expect(applied).toBe(true);
};
const facts = async (): Promise<unknown> => {
  await client.query("set role enginejs_owner");
  const { rows } = await client.query(
    "select kind, name, detail, (select count(*) from enginejs.build) as builds from enginejs.catalog_facts(array['app']) order by 1, 2, 3",
  );
  await client.query("reset role");
  return rows;
};

describe("required", () => {
  test("without one: everything that widens is named, what to write and where; nothing is applied", async () => {
    const before = await facts();
    const wider = model({ drop: "nobody pays his own", add: [billingDeletes()], options: permitted("Document.pay") });
    const said = refusals(await build(wider));
    expect(said).toHaveLength(3);
    expect(said).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^The new allow "billing deletes" lets more pass .*: Document delete: billing \+7 of 7 \(2 actors\)\. Add \.consent\("…?why it may be"\) to the policy, or consents: \{ "Document\.delete"/,
        ),
        expect.stringMatching(/^The removed deny "nobody pays his own" .* Add consents: \{ "Document\.pay": "/),
        expect.stringMatching(/^The changed role member .* Add consents: \{ "roles\.member": "/),
      ]),
    );
    expect(await facts()).toEqual(before);
  });

  test("on the policy, and of the config by operation, entity or role: then it is built", async () => {
    accepted(await build(model({ add: [billingDeletes({ consent: "they clean up" })] })));
    await build(model(), "tell");
    accepted(await build(model({ add: [billingDeletes()], consents: { "Document.delete": "they clean up" } })));
    await build(model(), "tell");
    accepted(
      await build(
        model({ drop: "nobody pays his own", options: permitted("Document.pay"), consents: { Document: "all of it" } }),
      ),
    );
    await build(model(), "tell");
    accepted(await build(model({ options: permitted("Document.pay"), consents: { "roles.member": "self-service" } })));
  });

  test("for something else is none", async () => {
    const other = { "Document.update": "x", Invoice: "x", "roles.billing": "x" };
    expect(refusals(await build(model({ add: [billingDeletes()], consents: other })))).toHaveLength(1);
    const beside = [billingDeletes(), { name: "x", commands: ["read"], expression: "false", consent: "x" } as Rule];
    expect(refusals(await build(model({ add: beside })))).toHaveLength(1);
  });

  test("counts once: the next widening needs another sentence, also under another name", async () => {
    const first = billingDeletes({ consent: "they clean up" });
    accepted(await build(model({ add: [first] })));
    const wider = { ...first, expression: `${billing} || "member" in actor.roles` };
    expect(refusals(await build(model({ add: [wider] })))).toHaveLength(1);
    expect(refusals(await build(model({ add: [{ ...wider, name: "all delete" }] })))).toHaveLength(1);
    accepted(await build(model({ add: [{ ...wider, consent: "members clean up too" }] })));

    const consents = { "Document.pay": "their own, too" };
    accepted(await build(model({ add: [wider], drop: "nobody pays his own", consents })));
    expect(
      refusals(
        await build(model({ add: [wider], drop: "nobody pays his own", consents, options: permitted("Document.pay") })),
      ),
    ).toHaveLength(1);
  });

  test("nothing is needed for what narrows, says the same otherwise, or makes no difference", async () => {
    accepted(await build(model({ add: [{ ...billingDeletes(), effect: "deny" }] })));
    await build(model({ add: [billingDeletes()] }), "tell");
    accepted(
      await build(
        model({
          add: [billingDeletes({ name: "those of billing", expression: `${billing} || ${billing} && row.isLocked` })],
        }),
      ),
    );
    await build(model(), "tell");
    const never = await build(model({ add: [billingDeletes({ expression: "row.budget > 1000000" })] }));
    expect(never.access?.changes).toMatchObject([{ counted: "all", roles: [] }]);
    accepted(never);
  });

  test("hostile sentences stand in the message as they are", async () => {
    const [said] = refusals(await build(model({ add: [billingDeletes({ name: `${HOSTILE}!` })] })));
    expect(said).toContain(`allow ${JSON.stringify(`${HOSTILE}!`)}`);
    accepted(await build(model({ add: [billingDeletes({ name: `${HOSTILE}!`, consent: HOSTILE })] })));
  });

  test("a first build into an empty database asks nobody", async () => {
    const empty = await createTestDatabase({ template: coreTemplate });
    try {
      const built = await buildDatabase(empty.url, {
        compiled: compile(model({ add: [billingDeletes()] })),
        consents: "require",
      });
      expect(built).toMatchObject({ applied: true, unconsented: [] });
      expect(built.access).toBeUndefined();
    } finally {
      await empty.drop();
    }
  });
});

test("told: built all the same, with a warning", async () => {
  const { applied, unconsented, access } = await build(model({ add: [billingDeletes()] }), "tell");
  expect(applied).toBe(true);
  expect(unconsented).toMatchObject([{ code: "EJS3017", severity: "warning" }]);
  expect(access?.changes[0]?.roles).toMatchObject([{ role: "billing", gained: 7, of: 7 }]);
});

test("only looked at: the same numbers, and nothing is applied", async () => {
  const before = await facts();
  const compiled = compile(model({ add: [billingDeletes()] }));
  const looked = await buildDatabase(database.url, { compiled, consents: "require", dryRun: true });
  expect(looked).toMatchObject({ applied: false, unconsented: [{ severity: "error" }] });
  expect(looked.access?.changes[0]?.roles).toMatchObject([{ role: "billing", gained: 7 }]);
  expect(await facts()).toEqual(before);
});

test("the build's record and the administration log tell it; afterwards the database is what was built", async () => {
  const system = model({ add: [billingDeletes({ consent: "they clean up" })] });
  accepted(await build(system));
  await client.query("set role enginejs_owner");
  const { rows } = await client.query(`select b.plan -> 'access' as built, l.detail -> 'access' as logged
    from enginejs.build b, enginejs.administration_log l order by b.id desc, l.id desc limit 1`);
  await client.query("reset role");
  const told = [
    {
      entity: "Document",
      operation: "delete",
      counted: "all",
      roles: [{ role: "billing", gained: 7, lost: 0, actors: 2, of: 7, sampled: false, invented: false }],
      causes: [{ verb: "+", what: 'allow "billing deletes"', widens: "some", consent: "they clean up" }],
    },
  ];
  expect(rows).toEqual([{ built: told, logged: told }]);
  expect(await planBuild(client, compile(system))).toMatchObject({
    drifted: false,
    plan: { empty: true },
    unknown: [],
  });
});

describe("who may start a workflow, and as whom it acts", () => {
  const refund = (roles: string[], as: Workflow["as"], consents?: Readonly<Record<string, string>>): System => ({
    ...model(consents === undefined ? {} : { consents }),
    workflows: [workflowOf({ name: "send-refund", trigger: { kind: "manual", roles }, as })],
  });

  test("what widens asks for a consent by the workflow's name; the record tells it", async () => {
    await build(refund(["member"], "inherit"), "tell");
    const [wider, system, ...more] = refusals(await build(refund(["member", "billing"], "system")));
    // Whoever is of billing is a member: nobody gains by being named.
    expect(wider).toBe(
      'The changed actor of workflow send-refund lets more pass than in the last build, and no consent says why: send-refund now acts as the system, past every policy. Add consents: { "workflows.send-refund": "why it may be" } to the config. A sentence counts once, for the build that takes it.',
    );
    expect([system, ...more]).toEqual([undefined]);
    accepted(await build(refund(["member", "billing"], "system", { "workflows.send-refund": "it books, too" })));
    await client.query("set role enginejs_owner");
    const { rows } = await client.query("select plan -> 'access' as told from enginejs.build order by id desc limit 1");
    await client.query("reset role");
    expect(rows[0].told).toEqual([
      {
        of: "workflow send-refund",
        operation: "act",
        says: ["send-refund now acts as the system, past every policy"],
        gained: [],
        lost: [],
        causes: [{ verb: "~", what: "actor of workflow send-refund", widens: "some", consent: "it books, too" }],
      },
    ]);
  });

  test("told: a warning; narrower: neither", async () => {
    await build(refund(["billing"], "inherit"), "tell");
    const { applied, unconsented, access } = await build(refund(["member"], "inherit"), "tell");
    expect(applied).toBe(true);
    expect(unconsented).toMatchObject([{ code: "EJS3017", severity: "warning" }]);
    expect(access?.rights).toMatchObject([{ says: ["member may now start send-refund"], gained: ["member"] }]);
    accepted(await build(refund(["billing"], "inherit")));
  });
});
