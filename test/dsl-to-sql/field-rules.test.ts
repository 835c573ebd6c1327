/** Rules of fields on a real database: who reads a value, who gives one, and what stays. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planBuild } from "../../src/database/apply.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { buildDeals, deals } from "./support/deals.ts";
import { attempt, outcome, people, tenants } from "./support/invoicing-database.ts";
import { buildPersonnel, employees, personnel, staff } from "./support/personnel.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";

type Actor = keyof typeof staff;
type Row = readonly [label: string, sql: string, expected: Readonly<Record<Actor, number | string>>];

const denied = "42501";
const setSalary = (id: string): string =>
  `update app.employee_salary set salary = 7 where id = '${id}' returning salary`;
const update = (id: string, given: object): string =>
  `select from app.update_employee('${id}', '${JSON.stringify(given)}')`;
const create = (given: object): string => `select from app.create_employee('${JSON.stringify(given)}')`;

// biome-ignore format: a table
const TABLE: readonly Row[] = [
  ["everything of the entity's table", "select * from app.employee",
    { worker: 3, manager: 3, accountant: 3, stranger: 1, intruder: 0, anonymous: 0, system: 4 }],
  ["salaries", "select * from app.employee_salary",
    { worker: 1, manager: 2, accountant: 3, stranger: 1, intruder: 0, anonymous: 0, system: 4 }],
  ["bank accounts", "select * from app.employee_iban",
    { worker: 0, manager: 0, accountant: 3, stranger: 1, intruder: 0, anonymous: 0, system: 4 }],
  ["filtered by salary", "select from app.employee e where app.employee_salary(e) > 0",
    { worker: 1, manager: 2, accountant: 3, stranger: 1, intruder: 0, anonymous: 0, system: 4 }],
  ["filtered by a hidden value", "select from app.employee e where app.employee_salary(e) is null",
    { worker: 2, manager: 1, accountant: 0, stranger: 0, intruder: 0, anonymous: 0, system: 0 }],
  ["pay the worker", setSalary(employees.worker),
    { worker: 0, manager: 1, accountant: 1, stranger: 0, intruder: 0, anonymous: 0, system: 1 }],
  ["pay the manager", setSalary(employees.manager),
    { worker: 0, manager: 0, accountant: 1, stranger: 0, intruder: 0, anonymous: 0, system: 1 }],
  ["pay everybody", "update app.employee_salary set salary = 8",
    { worker: 0, manager: 1, accountant: 3, stranger: 1, intruder: 0, anonymous: 0, system: 4 }],
  ["make a row by hand", `insert into app.employee_salary (tenant_id, id) values ('${tenants.ours}', '${employees.worker}')`,
    { worker: denied, manager: denied, accountant: denied, stranger: denied, intruder: denied, anonymous: denied, system: denied }],
  ["take a row away", "delete from app.employee_salary",
    { worker: denied, manager: denied, accountant: denied, stranger: denied, intruder: denied, anonymous: denied, system: denied }],
  ["move a row to another employee", `update app.employee_salary set id = '${employees.manager}'`,
    { worker: denied, manager: denied, accountant: denied, stranger: denied, intruder: denied, anonymous: denied, system: denied }],
  ["update both", update(employees.worker, { name: "x", salary: 9 }),
    { worker: "EJ404", manager: 1, accountant: 1, stranger: "EJ404", intruder: "EJ404", anonymous: "EJ404", system: 1 }],
  ["update what one may not read", update(employees.worker, { name: "x", iban: "DE1" }),
    { worker: "EJ404", manager: denied, accountant: 1, stranger: "EJ404", intruder: "EJ404", anonymous: "EJ404", system: 1 }],
  ["update what no column is called", update(employees.worker, { name: "x", salery: 9 }),
    { worker: "EJ422", manager: "EJ422", accountant: "EJ422", stranger: "EJ422", intruder: "EJ422", anonymous: "EJ422", system: "EJ422" }],
  ["hire with what no column is called", create({ nam: "new", tenant_id: tenants.theirs }),
    { worker: "EJ422", manager: "EJ422", accountant: "EJ422", stranger: "EJ422", intruder: "EJ422", anonymous: "EJ422", system: "EJ422" }],
  ["hire at a salary", create({ name: "new", salary: 5, manager_id: people.owner }),
    { worker: denied, manager: 1, accountant: 1, stranger: "EJ422", intruder: denied, anonymous: denied, system: 1 }],
  ["hire without one", create({ name: "new", salary: null }),
    { worker: 1, manager: 1, accountant: 1, stranger: 1, intruder: denied, anonymous: denied, system: 1 }],
  ["grade", `update app.employee set grade = 2 where id = '${employees.worker}'`,
    { worker: 0, manager: denied, accountant: 1, stranger: 0, intruder: 0, anonymous: 0, system: 1 }],
  ["name, with the grade as it is", `update app.employee set grade = 1, name = 'x' where id = '${employees.worker}'`,
    { worker: 0, manager: 1, accountant: 1, stranger: 0, intruder: 0, anonymous: 0, system: 1 }],
  ["hire at the default grade", "insert into app.employee (name, grade) values ('n', 1)",
    { worker: 1, manager: 1, accountant: 1, stranger: 1, intruder: denied, anonymous: denied, system: 1 }],
  ["hire at a higher grade", "insert into app.employee (name, grade) values ('n', 2)",
    { worker: denied, manager: denied, accountant: 1, stranger: 1, intruder: denied, anonymous: denied, system: 1 }],
  ["change when somebody was hired", "update app.employee set hired_on = now()",
    { worker: denied, manager: denied, accountant: denied, stranger: denied, intruder: denied, anonymous: denied, system: denied }],
];

describe.each(servers)("on $name", ({ create: createDatabase, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    database = await createDatabase();
    client = await database.client();
    await buildPersonnel(client);
  });
  afterAll(() => database?.drop());

  const asOwner = async (sql: string): Promise<string | undefined> => {
    await client.query("begin; set local role enginejs_owner");
    try {
      await client.query(sql);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    } finally {
      await client.query("rollback");
    }
  };

  describe.each(TABLE)("%s", (_label, sql, expected) => {
    test.skipIf(missing).each(Object.entries(expected))("%s", async (name, result) => {
      // The system has no tenant's wall: it names the tenant itself.
      const text =
        name === "system" ? sql.replace("insert into app.employee (name", `insert into app.employee (name`) : sql;
      expect(await outcome(client, staff[name as Actor], text)).toBe(result);
    });
  });

  test.skipIf(missing)("nothing is left to do for a second build", async () => {
    const { plan } = await planBuild(client, compile(personnel()));
    expect([plan.empty, plan.refusals]).toEqual([true, []]);
  });

  test.skipIf(missing)("a refusal names the field and its rule", async () => {
    const { error } = await attempt(client, staff.manager, update(employees.worker, { iban: "DE1" }));
    expect([error?.message, JSON.parse(error?.detail ?? "")]).toEqual([
      "Employee.iban is for: billing only",
      { field: "iban", rule: "billing only" },
    ]);
    const graded = await attempt(
      client,
      staff.manager,
      `update app.employee set grade = 2 where id = '${employees.worker}'`,
    );
    expect([graded.error?.message, graded.error?.column]).toEqual(["Employee.grade is for: billing grades", "grade"]);
  });

  test.skipIf(missing)("an explanation says that giving a value takes reading it", async () => {
    const explained = async (person: string, field: string) => {
      const { rows } = await client.query(
        "select verdict, failed from enginejs.explain($1, $2, 'Employee', $3, $4) where effect = 'verdict'",
        [person, tenants.ours, `update ${field}`, employees.worker],
      );
      return rows[0];
    };
    expect(await explained(people.owner, "iban")).toEqual({
      verdict: false,
      failed: 'denied: field.iban read: billing only: "billing" in actor.roles',
    });
    expect(await explained(people.biller, "iban")).toMatchObject({ verdict: true });
    expect(await explained(people.owner, "salary")).toMatchObject({ verdict: true });
  });

  test.skipIf(missing)("a refused value refuses the whole", async () => {
    await client.query("begin");
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 't')", [
      people.owner,
      tenants.ours,
    ]);
    await client.query("savepoint s");
    await expect(client.query(update(employees.worker, { name: "changed", iban: "DE1" }))).rejects.toThrow(
      "billing only",
    );
    await client.query("rollback to savepoint s");
    const { rows } = await client.query(`select name from app.employee where id = '${employees.worker}'`);
    await client.query("rollback");
    expect(rows).toEqual([{ name: "worker" }]);
  });

  test.skipIf(missing)("what an actor may not read is nothing to him, in aggregates and in an order too", async () => {
    const sql = `select count(app.employee_salary(e))::int as known, sum(app.employee_salary(e))::int as total,
      array_agg(e.name order by app.employee_salary(e) desc nulls last, e.name) as names from app.employee e`;
    expect((await attempt(client, staff.worker, sql)).rows).toEqual([
      { known: 1, total: 1000, names: ["worker", "accountant", "manager"] },
    ]);
    expect((await attempt(client, staff.accountant, sql)).rows).toEqual([
      { known: 3, total: 6000, names: ["accountant", "manager", "worker"] },
    ]);
  });

  test.skipIf(missing)("who makes a row completes it in the same transaction, and not afterwards", async () => {
    const id = "00000000-0000-7000-8000-000000000677";
    const given = { id, name: "new", salary: 5, person_id: people.member };
    // A worker may hire himself, reads his own salary and may not set it.
    expect(await outcome(client, staff.worker, create(given))).toBe(denied);
    await client.query("begin");
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 't')", [
      people.owner,
      tenants.ours,
    ]);
    await client.query(create({ id, name: "new", salary: 5, manager_id: people.owner }));
    const { rows } = await client.query(
      "select app.employee_salary(e)::int as salary from app.employee e where id = $1",
      [id],
    );
    expect(rows).toEqual([{ salary: 5 }]);
    await client.query("commit");
    expect(await outcome(client, staff.worker, setSalary(id))).toBe(0);
    await client.query(`set role enginejs_owner; delete from app.employee where id = '${id}'`);
    const { rowCount } = await client.query("select from app.employee_salary where id = $1", [id]);
    await client.query("reset role");
    expect(rowCount).toBe(0);
  });

  test.skipIf(missing)("what stays, stays for the owner as well", async () => {
    const worker = `where id = '${employees.worker}'`;
    expect(await asOwner(`update app.employee set hired_on = '2020-01-01' ${worker}`)).toBe(
      "employee.hired_on never changes",
    );
    expect(
      await asOwner(
        `update app.employee set badge = 'a' ${worker}; update app.employee set badge = 'a', name = 'n' ${worker}`,
      ),
    ).toBeUndefined();
    expect(
      await asOwner(`update app.employee set badge = 'a' ${worker}; update app.employee set badge = null ${worker}`),
    ).toBe("Employee.badge has a value, which stays");
    expect(
      await asOwner(
        `update app.employee_iban set iban = 'a' ${worker}; update app.employee_iban set iban = 'b' ${worker}`,
      ),
    ).toBe("Employee.iban has a value, which stays");
    expect(await asOwner(`update app.employee_salary set id = enginejs.uuid_v7() ${worker}`)).toBe(
      "employee_salary.id never changes",
    );
  });

  test.skipIf(missing)("events name the field and hold no value", async () => {
    await client.query("begin");
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 't')", [
      people.biller,
      tenants.ours,
    ]);
    await client.query(create({ id: "00000000-0000-7000-8000-000000000688", name: "new", salary: 123456 }));
    await client.query(update(employees.worker, { salary: 123456 }));
    await client.query(update(employees.worker, { salary: 123457 }));
    await client.query("reset role");
    const { rows } = await client.query(
      `select action, record_id, changed, before, after, actor ->> 'id' as actor from enginejs.workflow_events_current
       where model = 'Employee' and xmin = pg_current_xact_id()::xid order by id`,
    );
    await client.query("rollback");
    const key = { tenant_id: tenants.ours, id: employees.worker };
    expect(rows).toEqual([
      expect.objectContaining({ action: "create", changed: null, actor: people.biller }),
      {
        action: "update",
        record_id: employees.worker,
        changed: ["salary"],
        before: key,
        after: key,
        actor: people.biller,
      },
    ]);
    expect(JSON.stringify(rows)).not.toContain("12345");
  });

  test.skipIf(missing)("a list with the field is served by the keys", async () => {
    await client.query("begin; set local role enginejs_owner");
    await client.query(
      `insert into app.employee (tenant_id, name) select '${tenants.ours}', 'n' || i from generate_series(1, 5000) i;
       analyze app.employee, app.employee_salary`,
    );
    await client.query("reset role");
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 't')", [
      people.owner,
      tenants.ours,
    ]);
    const explained = async (value: string): Promise<string> => {
      const { rows } = await client.query(
        `explain (costs off) select e.id, ${value} from app.employee e order by e.id limit 50`,
      );
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    };
    // As GraphQL asks, and as a person does.
    const text = await explained(
      "(select s.salary from app.employee_salary s where s.tenant_id = e.tenant_id and s.id = e.id)",
    );
    const called = await explained("app.employee_salary(e)");
    await client.query("rollback");
    expect(text).toMatch(/Index Scan using employee_salary_pkey/);
    expect(text).not.toMatch(/Seq Scan/);
    expect(called).not.toMatch(/Seq Scan/);
  });
});

describe.each(servers)("what an update may leave behind, on $name", ({ create: createDatabase, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    if (missing) return;
    database = await createDatabase();
    client = await database.client();
    await buildDeals(client, tenants.ours);
  });
  afterAll(() => database?.drop());

  const setMargin = (id: string): string => `update app.deal_margin set margin = 3 where id = '${id}'`;
  const updateDeal = (id: string, given: object): string =>
    `select from app.update_deal('${id}', '${JSON.stringify(given)}')`;
  const newDeal = { id: "00000000-0000-7000-8000-000000000709", name: "new", seller_id: people.biller, price: 10 };
  const createDeal = `select from app.create_deal('${JSON.stringify({ ...newDeal, margin: 5 })}')`;
  const take = { seller_id: people.owner };

  // biome-ignore format: a table
  const rows: readonly (readonly [label: string, sql: string, expected: number | string])[] = [
    ["the row itself", `update app.deal set name = 'x' where id = '${deals.foreign}'`, denied],
    ["a value of a row that may be left so", setMargin(deals.own), 1],
    ["a value of a row that may be touched and not be left so", setMargin(deals.foreign), denied],
    ["a value of a row that a deny keeps from being left so", setMargin(deals.frozen), denied],
    ["a value alone, by the function", updateDeal(deals.foreign, { margin: 3 }), denied],
    ["a value with the change that makes the row one's own", updateDeal(deals.foreign, { ...take, margin: 3 }), 1],
    ["a value with the change that a deny waits for", updateDeal(deals.frozen, { name: "thawed", margin: 3 }), 1],
    ["a value with a change out of one's reach", updateDeal(deals.own, { price: 200, margin: 3 }), 1],
    ["a value with a change to what may not be left", updateDeal(deals.own, { name: "frozen", margin: 3 }), denied],
    ["a value of a row that was touched before", `update app.deal set seller_id = '${people.owner}' where id = '${deals.foreign}'; ${setMargin(deals.foreign)}`, 1],
    ["a new row with its value", createDeal, 1],
    ["a new row, completed in its transaction", `${createDeal}; ${setMargin(newDeal.id)}`, 1],
  ];
  test.skipIf(missing).each(rows)("%s", async (_label, sql, expected) => {
    expect(await outcome(client, staff.manager, sql)).toBe(expected);
  });

  test.skipIf(missing)("a row of an earlier transaction is not completed, but changed", async () => {
    await client.query("begin");
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 't')", [
      people.owner,
      tenants.ours,
    ]);
    await client.query(`${createDeal}; commit`);
    expect(await outcome(client, staff.manager, setMargin(newDeal.id))).toBe(denied);
  });

  test.skipIf(missing)("an explanation says who may touch, and what may be left behind", async () => {
    const explained = async (command: string, id: string | null): Promise<unknown[]> => {
      const { rows } = await client.query(
        "select verdict, failed from enginejs.explain($1, $2, 'Deal', $3, $4) where effect = 'verdict'",
        [people.owner, tenants.ours, command, id],
      );
      return [rows[0].verdict, rows[0].failed];
    };
    const allow = "small deals, to take over";
    expect(await explained("update", deals.own)).toEqual([true, `allowed: ${allow}`]);
    expect(await explained("update", deals.foreign)).toEqual([true, `allowed, where it leaves behind: ${allow}`]);
    expect(await explained("update margin", deals.foreign)).toEqual([
      true,
      `allowed, where it leaves behind: ${allow}`,
    ]);
    expect(await explained("update", deals.frozen)).toEqual([
      true,
      "allowed, where it leaves behind: nothing of: frozen deals stay",
    ]);
    expect(await explained("update", null)).toEqual([null, `depends on the row: Deal.update is for: ${allow}`]);
  });
});
