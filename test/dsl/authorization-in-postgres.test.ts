/** The whole policy language, as a project's files write it, in a database: what the sentences say is what holds. */
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { beginRequestText } from "../../src/database/act-as.ts";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { buildProject } from "../support/build-project.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const tenant = id(1);
const people = { ann: id(11), bob: id(12), cid: id(13), dan: id(14), eve: id(15) };
const teams = { red: id(21), blue: id(22) };
const folders = { root: id(31), inner: id(32), leaf: id(33), others: id(34) };
const employees = { boss: id(41), worker: id(42) };
const invoices = { draft: id(51), sent: id(52), late: id(53), paid: id(54) };

const SEED = `
set role enginejs_owner;
insert into app.tenant (id, name) values ('${tenant}', 'T');
insert into app."user" (id, level) values ('${people.ann}', 1), ('${people.bob}', 1), ('${people.cid}', 5), ('${people.dan}', null), ('${people.eve}', 1);
insert into app.team (tenant_id, id) values ('${tenant}', '${teams.red}'), ('${tenant}', '${teams.blue}');
insert into app.membership (tenant_id, user_id, team_id, roles) values
  ('${tenant}', '${people.ann}', '${teams.red}', '{member}'), ('${tenant}', '${people.bob}', '${teams.blue}', '{billing}'),
  ('${tenant}', '${people.cid}', null, '{auditor}'), ('${tenant}', '${people.eve}', null, '{clerk}'),
  ('${tenant}', '${people.dan}', null, '{head}');
insert into app.folder (tenant_id, id, parent_id, owner_id) values
  ('${tenant}', '${folders.root}', null, '${people.ann}'), ('${tenant}', '${folders.inner}', '${folders.root}', '${people.bob}'),
  ('${tenant}', '${folders.leaf}', '${folders.inner}', '${people.cid}'), ('${tenant}', '${folders.others}', null, '${people.bob}');
insert into app.document (tenant_id, folder_id, team_id, title) values
  ('${tenant}', '${folders.leaf}', null, 'deep'), ('${tenant}', '${folders.others}', '${teams.red}', 'red'),
  ('${tenant}', '${folders.others}', '${teams.blue}', 'blue');
insert into app.employee (tenant_id, id, user_id, manager_id, name) values
  ('${tenant}', '${employees.boss}', '${people.bob}', null, 'boss'), ('${tenant}', '${employees.worker}', '${people.ann}', '${employees.boss}', 'worker');
update app.employee_salary set salary = case when id = '${employees.boss}' then 200000 else 1000 end;
insert into app.invoice (tenant_id, id, owner_id, due_at, status) values
  ('${tenant}', '${invoices.draft}', '${people.ann}', now() + interval '1 day', 'draft'),
  ('${tenant}', '${invoices.sent}', '${people.ann}', null, 'sent'),
  ('${tenant}', '${invoices.late}', '${people.ann}', now() - interval '1 day', 'draft'),
  ('${tenant}', '${invoices.paid}', '${people.ann}', null, 'paid');
reset role;
`;

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  client = await database.client();
  const built = await buildProject(join(import.meta.dirname, "cases/authorization"));
  if (built.diagnostics !== undefined) throw new Error(JSON.stringify(built.diagnostics));
  const { system, sourceMap } = built;
  const compiled = compile(system, sourceMap);
  const { plan, stored } = await planBuild(client, compiled);
  await applyPlan(client, plan, { system, compiled, stored });
  await client.query(SEED);
});
afterAll(() => database.drop());

interface Asked {
  readonly as?: keyof typeof people;
  readonly request?: object;
  /** Before the actor's request begins, as the builder. */
  readonly given?: string;
}

/** The rows' first columns, or the SQLSTATE; everything is rolled back. */
async function ask(sql: string, { as, request, given }: Asked = {}): Promise<unknown> {
  await client.query("begin");
  try {
    if (given !== undefined) await client.query(given);
    const role = as === undefined ? "enginejs_anonymous" : "enginejs_user";
    const values = [role, as === undefined ? null : people[as], tenant, null, null, "test"];
    await client.query(beginRequestText, [...values, request === undefined ? null : JSON.stringify(request)]);
    const { rows, rowCount } = await client.query({ text: sql, rowMode: "array" });
    return rows.length > 0 ? rows.map((row: unknown[]) => row[0]) : rowCount;
  } catch (error) {
    return (error as pg.DatabaseError).code;
  } finally {
    await client.query("rollback");
  }
}

const flag = (name: string, value: boolean) =>
  `set role enginejs_owner; insert into enginejs.feature_flags (name, tenant, value) values ('${name}', null, ${value}); reset role`;

describe("rows over rows", () => {
  const list = "select right(id::text, 2) from app.folder order by id";
  test.each([
    ["ann", ["31", "32", "33"]],
    ["bob", ["32", "33", "34"]],
    ["cid", ["33"]],
    ["dan", 0],
  ] as const)("%s reads the folders that are hers, and all below", async (as, expected) => {
    expect(await ask(list, { as })).toEqual(expected);
  });

  const make = (owner: string, parent: string | null) =>
    `insert into app.folder (owner_id, parent_id) values ('${owner}', ${parent === null ? "null" : `'${parent}'`})`;
  test("a new folder is asked itself, and those above it", async () => {
    expect(await ask(make(people.dan, null), { as: "dan" })).toBe(1);
    expect(await ask(make(people.bob, null), { as: "dan" })).toBe("42501");
    expect(await ask(make(people.bob, folders.leaf), { as: "ann" })).toBe(1);
    expect(await ask(make(people.bob, folders.others), { as: "ann" })).toBe("42501");
  });

  const move = (folder: string, parent: string) =>
    `update app.folder set parent_id = '${parent}' where id = '${folder}'`;
  test("what an update leaves behind is asked of where it leads to", async () => {
    expect(await ask(move(folders.others, folders.inner), { as: "bob" })).toBe("42501");
    expect(await ask(`update app.folder set parent_id = null where id = '${folders.inner}'`, { as: "bob" })).toBe(1);
    expect(await ask(move(folders.inner, folders.others), { as: "bob" })).toBe(1);
  });
});

describe("claims, permissions, flags and time", () => {
  const list = "select title from app.document order by title";
  test.each([
    ["ann", ["deep", "red"]],
    ["bob", ["blue", "deep", "red"]],
    ["eve", 0],
    ["dan", 0],
  ] as const)("%s reads by folder and team", async (as, expected) => {
    expect(await ask(list, { as, given: flag("betaBilling", false) })).toEqual(expected);
  });

  test("a team that is left is left at once", async () => {
    const given = `update app.membership set team_id = null where user_id = '${people.ann}'`;
    expect(await ask(list, { as: "ann", given: `set role enginejs_owner; ${given}; reset role` })).toEqual(["deep"]);
  });

  test("auditors read within the window, while the flag is on", async () => {
    const { rows } = await client.query("select now() >= '2026-12-01' and now() < '2027-01-01 07:00:00+00' as open");
    const everything = rows[0].open ? ["blue", "deep", "red"] : ["deep"];
    expect(await ask(list, { as: "cid" })).toEqual(everything);
    expect(await ask(list, { as: "cid", given: flag("betaBilling", false) })).toEqual(["deep"]);
  });
});

describe("fields", () => {
  const salaries = "select app.employee_salary(e)::text from app.employee as e order by name";
  test.each([
    ["ann", [null, "1000"]],
    ["bob", ["200000", "1000"]],
    ["cid", [null, null]],
  ] as const)("%s sees her own salary, and those below", async (as, expected) => {
    expect(await ask(salaries, { as })).toEqual(expected);
  });

  test("what is made of it is hidden with it", async () => {
    const doubled = "select app.employee_doubled(e)::text from app.employee as e order by name";
    expect(await ask(doubled, { as: "ann" })).toEqual([null, "2000"]);
  });

  test("a deny reads the true value, whoever asks", async () => {
    const rename = "update app.employee set badge = 'b' where name = 'boss'";
    expect(await ask(rename, { as: "dan" })).toBe(1);
    expect(await ask(rename, { as: "dan", given: flag("freeze", true) })).not.toBe(1);
    expect(await ask(rename.replace("boss", "worker"), { as: "dan", given: flag("freeze", true) })).toBe(1);
  });

  test("a person at our own site deletes nobody, a key does", async () => {
    const remove = "delete from app.employee where name = 'worker'";
    const origin = "https://app.example.com";
    expect(await ask(remove, { as: "dan", request: { origin } })).toBe(0);
    expect(await ask(remove, { as: "dan", request: { origin, kind: "key" } })).toBe(1);
    expect(await ask(remove, { as: "dan" })).toBe(1);
  });

  test("once and never", async () => {
    const badge = (value: string) => `update app.employee set badge = '${value}' where name = 'worker'`;
    expect(await ask(badge("a"), { as: "dan" })).toBe(1);
    const given = `set role enginejs_owner; ${badge("a")}; reset role`;
    expect(await ask(badge("b"), { as: "dan", given })).toBe("EJ422");
    expect(await ask(`update app.employee set user_id = '${people.cid}'`, { as: "dan" })).toBe("42501");
    const asOwner = `update app.employee set user_id = '${people.cid}'`;
    await expect(client.query(`begin; set role enginejs_owner; ${asOwner}`)).rejects.toThrow(/user_id|never|immutable/);
    await client.query("rollback");
  });

  test("a write rule stands beside the policy", async () => {
    // A clerk may update employees, and is no "billing".
    const update = (field: string) => `update app.employee set ${field} = 'x' where name = 'worker'`;
    expect(await ask(update("badge"), { as: "eve" })).toBe(1);
    expect(await ask(update("name"), { as: "eve" })).toBe("42501");
    expect(await ask(update("name"), { as: "dan" })).toBe(1);
  });
});

describe("actions", () => {
  const run = (action: string, invoice: string) => `select status from app.${action}_invoice('${invoice}')`;
  test("by permission, by policy, and denied", async () => {
    expect(await ask(run("pay", invoices.sent), { as: "bob" })).toEqual(["paid"]);
    expect(await ask(run("pay", invoices.sent), { as: "ann" })).toBe("42501");
    expect(await ask(run("send", invoices.draft), { as: "ann" })).toEqual(["sent"]);
    expect(await ask(run("send", invoices.draft), { as: "cid" })).toEqual(["sent"]);
    expect(await ask(run("send", invoices.draft), { as: "bob" })).toBe("42501");
    expect(await ask(run("send", invoices.late), { as: "ann" })).toBe("42501");
  });

  test("a deny by a flag", async () => {
    const remove = `delete from app.invoice where id = '${invoices.paid}'`;
    expect(await ask(remove, { as: "ann" })).toBe(1);
    expect(await ask(remove, { as: "ann", given: flag("freeze", true) })).toBe(0);
  });
});
