/** The diff of two builds, without a database: every difference is a change or a refusal. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, formatPlan, plan } from "../../src/dsl-to-sql/index.ts";
import { EngineError } from "../../src/errors/engine-error.ts";
import { type System, system as systemSchema } from "../../src/model/index.ts";
import { invoicingSystem } from "../support/invoicing-system.ts";
import { invoicing, invoicingEntities } from "./support/invoicing.ts";
import { buildSystem, type EntityOptions, one, scalar, state, text } from "./support/system-builder.ts";

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Every place of a JSON tree that a mutation can take. */
function placesOf(value: Json, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Array.isArray(value)
    ? value.flatMap((item, index) => placesOf(item, [...path, index]))
    : Object.entries(value).flatMap(([key, item]) => placesOf(item, [...path, key]));
  return [path, ...inner];
}

const at = (tree: Json, path: readonly (string | number)[]): Json =>
  path.reduce<Json>((node, key) => (node as Record<string | number, Json>)[key] as Json, tree);

type Mutation = "alter" | "remove" | "double";

/** A copy with one place changed, or undefined where the mutation means nothing there. */
function mutate(tree: Json, path: readonly (string | number)[], mutation: Mutation): Json | undefined {
  const copy = structuredClone(tree);
  const key = path.at(-1);
  if (key === undefined) return undefined;
  const parent = at(copy, path.slice(0, -1)) as Record<string | number, Json> & Json[];
  const value = parent[key] as Json;
  if (mutation === "remove") {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
  } else if (mutation === "double") {
    if (!Array.isArray(parent)) return undefined;
    if (typeof value === "string") parent.push(`${value}x`);
    else if (typeof value === "object" && value !== null && !Array.isArray(value) && typeof value.name === "string") {
      parent.push({ ...value, name: `${value.name}x` });
    } else return undefined;
  } else if (typeof value === "string") parent[key] = `${value}x`;
  else if (typeof value === "number") parent[key] = value + 1;
  else if (typeof value === "boolean") parent[key] = !value;
  else return undefined;
  return copy;
}

/** With the keys in jsonb's order: the shorter first. */
function asJsonb(value: Json): Json {
  if (Array.isArray(value)) return value.map(asJsonb);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, asJsonb(item)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1)));
}

/** Of places that differ only in which entity, field or step they belong to, so many stand for all; PLAN_PLACES=all tries each. */
const ALIKE = process.env.PLAN_PLACES === "all" ? Infinity : Number(process.env.PLAN_PLACES ?? 4);

/** What a place is, without the positions on the way: the keys, and the kind of each thing that has one. */
function kindOf(tree: Json, path: readonly (string | number)[]): string {
  let node = tree;
  const words: unknown[] = [];
  for (const key of path) {
    node = (node as Record<string | number, Json>)[key] as Json;
    const kind = typeof node === "object" && node !== null && !Array.isArray(node) ? (node.kind ?? node.type) : null;
    words.push(typeof key === "number" ? "*" : key, typeof kind === "string" ? kind : "");
  }
  return words.join(" ");
}

/** Some of the places of each kind, by a seed. */
function placesToTry(tree: Json, seed: number): (readonly (string | number)[])[] {
  const random = fc.sample(fc.infiniteStream(fc.nat()), { seed, numRuns: 1 })[0] as Iterator<number>;
  const places = placesOf(tree).filter((path) => {
    // Operations are many and alike: those of one entity stand for all.
    if (path[0] === "entities" && path[1] !== 0 && path[2] === "operations" && path.length > 3) return false;
    // A workflow is compared as a whole, its steps are not: those of one stand for all.
    return !(path[0] === "workflows" && path[1] !== 0 && path.length > 3);
  });
  return [...Map.groupBy(places, (path) => kindOf(tree, path)).values()].flatMap((alike) =>
    alike
      .map((path) => ({ path, at: random.next().value as number }))
      .sort((a, b) => a.at - b.at)
      .slice(0, ALIKE)
      .map(({ path }) => path),
  );
}

describe("every difference counts", () => {
  test("no single change of the model goes by in silence", async () => {
    const seed = Number(process.env.PLAN_SEED ?? Math.floor(Math.random() * 1_000_000_000));
    const system = await invoicingSystem();
    const before = compile(system);
    const tree = JSON.parse(JSON.stringify(system)) as Json;
    const outcomes = { changed: 0, refused: 0, invalid: 0 };
    const silent: string[] = [];
    for (const path of placesToTry(tree, seed)) {
      for (const mutation of ["alter", "remove", "double"] as const) {
        const mutated = mutate(tree, path, mutation);
        const parsed = mutated === undefined ? undefined : systemSchema.safeParse(mutated);
        if (!parsed?.success) continue;
        let next: ReturnType<typeof compile>;
        try {
          next = compile(parsed.data);
        } catch (error) {
          // Not a model any more: a column that nothing names, an expression that does not check.
          if (!(error instanceof EngineError || error instanceof TypeError || error instanceof RangeError)) throw error;
          outcomes.invalid++;
          continue;
        }
        const result = plan(before, next);
        if (result.refusals.length > 0) outcomes.refused++;
        else if (!result.empty) outcomes.changed++;
        else silent.push(`${mutation} ${path.join(".")}`);
        if (result.refusals.length > 0) expect(result.steps).toEqual([]);
      }
    }
    console.log(`PLAN_SEED=${seed}`, outcomes);
    expect(silent, `PLAN_SEED=${seed}`).toEqual([]);
    // The test looked at something: there are more than a thousand places.
    expect(outcomes.changed).toBeGreaterThan(200);
    expect(outcomes.refused).toBeGreaterThan(100);
    // More than a thousand compiles, beside whatever else the machine does.
  }, 1_800_000);

  test("a model that comes back from the database, its keys sorted as jsonb does, is printed the same", async () => {
    const system = await invoicingSystem();
    // Its processes are functions, whose values stand by name.
    expect(system.workflows.some(({ execution }) => execution === "sync")).toBe(true);
    const stored = systemSchema.parse(asJsonb(JSON.parse(JSON.stringify(system)) as Json));
    const sql = (of: System) => compile(of).statements.map((statement) => statement.sql);
    expect(sql(stored)).toEqual(sql(system));
  });

  test("the same model is an empty plan, in whatever order its parts are listed", () => {
    const system = invoicing();
    const reference = compile(system);
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (numbers) => {
        const shuffled = shuffle(system, () => numbers.next().value as number);
        const compiled = compile(shuffled);
        expect(compiled.statements.map(({ sql }) => sql)).toEqual(reference.statements.map(({ sql }) => sql));
        expect(plan(reference, compiled)).toMatchObject({ empty: true, steps: [], changes: [], refusals: [] });
      }),
      { numRuns: 20 },
    );
  });

  test("a model that came back from a jsonb column is the same model", () => {
    const system = invoicing();
    const sorted = JSON.parse(JSON.stringify(system), (_key, value: unknown) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => b.length - a.length || (a < b ? -1 : 1)))
        : value,
    ) as System;
    expect(plan(compile(sorted), compile(system)).empty).toBe(true);
  });
});

/** Lists whose order says nothing; that of fields and states does. */
function shuffle(system: System, next: () => number): System {
  const mixed = <T>(items: readonly T[]): T[] =>
    items
      .map((item) => ({ item, at: next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  return {
    ...system,
    roles: mixed(system.roles),
    entities: mixed(system.entities).map((entity) => ({
      ...entity,
      uniques: mixed(entity.uniques),
      indexes: mixed(entity.indexes),
      foreignKeys: mixed(entity.foreignKeys),
      checks: mixed(entity.checks),
      policies: mixed(entity.policies),
      actions: mixed(entity.actions),
    })),
  };
}

const withInvoice = (
  change: (invoice: EntityOptions) => EntityOptions,
  more: Record<string, EntityOptions> = {},
): System =>
  buildSystem({
    tenancy: true,
    entities: { ...invoicingEntities, Invoice: change(invoicingEntities.Invoice as EntityOptions), ...more },
  });
const planOf = (next: System) => plan(compile(invoicing()), compile(next));
const withField = (name: string, field: EntityOptions["fields"][string]): System =>
  withInvoice((invoice) => ({ ...invoice, fields: { ...invoice.fields, [name]: field } }));
const objects = (result: ReturnType<typeof planOf>): string[] => [
  ...new Set(result.steps.filter((step) => !step.quiet).map((step) => `${step.verb} ${step.object}`)),
];

describe("what is done in place", () => {
  test("a new entity with all that belongs to it", () => {
    const next = buildSystem({
      tenancy: true,
      entities: { ...invoicingEntities, Note: { fields: { invoice: { type: one("Invoice"), required: true } } } },
    });
    const result = planOf(next);
    expect(result.refusals).toEqual([]);
    expect(result.changes).toEqual([{ verb: "+", path: "Note", subject: "entity Note" }]);
    // One function finds the explanation of every entity.
    const others = result.steps.filter((step) => step.entity !== "Note").map(({ object }) => object);
    expect([...new Set(others)]).toEqual(["function enginejs.explain_rules(text, text, uuid)"]);
    // Nobody uses a table that is not there yet.
    expect(result.steps.filter((step) => step.kind === "table")).toMatchObject([{ lock: "none", hazards: [] }]);
    expect(formatPlan(result)).toEqual([
      "+ entity Note: table, 1 index, 4 policies, 2 triggers, 2 functions",
      "  ~ function enginejs.explain_rules(text, text, uuid)",
    ]);
  });

  test("a new field with a value: functions that hold the row type go before it, and come back with their rights", () => {
    const { steps } = planOf(
      withField("rank", { type: scalar("integer"), required: true, default: { kind: "value", value: 7 } }),
    );
    const place = (pattern: RegExp) => steps.findIndex(({ sql }) => pattern.test(sql));
    for (const name of ["invoice_subtotal", "invoice_can"]) {
      const places = [
        place(new RegExp(`^drop function app\\.${name}\\(`)),
        place(/add column rank/),
        place(new RegExp(`^create (or replace )?function app\\.${name}\\(`)),
        place(new RegExp(`^grant execute\\s+on function app\\.${name}\\(`)),
      ];
      expect(places).not.toContain(-1);
      expect(places.toSorted((one, other) => one - other)).toEqual(places);
    }
  });

  test("a new field: its column, its CHECK, its grants", () => {
    const result = planOf(withField("note", { type: text(50) }));
    expect(result.refusals).toEqual([]);
    expect(objects(result)).toEqual([
      "+ column app.invoice.note",
      "+ constraint app.invoice.invoice_note_check",
      "~ function app.explain_invoice(text, uuid)",
      "~ function app.invoice_can(app.invoice)",
      "~ table app.invoice",
    ]);
    expect(result.steps[0]).toMatchObject({
      sql: "alter table app.invoice\n  add column note text;",
      lock: "access exclusive",
      role: "enginejs_owner",
    });
  });

  test("a new reference: column, foreign key and index", () => {
    const result = planOf(withField("payer", { type: one("Customer") }));
    expect(result.refusals).toEqual([]);
    expect(objects(result)).toEqual([
      "+ column app.invoice.payer_id",
      "+ constraint app.invoice.invoice_payer_id_fkey",
      "+ index app.invoice_payer_id_idx",
      "~ function app.explain_invoice(text, uuid)",
      "~ function app.invoice_can(app.invoice)",
      "~ table app.invoice",
    ]);
  });

  test.each([
    ["a constant default", { type: scalar("integer"), required: true, default: { kind: "value", value: 3 } }],
    ["now()", { type: scalar("timestamp"), required: true, default: { kind: "generated", by: "now" } }],
    ["a state", { type: state(["open", "closed"], "open") }],
    ["a unique, empty in every row", { type: scalar("slug"), unique: true }],
    ["a stored computed field", { type: scalar("timestamp"), generated: "row.createdAt" }],
    ["a virtual field", { type: scalar("integer"), required: true, virtual: "row.lines.size()" }],
  ] as const)("a new field with %s", (_label, field) => {
    expect(planOf(withField("extra", field as EntityOptions["fields"][string])).refusals).toEqual([]);
  });

  test("a changed policy: the policies of its commands, altered, and the views that they ask", () => {
    const next = withInvoice((invoice) => ({
      ...invoice,
      policies: [[["read"], "customers' people", "row.customer.invoices.exists(i, i.owner.id == actor.id)"]],
    }));
    const result = planOf(next);
    expect(result.refusals).toEqual([]);
    const policies = result.steps.filter((step) => step.kind === "policy").map((step) => step.sql.split("\n")[0]);
    expect(policies.sort()).toEqual([
      "alter policy actor_select on app.invoice",
      "drop policy actor_delete on app.invoice;",
      "drop policy actor_insert on app.invoice;",
      "drop policy actor_update on app.invoice;",
    ]);
    // A new view first, then the policy that asks it.
    const order = result.steps.map((step) => step.object);
    const view = order.findIndex((object) => object.startsWith("view app.policy_invoice_"));
    expect(view).toBeGreaterThanOrEqual(0);
    expect(view).toBeLessThan(order.indexOf("policy app.invoice.actor_select"));
  });

  test("a state that was added: CHECK, trigger and nothing else of the table", () => {
    const next = withField("status", { type: state(["draft", "sent", "paid", "void", "lost"], "draft") });
    const result = planOf(next);
    expect(result.refusals).toEqual([]);
    expect(objects(result)).toEqual([
      "- constraint app.invoice.invoice_status_check",
      "+ constraint app.invoice.invoice_status_check",
    ]);
  });

  test("a role that was added: the CHECK of memberships and the roles that count", () => {
    const roles: System["roles"] = [
      { name: "billing", includes: ["member"], of: "tenant", permissions: [] },
      { name: "member", includes: [], of: "tenant", permissions: [] },
      { name: "viewer", includes: [], of: "tenant", permissions: [] },
    ];
    const result = planOf(buildSystem({ tenancy: true, entities: invoicingEntities, roles }));
    expect(result.refusals).toEqual([]);
    expect(objects(result)).toEqual([
      "- constraint app.membership.membership_roles_check",
      "+ constraint app.membership.membership_roles_check",
      "~ function enginejs.membership_roles(uuid, uuid)",
    ]);
  });

  test("an action's new input: another function takes the old one's place", () => {
    const next = withInvoice((invoice) => ({
      ...invoice,
      actions: { ...invoice.actions, void: { ...invoice.actions?.void, input: { reason: { type: text(100) } } } },
    }));
    const result = planOf(next);
    expect(result.refusals).toEqual([]);
    expect(objects(result)).toEqual(["+ function app.void_invoice(uuid, text)", "- function app.void_invoice(uuid)"]);
  });

  test("a parameter's new name: the function is made anew, with its rights and comment", () => {
    const next = withInvoice((invoice) => ({
      ...invoice,
      actions: { ...invoice.actions, pay: { ...invoice.actions?.pay, input: { receipt: { type: text(80) } } } },
    }));
    const kinds = planOf(next).steps.map((step) => `${step.kind} ${step.sql.split("\n")[0]}`);
    expect(kinds).toContain("function drop function app.pay_invoice(uuid, text);");
    expect(kinds.filter((kind) => kind.startsWith("grant grant execute"))).toHaveLength(1);
    expect(kinds.filter((kind) => kind.startsWith("revoke revoke all"))).toHaveLength(1);
    expect(kinds.filter((kind) => kind.startsWith("comment comment on function app.pay_invoice"))).toHaveLength(1);
  });

  test("events off: the triggers go", () => {
    const result = planOf(withInvoice((invoice) => ({ ...invoice, events: false })));
    expect(objects(result)).toEqual([
      "- trigger app.invoice.90_emit_update",
      "- trigger app.invoice.90_emit_delete",
      "- trigger app.invoice.90_emit_create",
    ]);
  });

  test("less may be written: the right is taken away before it is given anew", () => {
    const next = invoicing();
    const field = next.entities.find((entity) => entity.name === "Invoice")?.fields.find((f) => f.name === "number");
    if (field) field.writable.update = false;
    const grants = planOf(next).steps.filter((step) => step.kind === "grant");
    expect(grants.map((step) => step.sql.split("\n")[0])).toEqual([
      "revoke all on table app.invoice from enginejs_anonymous, enginejs_user;",
      "grant select, insert (customer_id, due_at, id, number, owner_id), update (customer_id, due_at, owner_id), delete",
      "revoke all on table app.invoice from enginejs_system;",
      "grant select, insert (customer_id, due_at, id, number, owner_id), update (customer_id, due_at, owner_id), delete",
    ]);
  });

  test("lines that moved in the model are no change by themselves, and travel with one", () => {
    const place = (line: number) => ({ "Invoice.policies.members of the tenant": { file: "m.ts", line, column: 1 } });
    const moved = plan(compile(invoicing(), place(3)), compile(invoicing(), place(9)));
    expect(moved.empty).toBe(true);
    const result = plan(compile(invoicing(), place(3)), compile(withField("note", { type: text(5) }), place(9)));
    expect(result.steps.filter((step) => step.quiet).map((step) => step.sql)).toEqual([
      "comment on policy actor_select on app.invoice is '\nmembers of the tenant\nm.ts:9';",
    ]);
  });
});

describe("what is refused, by name, with the model's place", () => {
  const places = { Invoice: { file: "domain/invoice.model.ts", line: 7, column: 1 } };
  const refused = (next: System) => {
    const result = plan(compile(invoicing(), places), compile(next, places));
    expect(result.steps).toEqual([]);
    expect(result.refusals.length).toBeGreaterThan(0);
    return result.refusals;
  };
  const without = (name: string): System =>
    withInvoice((invoice) => ({
      ...invoice,
      fields: Object.fromEntries(Object.entries(invoice.fields).filter(([field]) => field !== name)),
    }));

  test("a field that is gone", () => {
    const next = withInvoice((invoice) => {
      const { dueAt: _, ...fields } = invoice.fields;
      return { ...invoice, fields, rules: {} };
    });
    expect(refused(next).find((refusal) => refusal.code === "EJS3011")).toMatchObject({
      code: "EJS3011",
      message: expect.stringContaining("Invoice.dueAt is gone from the model. Its column invoice.due_at"),
      where: places.Invoice,
    });
  });

  test("an entity that is gone", () => {
    const next = buildSystem({ tenancy: true, entities: invoicingEntities });
    next.entities = next.entities.filter((entity) => entity.name !== "InvoiceLine");
    for (const entity of next.entities) {
      entity.fields = entity.fields.filter((field) => field.name !== "lines" && field.name !== "subtotal");
      for (const action of entity.actions) action.guards = [];
    }
    expect(refused(next)).toMatchObject([{ code: "EJS3010", message: expect.stringContaining("InvoiceLine is gone") }]);
  });

  test("a virtual field that is gone is none of it", () => {
    expect(planOf(without("subtotal")).refusals).toEqual([]);
  });

  // biome-ignore format: a table
  test.each([
    ["a type", "EJS3012", withField("number", { type: text(100), required: true, unique: true })],
    ["a limit", "EJS3012", buildSystem({ tenancy: true, entities: { ...invoicingEntities, Customer: { ...invoicingEntities.Customer as EntityOptions, fields: { ...invoicingEntities.Customer?.fields, name: { type: text(300), required: true, index: true } } } } })],
    ["a state removed", "EJS3012", withInvoice((invoice) => ({ ...invoice, actions: { send: invoice.actions?.send ?? {} }, fields: { ...invoice.fields, status: { type: state(["draft", "sent"], "draft") } } }))],
    ["another first state", "EJS3012", withField("status", { type: state(["draft", "sent", "paid", "void"], "sent") })],
    ["required, without a default", "EJS3014", withField("note", { type: text(5), required: true })],
    ["required, with the actor as default", "EJS3014", withField("approver", { type: one("User"), required: true, default: { kind: "expression", expression: "actor.id" } })],
    ["became required", "EJS3014", withInvoice((invoice) => ({ ...invoice, rules: {}, fields: { ...invoice.fields, dueAt: { type: scalar("timestamp"), required: true } } }))],
    ["became unique", "EJS3015", withField("customer", { type: one("Customer"), required: true, unique: true })],
    ["no longer unique", "EJS3015", withField("number", { type: scalar("slug"), required: true })],
    ["a new rule", "EJS3015", withInvoice((invoice) => ({ ...invoice, rules: { ...invoice.rules, more: { expression: "row.number != row.status", message: "m" } } }))],
    ["a changed rule", "EJS3015", withInvoice((invoice) => ({ ...invoice, rules: { dueLater: { expression: "row.dueAt >= row.createdAt", message: "m" } } }))],
    ["a rule that is gone", "EJS3015", withInvoice((invoice) => ({ ...invoice, rules: {} }))],
    ["a foreign key", "EJS3012", withField("customer", { type: one("Customer", "cascade"), required: true })],
    ["a default", "EJS3012", withField("dueAt", { type: scalar("timestamp"), default: { kind: "generated", by: "now" } })],
    ["virtual became stored", "EJS3012", withField("subtotal", { type: scalar("money") })],
    ["no tenant any more", "EJS3013", buildSystem({ tenancy: true, entities: { ...invoicingEntities, Log: { tenant: false, fields: {} } } })],
    ["another schema", "EJS3013", buildSystem({ tenancy: true, entities: invoicingEntities, schema: "other" })],
    ["a role that is gone", "EJS3015", buildSystem({ tenancy: true, entities: invoicingEntities, roles: [{ name: "billing", includes: [], of: "tenant", permissions: [] }] })],
  ] as const)("%s", (label, code, next) => {
    if (label === "no tenant any more") {
      const before = buildSystem({ tenancy: true, entities: { ...invoicingEntities, Log: { fields: {} } } });
      expect(plan(compile(before), compile(next)).refusals.map((r) => r.code)).toContain(code);
      return;
    }
    expect(refused(next).map((refusal) => refusal.code)).toContain(code);
  });
});
