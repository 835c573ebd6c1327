/** Who gains and who loses by a changed model: counted on real rows, for real people, before anything is applied. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessImpact } from "../../src/database/access-impact/access-impact.ts";
import type { ChangeImpact } from "../../src/database/access-impact/impact.ts";
import { compareAccess, compile } from "../../src/dsl-to-sql/index.ts";
import type { Policy, System } from "../../src/model/index.ts";
import { claims, documentSystem, documents, HOSTILE, teams } from "../dsl-to-sql/support/documents.ts";
import { buildInvoicing, people, tenants } from "../dsl-to-sql/support/invoicing-database.ts";
import { type CoreDatabase, servers } from "../dsl-to-sql/support/servers.ts";
import {
  type EntityOptions,
  type FieldOptions,
  many,
  one,
  type SystemOptions,
  scalar,
  text,
} from "../dsl-to-sql/support/system-builder.ts";

type Rule = Partial<Policy> & Pick<Policy, "name" | "expression">;
const rules = (documents.policies ?? []) as readonly Rule[];

const withRules = (
  change: (rule: Rule) => Rule | undefined,
  more: readonly Rule[] = [],
  options: Partial<SystemOptions> = {},
): System =>
  documentSystem({
    ...options,
    entities: { Document: { ...documents, policies: [...rules.flatMap((rule) => change(rule) ?? []), ...more] } },
  });
const without = (name: string, more: readonly Rule[] = []): System =>
  withRules((rule) => (rule.name === name ? undefined : rule), more);
const changed = (name: string, to: Partial<Rule>): System =>
  withRules((rule) => (rule.name === name ? { ...rule, ...to } : rule));
const adding = (...more: readonly Rule[]): System => withRules((rule) => rule, more);
const roles = (billing: readonly string[], member: readonly string[], includes = ["member"]) => [
  { name: "billing", includes, of: "tenant" as const, permissions: [...billing] },
  { name: "member", includes: [], of: "tenant" as const, permissions: [...member] },
];

const base = documentSystem();

/** Two tenants. Ours: 6 drafts of the owner's, 3 paid, 2 hidden of the biller's. Theirs: 4 drafts of the stranger's. */
const ROWS = `
set role enginejs_owner;
insert into app.team (tenant_id, id) values ('${tenants.ours}', '00000000-0000-7000-8009-000000000001');
insert into app.team_member (tenant_id, team_id, user_id)
  values ('${tenants.ours}', '00000000-0000-7000-8009-000000000001', '${people.member}');
insert into app.document (tenant_id, owner_id, title, status, budget, team_id)
  select '${tenants.ours}'::uuid, '${people.owner}'::uuid, 'd' || n, 'draft', n * 10,
    case when n <= 2 then '00000000-0000-7000-8009-000000000001'::uuid end from generate_series(1, 6) n
  union all select '${tenants.ours}', '${people.owner}', 'p' || n, 'paid', 700, null from generate_series(1, 3) n
  union all select '${tenants.ours}', '${people.biller}', 'h' || n, 'hidden', null, null from generate_series(1, 2) n
  union all select '${tenants.theirs}', '${people.stranger}', 't' || n, 'draft', null, null from generate_series(1, 4) n;
reset role;`;

const lines = (changes: readonly ChangeImpact[]): string[] =>
  changes.flatMap(({ entity, operation, roles, counted }) => [
    ...roles.map(({ role, gained, lost, of }) => `${entity} ${operation}: ${role} +${gained} -${lost} of ${of}`),
    ...(roles.length === 0 ? [`${entity} ${operation}: ${counted}`] : []),
  ]);
const widening = (changes: readonly ChangeImpact[]): string[] => [
  ...new Set(
    changes.flatMap(({ causes }) =>
      causes.flatMap(({ verb, what, widens }) => (widens === undefined ? [] : [`${verb} ${what}: ${widens}`])),
    ),
  ),
];

const withField = (name: string, field: FieldOptions, more: readonly Rule[] = []): System =>
  documentSystem({
    entities: {
      Document: { ...documents, policies: [...rules, ...more], fields: { ...documents.fields, [name]: field } },
    },
  });
/** With a table that stays empty. */
const withNotes = (...policies: NonNullable<EntityOptions["policies"]>): System =>
  documentSystem({ entities: { Note: { fields: { body: { type: text() } }, policies } } });
const userEntity = teams.User as EntityOptions;
const withAuditor = [
  ...roles(["Document.pay"], []),
  { name: "auditor", includes: [], of: "tenant" as const, permissions: [] },
];
const small = "row.budget <= 3";
const isOwner = "row.owner.id == actor.id";
const permitted = '"Document.pay" in actor.permissions';
const asking = (expression: string, options: Partial<SystemOptions> = {}): System =>
  withRules((rule) => rule, [{ name: "asks", commands: ["delete"], expression }], options);
const claimed = "row.team.id in actor.claims.teams";
const onlyOwn = { ...claims[0], expression: "actor.teams.filter(m, m.team.id != null).map(m, m.team.id)" } as never;

/** Conditions over few atoms, and what somebody might make of them: near enough that one often implies the other. */
function randomPairs(seed: number, count: number): readonly (readonly [string, string])[] {
  let state = seed + 1;
  const below = (n: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % n;
  };
  const atoms = [
    "row.budget > 20",
    "row.budget == null",
    isOwner,
    '"billing" in actor.roles',
    permitted,
    claimed,
    'row.status == "paid"',
  ];
  const condition = (depth: number): string => {
    const kind = depth === 0 ? 0 : below(5);
    if (kind <= 1) return atoms[below(atoms.length)] as string;
    if (kind === 2) return `!(${condition(depth - 1)})`;
    return `(${condition(depth - 1)} ${kind === 3 ? "&&" : "||"} ${condition(depth - 1)})`;
  };
  const changed = (text: string): string => {
    const other = condition(1);
    return [
      `${text} && ${other}`,
      `${text} || ${other}`,
      `!(!(${text}))`,
      `!(!(${text}) || !(${other}))`,
      condition(2),
    ][below(5)] as string;
  };
  return Array.from({ length: count }, () => {
    const text = condition(2);
    return [text, changed(text)] as const;
  });
}

interface Case {
  readonly from?: System;
  readonly to: System;
  readonly lines: readonly string[];
  readonly widens: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  "an allow that is new": {
    to: adding({ name: "billing deletes", commands: ["delete"], expression: '"billing" in actor.roles' }),
    // His own two hidden ones he could delete already; the paid ones stay denied.
    lines: ["Document delete: billing +6 -0 of 15"],
    widens: ['+ allow "billing deletes": some'],
  },
  "an allow that is gone": {
    to: without("owners delete", [{ name: "nobody", commands: ["delete"], expression: "false" }]),
    lines: ["Document delete: billing +0 -6 of 15", "Document delete: member +0 -6 of 15"],
    widens: [],
  },
  "a deny that is gone": {
    to: without("paid and large ones stay"),
    lines: ["Document delete: member +3 -0 of 15"],
    widens: ['- deny "paid and large ones stay": some'],
  },
  "a deny that is new": {
    to: adding({ name: "drafts stay", effect: "deny", commands: ["delete"], expression: 'row.status == "draft"' }),
    lines: ["Document delete: member +0 -6 of 15", "Document delete: billing +0 -4 of 15"],
    widens: [],
  },
  "wider for one role and narrower for another": {
    to: changed("owners delete", { expression: '"billing" in actor.roles' }),
    lines: ["Document delete: billing +6 -0 of 15", "Document delete: member +0 -6 of 15"],
    widens: ['~ allow "owners delete": some'],
  },
  "a role that is given a permission": {
    to: documentSystem({ roles: roles(["Document.pay"], ["Document.pay"]) }),
    lines: ["Document pay: member +15 -0 of 15"],
    widens: ["~ role member: some"],
  },
  "a role that loses one": {
    to: documentSystem({ roles: roles([], []) }),
    lines: ["Document pay: billing +0 -9 of 15"],
    widens: [],
  },
  "a role that includes another": {
    from: documentSystem({ roles: roles([], ["Document.pay"], []) }),
    to: documentSystem({ roles: roles(["Document.pay"], ["Document.pay"]) }),
    lines: ["Document pay: billing +9 -0 of 15"],
    widens: ["~ role billing: some"],
  },
  "a claim that is read otherwise": {
    from: asking(claimed, {
      claims: [{ ...claims[0], expression: "actor.teams.filter(m, false).map(m, m.team.id)" } as never],
    }),
    to: asking(claimed, { claims: [onlyOwn] }),
    lines: ["Document delete: member +2 -0 of 15"],
    widens: ["~ claim teams: some"],
  },
  "a flag that stands otherwise": {
    from: asking("flags.beta"),
    to: asking("flags.beta", { flags: [{ name: "beta", default: true }] }),
    lines: ["Document delete: member +12 -0 of 15", "Document delete: billing +6 -0 of 15"],
    widens: ["~ flag beta: some"],
  },
  "what may be left behind": {
    to: changed("billing takes over", { check: permitted }),
    lines: ["Document update, left behind: billing +9 -0 of 15", "Document update, left behind: member +0 -3 of 15"],
    widens: ['~ allow "billing takes over": some'],
  },
  "who makes new ones": {
    to: adding({ name: "billing makes all", commands: ["create"], expression: permitted }),
    lines: ["Document create: billing +9 -0 of 15"],
    widens: ['+ allow "billing makes all": some'],
  },
  "an action's own rule": {
    to: documentSystem({
      entities: {
        Document: {
          ...documents,
          actions: {
            ...documents.actions,
            hide: { ...documents.actions?.hide, allow: { name: "owners", expression: isOwner } },
          },
        },
      },
    }),
    lines: ["Document hide: member +0 -15 of 15", "Document hide: billing +0 -9 of 15"],
    widens: [],
  },
  "a rule of a field that is a column": {
    from: withField("budget", {
      type: scalar("integer"),
      access: { write: { name: "billing", expression: permitted } },
    }),
    to: base,
    lines: ["Document budget: change: member +15 -0 of 15"],
    widens: ['~ Document.budget: "whoever may change the row": some'],
  },
  "a rule of a field that lies beside the table": {
    from: withField("secret", { type: text(9), access: { read: { name: "its owner", expression: isOwner } } }),
    to: withField("secret", { type: text(9), access: { read: { name: "billing", expression: permitted } } }),
    lines: ["Document secret: read: billing +9 -0 of 15", "Document secret: read: member +0 -9 of 15"],
    widens: ['~ Document.secret: "billing": some'],
  },
  "a field that may be changed now": {
    from: withField("title", { type: text(50), required: true, access: { change: "never" } }),
    to: base,
    lines: ["Document title: change: billing +15 -0 of 15", "Document title: change: member +15 -0 of 15"],
    widens: ['+ Document.title: "whoever may change the row": some'],
  },
  "a column that is not there yet": {
    to: withField("color", { type: text(9), default: { kind: "value", value: "red" } }, [
      { name: "red ones go", commands: ["delete"], expression: 'row.color == "red"' },
    ]),
    lines: ["Document delete: member +12 -0 of 15", "Document delete: billing +6 -0 of 15"],
    widens: ['+ allow "red ones go": some'],
  },
  "a role that nobody holds": {
    from: documentSystem({ roles: withAuditor }),
    to: withRules(
      (rule) => rule,
      [{ name: "auditors", commands: ["delete"], expression: '"auditor" in actor.roles' }],
      {
        roles: withAuditor,
      },
    ),
    lines: ["Document delete: auditor +12 -0 of 15"],
    widens: ['+ allow "auditors": some'],
  },
  "rows that belong to no tenant": {
    to: documentSystem({
      entities: {
        User: { ...userEntity, policies: [...(userEntity.policies ?? []), [["read"], "all the world", "true"]] },
      },
    }),
    lines: [
      "User read: anonymous +5 -0 of 5",
      "User read: no tenant +5 -0 of 5",
      "User read: billing +4 -0 of 5",
      "User read: member +4 -0 of 5",
    ],
    widens: ['+ allow "all the world": some'],
  },
  "hostile sentences": {
    to: changed(HOSTILE, { effect: "deny", expression: "false" }),
    lines: ["Document send: all"],
    widens: [`~ deny ${JSON.stringify(HOSTILE)}: none`],
  },
};

describe("by the texts alone", () => {
  const direction = (from: System, to: System) =>
    compareAccess(compile(from), compile(to)).changes.map(({ operation, mayWiden, mayNarrow }) => [
      operation,
      mayWiden ? (mayNarrow ? "both" : "wider") : "narrower",
    ]);

  test.each([
    ["another sentence", base, changed("owners delete", { name: "those whose it is" })],
    ["an order", asking(`${small} && row.isLocked`), asking(`row.isLocked && ${small}`)],
    ["De Morgan", asking(`!(${small} || row.isLocked)`), asking(`!(${small}) && !row.isLocked`)],
    ["said twice", asking(small), asking(`${small} || (${small} && row.isLocked)`)],
    ["a permission said as the role that carries it", asking(permitted), asking('"billing" in actor.roles')],
    [
      "a role that includes another, said by itself",
      asking('"member" in actor.roles'),
      asking('"member" in actor.roles || "billing" in actor.roles'),
    ],
    [
      "a role that is new, and says nothing",
      base,
      documentSystem({
        roles: [
          ...roles(["Document.pay"], []),
          { name: "guest", includes: ["member"], of: "tenant", permissions: ["Document.pay"] },
        ],
      }),
    ],
    ["what the two build alike", base, documentSystem()],
  ] as const)("no difference: %s", (_label, from, to) => expect(direction(from, to)).toEqual([]));

  test.each([
    ["a conjunct more", asking(small), asking(`${small} && row.isLocked`), "narrower"],
    ["a conjunct less", asking(`${small} && row.isLocked`), asking(small), "wider"],
    ["what another rule allows already", asking("row.isLocked"), asking(isOwner), "narrower"],
    ["or becomes and", asking(`${permitted} || row.isLocked`), asking(`${permitted} && row.isLocked`), "narrower"],
    ["another column", asking("row.budget > 1"), asking("row.budget > 2"), "both"],
    ["a negation", asking("row.isLocked"), asking("!row.isLocked"), "both"],
    ["an unknown that counts as false", asking("row.budget > 1"), asking("!(row.budget > 1 && false)"), "wider"],
  ] as const)("%s", (_label, from, to, expected) => expect(direction(from, to)).toEqual([["delete", expected]]));
});

describe.each(servers)("on $name", ({ create, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    database = await create();
    client = await database.client();
    await buildInvoicing(client, withNotes());
    await client.query(ROWS);
  });
  afterAll(() => database?.drop());

  const impactOf = async (to: System, from = base, limits = {}): Promise<readonly ChangeImpact[]> =>
    (await accessImpact(client, compile(from), compile(to), { limits })).changes;

  describe.skipIf(missing)("counted", () => {
    test.each(Object.entries(CASES))("%s", async (_label, { from, to, lines: expected, widens }) => {
      const changes = await impactOf(to, from);
      expect(lines(changes)).toEqual(expected);
      expect(widening(changes)).toEqual(widens);
    });

    test("what the texts prove holds on the rows: random conditions, one action each", async () => {
      const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6));
      const pairs = randomPairs(seed, 40);
      const acting = (of: (pair: readonly [string, string]) => string): System =>
        documentSystem({
          entities: {
            Document: {
              ...documents,
              actions: {
                ...documents.actions,
                ...Object.fromEntries(
                  pairs.map((pair, i) => [`try${i}`, { allow: { name: "some", expression: of(pair) } }]),
                ),
              },
            },
          },
        });
      const [nobody, first, second] = [acting(() => "false"), acting(([p]) => p), acting(([, q]) => q)];
      const gained = (changes: readonly ChangeImpact[], action: string): string[] =>
        lines(changes.filter(({ operation }) => operation === action)).sort();
      const [p, q, both] = [
        await impactOf(first, nobody),
        await impactOf(second, nobody),
        await impactOf(second, first),
      ];
      for (const [i, pair] of pairs.entries()) {
        const about = `seed ${seed}: ${pair.join("  →  ")}`;
        const change = both.find(({ operation }) => operation === `try${i}`);
        if (change === undefined) expect(gained(q, `try${i}`), about).toEqual(gained(p, `try${i}`));
        if (change?.mayWiden === false)
          expect(
            change.roles.map((role) => role.gained),
            about,
          ).toEqual(change.roles.map(() => 0));
        if (change?.mayNarrow === false)
          expect(
            change.roles.map((role) => role.lost),
            about,
          ).toEqual(change.roles.map(() => 0));
      }
      // Otherwise nothing was put to the test.
      expect(both.length, `seed ${seed}`).toBeGreaterThan(5);
      expect(
        both.some(({ mayWiden, mayNarrow }) => mayWiden !== mayNarrow),
        `seed ${seed}`,
      ).toBe(true);
    });

    test("by another name, and nobody gains: zero is zero, where all was counted", async () => {
      const [change] = await impactOf(asking("row.budget > 1000"));
      expect(change).toMatchObject({ counted: "all", roles: [], mayWiden: true, causes: [{ widens: "none" }] });
    });

    test("what asks for the hour is not known by the rows of today", async () => {
      const [change] = await impactOf(asking('request.time > timestamp("2999-01-01T00:00:00Z")'));
      expect(change).toMatchObject({ counted: "some", roles: [], causes: [{ widens: "unknown" }] });
      expect(change?.note).toContain("the hour");
    });

    test("an empty table says nothing: the text decides", async () => {
      const to = withNotes([["delete"], "all delete", "true"]);
      const [wider, ...more] = await impactOf(to, withNotes());
      expect(more).toEqual([]);
      expect(wider).toMatchObject({
        operation: "delete",
        counted: "nothing",
        note: "there is no row yet",
        causes: [{ widens: "unknown" }],
      });
      expect(await impactOf(withNotes(), to)).toMatchObject([
        { mayWiden: false, counted: "nothing", causes: [{ verb: "-" }] },
      ]);
    });

    test("more rows than the limit are sampled, and said to be", async () => {
      await client.query(`set role enginejs_owner; insert into app.document (tenant_id, owner_id, title, status)
        select '${tenants.theirs}', '${people.owner}', 'many', 'draft' from generate_series(1, 6000); reset role;`);
      try {
        const [change] = await impactOf(asking('"billing" in actor.roles'), base, { rows: 1000 });
        const theirs = change?.roles.find(({ role }) => role === "billing");
        expect(change).toMatchObject({ counted: "some", note: "a part of the rows was looked at" });
        expect(theirs).toMatchObject({ sampled: true, of: 6015 });
        expect(theirs?.gained).toBeGreaterThan(4500);
        expect(theirs?.gained).toBeLessThan(7500);
      } finally {
        await client.query("set role enginejs_owner; delete from app.document where title = 'many'; reset role");
      }
    });

    test("fewer people than there are: nobody who gains among them proves nothing", async () => {
      const [change] = await impactOf(asking("row.budget > 1000"), base, { maxActors: 1, perRole: 1 });
      expect(change).toMatchObject({ counted: "some", causes: [{ widens: "unknown" }] });
    });

    test("what cannot be counted is told, and changes nothing", async () => {
      const tables = { Badge: { fields: { user: { type: one("User") } } } };
      const to = documentSystem({
        entities: {
          ...tables,
          User: { ...userEntity, fields: { ...userEntity.fields, badges: { type: many("Badge", "user") } } },
          Document: {
            ...documents,
            policies: [
              ...rules,
              { name: "badges", commands: ["delete"], expression: "row.owner.badges.exists(b, b.user.id == actor.id)" },
            ],
          },
        },
      });
      const [change] = await impactOf(to);
      expect(change).toMatchObject({ operation: "delete", counted: "nothing", causes: [{ widens: "unknown" }] });
      expect(change?.note).toContain("badge");
      const slow = await impactOf(asking('"billing" in actor.roles'), base, { budget: -1 });
      expect(slow).toMatchObject([{ counted: "nothing", note: expect.stringContaining("time was up") }]);
    });

    test("leaves no trace: functions, settings, the role and the transaction", async () => {
      const state = async () =>
        (
          await client.query(`select current_user, session_user, current_setting('enginejs.actor_id', true) as actor,
            (select count(*) from pg_proc) as functions, (select md5(string_agg(prosrc, '')) from (select prosrc from pg_proc p
              join pg_namespace n on n.oid = p.pronamespace where nspname in ('app', 'enginejs') order by p.oid) s) as bodies`)
        ).rows;
      const before = await state();
      await impactOf(CASES["a claim that is read otherwise"]?.to as System);
      await impactOf(CASES["a role that is given a permission"]?.to as System);
      const after = await state();
      expect(after.map(({ actor, ...rest }) => [actor ?? "", rest])).toEqual(
        before.map(({ actor, ...rest }) => [actor ?? "", rest]),
      );
      expect((await client.query("select now() = statement_timestamp() as alone")).rows).toEqual([{ alone: true }]);
    });
  });
});
