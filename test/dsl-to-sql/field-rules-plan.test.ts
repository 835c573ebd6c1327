/** Fields with rules that come, change and go: what a build of an existing database does and what it refuses. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { catalogFingerprint } from "../../src/database/build-record.ts";
import { compile, explainObject, plan, sqlFiles } from "../../src/dsl-to-sql/index.ts";
import type { Field, System } from "../../src/model/index.ts";
import { outcome } from "./support/invoicing-database.ts";
import { buildPersonnel, employees, personnel, personnelEntities, staff } from "./support/personnel.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";
import { buildSystem, type EntityOptions, type FieldOptions, scalar, text } from "./support/system-builder.ts";

const employee = personnelEntities.Employee as EntityOptions;
const changed = (
  fields: Readonly<Record<string, FieldOptions | undefined>>,
  more: Partial<EntityOptions> = {},
): System => {
  const all = Object.entries({ ...employee.fields, ...fields }).filter(
    (entry): entry is [string, FieldOptions] => entry[1] !== undefined,
  );
  const entity = { ...employee, ...more, fields: Object.fromEntries(all) };
  return buildSystem({ tenancy: true, entities: { ...personnelEntities, Employee: entity } });
};
const rule = (name: string, expression: string) => ({ name, expression });
const read = (expression: string): NonNullable<Field["access"]> => ({ read: rule("a rule", expression) });
const salary = employee.fields.salary as FieldOptions;
const refusals = (next: System): string[] =>
  plan(compile(personnel()), compile(next)).refusals.map(({ code, message }) => `${code} ${message}`);

async function build(client: pg.Client, system: System) {
  const compiled = compile(system);
  const planned = await planBuild(client, compiled);
  await applyPlan(client, planned.plan, { system, compiled, stored: planned.stored });
  return planned;
}

describe("refused", () => {
  test("a field that is required and has no default, where rows may be", () => {
    expect(refusals(changed({ bonus: { type: scalar("money"), required: true, access: read("true") } }))).toEqual([
      expect.stringMatching(/^EJS3014 Employee\.bonus is new and required, and has no default/),
    ]);
  });

  test("a field that goes", () => {
    expect(refusals(changed({ salary: undefined }))).toContainEqual(
      "EJS3011 Employee.salary is gone from the model. Its table employee_salary and what it holds would be dropped.",
    );
  });

  test("values that would have to move between tables", () => {
    const { access: _, ...plain } = salary;
    expect(refusals(changed({ salary: plain }))).toContainEqual(
      "EJS3012 Employee.salary: lost its rule for reading, so that its values belong into the column employee.salary. A build moves no values.",
    );
    const hidden = { ...(employee.fields.badge as FieldOptions), access: read("true") };
    expect(refusals(changed({ badge: hidden }))).toContainEqual(
      "EJS3012 Employee.badge: got a rule for reading, so that its values belong into a table of their own, employee_badge.badge. A build moves no values.",
    );
  });

  test("another type, nullability or default", () => {
    expect(refusals(changed({ salary: { ...salary, type: scalar("integer") } }))).toContainEqual(
      expect.stringMatching(/^EJS3012 Employee\.salary: the type changed/),
    );
    expect(refusals(changed({ salary: { ...salary, required: true } }))).toContainEqual(
      expect.stringMatching(/^EJS3014 Employee\.salary: became required/),
    );
    expect(refusals(changed({ salary: { ...salary, default: { kind: "value", value: 5 } } }))).toContainEqual(
      expect.stringMatching(/^EJS3012 Employee\.salary: the default changed/),
    );
  });
});

test("each part of a side table is found by its name and knows its line of the model", () => {
  const compiled = compile(personnel(), {
    "Employee.fields.salary": { file: "domain/employee.model.ts", line: 9, column: 3 },
  });
  const parts = explainObject(compiled, "Employee.salary").statements;
  expect(parts.map(({ object }) => object)).toEqual(
    expect.arrayContaining([
      "table app.employee_salary",
      "policy app.employee_salary.actor_select",
      "function app.employee_salary(app.employee)",
    ]),
  );
  expect(new Set(parts.map(({ where }) => where?.line))).toEqual(new Set([9]));
  const files = sqlFiles(compiled)
    .map(({ path }) => path)
    .filter((path) => path.includes("salary"));
  expect(files).toEqual([
    "sql/functions/employee_salary.sql",
    "sql/rls/employee_salary.sql",
    "sql/tables/employee_salary.sql",
    "sql/triggers/employee_salary.sql",
  ]);
});

describe.each(servers)("on $name", ({ create, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    database = await create();
    client = await database.client();
  });
  beforeEach(async () => {
    if (missing) return;
    await client.query("drop schema if exists app cascade; truncate enginejs.build");
    await buildPersonnel(client);
  });
  afterAll(() => database?.drop());

  /** Before version 16 a builder inherits the walls of actors as well. */
  async function asOwner(sql: string): Promise<pg.QueryResult> {
    await client.query("set role enginejs_owner");
    return client.query(sql).finally(() => client.query("reset role"));
  }

  // biome-ignore format: a table
  const changes: readonly (readonly [string, System])[] = [
    ["new fields with rules", changed({
      bonus: { type: scalar("money"), required: true, default: { kind: "value", value: 10 }, access: read("row.person.id == actor.id") },
      note: { type: text(9), access: { ...read("row.manager.id == actor.id"), change: "never" } },
    })],
    ["other rules", changed({
      salary: { ...salary, access: { read: rule("billing", '"billing" in actor.roles') } },
      iban: { ...(employee.fields.iban as FieldOptions), access: read("row.person.memberships.exists(m, m.roles.size() > 5)") },
      grade: { ...(employee.fields.grade as FieldOptions), access: {} },
    })],
    ["no events", changed({}, { events: false })],
    ["other times to write", changed({ salary: { ...salary, writable: { create: true, update: false } } })],
    ["fields that now stay", changed({ name: { ...(employee.fields.name as FieldOptions), access: { change: "once" } }, salary: { ...salary, access: { ...salary.access, change: "never" } } })],
  ];
  for (const [label, next] of changes) {
    test.skipIf(missing)(`${label}: values are kept, and nothing is left to do`, async () => {
      const select =
        "select e.name, s.salary::int from app.employee e join app.employee_salary s using (tenant_id, id) order by s.salary";
      const before = await asOwner(select);
      expect(before.rowCount).toBeGreaterThan(0);
      await build(client, next);
      expect((await asOwner(select)).rows).toEqual(before.rows);
      expect((await planBuild(client, compile(next))).plan.empty).toBe(true);
      // The same catalogue as one built at once.
      const inPlace = await catalogFingerprint(client, "app");
      await client.query("drop schema app cascade; truncate enginejs.build");
      await build(client, next);
      expect(await catalogFingerprint(client, "app")).toBe(inPlace);
    });
  }

  test.skipIf(missing)("rows that are there get a row of the new field, with its default", async () => {
    await build(
      client,
      changed({
        bonus: {
          type: scalar("money"),
          required: true,
          default: { kind: "value", value: 10 },
          access: read("row.person.id == actor.id"),
        },
        note: { type: text(9), access: read("true") },
      }),
    );
    const { rows } = await asOwner(
      "select count(*)::int as n, min(bonus)::int as least, max(bonus)::int as most from app.employee_bonus",
    );
    expect(rows).toEqual([{ n: 4, least: 10, most: 10 }]);
    expect(await outcome(client, staff.worker, "select from app.employee_bonus")).toBe(1);
    expect(
      await outcome(
        client,
        staff.accountant,
        `select from app.update_employee('${employees.worker}', '{"note": "a", "name": "b"}')`,
      ),
    ).toBe(1);
  });

  test.skipIf(missing)("a changed rule counts at once", async () => {
    const sql = "select from app.employee_salary";
    expect(await outcome(client, staff.worker, sql)).toBe(1);
    await build(
      client,
      changed({ salary: { ...salary, access: { read: rule("billing", '"billing" in actor.roles') } } }),
    );
    expect(await outcome(client, staff.worker, sql)).toBe(0);
    expect(await outcome(client, staff.accountant, sql)).toBe(3);
  });

  test.skipIf(missing)("a required field is missed at commit, where it is not given", async () => {
    await client.query("drop schema app cascade; truncate enginejs.build");
    await buildPersonnel(client, changed({ salary: { ...salary, required: true } }));
    const commit = async (sql: string): Promise<unknown> => {
      await client.query("begin; set local role enginejs_owner");
      const begun = await client.query(sql).then(
        () => client.query("commit"),
        (error: Error) => error,
      );
      await client.query("rollback");
      return begun instanceof Error ? begun : undefined;
    };
    const one = `insert into app.employee (tenant_id, name) select tenant_id, 'x' from app.employee limit 1`;
    const failed = await client
      .query(`begin; set local role enginejs_owner; ${one}; commit`)
      .catch((error: Error) => error);
    await client.query("rollback");
    expect(failed).toMatchObject({
      code: "23502",
      message: "Employee.salary needs a value",
      table: "employee_salary",
      column: "salary",
    });
    expect(await commit(`${one}; update app.employee_salary set salary = 1 where salary is null`)).toBeUndefined();
    expect((await planBuild(client, compile(changed({ salary: { ...salary, required: true } })))).plan.empty).toBe(
      true,
    );
  });

  test.skipIf(missing)("what was changed by hand is put in place again", async () => {
    const before = await catalogFingerprint(client, "app");
    await client.query(`
      drop policy actor_select on app.employee_salary;
      alter table app.employee_salary disable row level security;
      grant all on app.employee_iban to enginejs_user;
      drop trigger "50_fields" on app.employee;
      drop trigger "12_field_rules" on app.employee;
      alter function app.update_employee(uuid, jsonb) security definer;
      insert into app.employee (tenant_id, name) select tenant_id, 'without' from app.employee limit 1;
    `);
    await build(client, personnel());
    expect(await catalogFingerprint(client, "app")).toBe(before);
    expect((await planBuild(client, compile(personnel()))).plan.empty).toBe(true);
    const { rows } = await asOwner(
      "select (select count(*) from app.employee) = (select count(*) from app.employee_salary) as whole",
    );
    expect(rows).toEqual([{ whole: true }]);
  });

  test.skipIf(missing)("an owner who is no superuser builds, and adds fields to rows that are there", async () => {
    const name = `builder_${randomBytes(4).toString("hex")}`;
    await client.query("drop schema app cascade; truncate enginejs.build");
    const administrator = await database.administrator();
    await administrator.query(`
      create role ${name} login password 'builder';
      grant enginejs_owner, enginejs_action, enginejs_reader, enginejs_writer to ${name};
      do $$ begin execute format('grant create on database %I to ${name}', current_database()); end $$;`);
    const url = new URL(database.url);
    url.username = name;
    url.password = "builder";
    const builder = new pg.Client({ connectionString: url.href });
    await builder.connect();
    try {
      await buildPersonnel(builder);
      const next = changed({ bonus: { type: scalar("money"), access: read("true") } });
      await build(builder, next);
      expect((await planBuild(builder, compile(next))).plan.empty).toBe(true);
      const { rows } = await asOwner("select count(*)::int as n from app.employee_bonus");
      expect(rows).toEqual([{ n: 4 }]);
    } finally {
      await builder.end();
      await administrator.query(`drop owned by ${name}; drop role ${name}`);
    }
  });

  const HOSTILE = ["'; drop schema app cascade; --", "\\'; $$ $function$; */", '"%s" %I\nb', "ünï 🦀 @omit"];
  test.skipIf(missing)("texts and names that would be SQL are harmless in every slot", async () => {
    const words = ["order", "select", "user", "table", "given", "targetRow", "new", "old", "newRows", "id2"];
    const entities = Object.fromEntries(
      words.map((word, index): [string, EntityOptions] => {
        const sentence = HOSTILE[index % HOSTILE.length] as string;
        const entityName = word.charAt(0).toUpperCase() + word.slice(1);
        const hidden = { read: rule(sentence, `row.${word} != ${JSON.stringify(sentence)}`) };
        return [
          entityName,
          {
            events: true,
            fields: {
              [word]: { type: text(), description: sentence, access: { write: rule(sentence, `row.${word} != "no"`) } },
              check: {
                type: text(),
                required: true,
                description: sentence,
                default: { kind: "value", value: sentence },
                access: hidden,
              },
              [`${"long".repeat(14)}x`]: { type: text(4), access: { ...hidden, change: "once" } },
            },
            policies: [[["read", "create", "update"], sentence, "true"]],
          },
        ];
      }),
    );
    const system = buildSystem({ entities });
    await client.query("drop schema app cascade; truncate enginejs.build");
    await build(client, system);
    expect((await planBuild(client, compile(system))).plan.empty).toBe(true);
    for (const { name, table, fields } of system.entities) {
      const word = fields[1]?.storage.kind === "column" ? fields[1].storage.column : "";
      const sentence = fields[1]?.access?.write?.name ?? "";
      const call = (fn: string, ...values: unknown[]) =>
        client.query(`select id from app."${fn}_${table}"(${values.map((_, i) => `$${i + 1}`).join(", ")})`, values);
      await client.query("begin");
      await client.query("select enginejs.begin_request('enginejs_user', null, null, null, null, 't')");
      const { rows } = await call("create", JSON.stringify({ [word]: "yes", check: "mine" }));
      await call("update", rows[0]?.id, JSON.stringify({ check: "other", [word]: "again" }));
      const { rows: read } = await client.query(`select app."${table}_check"(t) as value from app."${table}" t`);
      expect([name, read[0]?.value]).toEqual([name, "other"]);
      const refused = await call("update", rows[0]?.id, JSON.stringify({ [word]: "no" })).catch(
        (error: pg.DatabaseError) => error,
      );
      await client.query("rollback");
      expect(refused).toMatchObject({
        code: "42501",
        detail: expect.stringContaining(JSON.stringify(sentence).slice(1, -1)),
      });
    }
  });
});
