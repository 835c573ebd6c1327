/** docs/policies.md is a project: it is built, and asked what the page says it answers. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { migrate } from "../../src/database/migrate.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { buildProject } from "../support/build-project.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/policies.md"), "utf8");
/** Blocks whose first line names their file. */
const files = [...page.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```/gm)].map(([, path, text]) => ({
  path: path as string,
  text: text as string,
}));

const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const acme = id(1);
const people = { eva: id(11), hal: id(12), max: id(13), boss: id(14) };
const [team, otherTeam, folder, below, draft, published, archived] = [21, 22, 31, 32, 41, 42, 43].map(id);

let folderOfProject: string;
let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  // Below the checkout, so that `import "enginejs"` finds this very version.
  folderOfProject = mkdtempSync(join(import.meta.dirname, ".project-"));
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folderOfProject, path)), { recursive: true });
    writeFileSync(join(folderOfProject, path), text);
  }
  const built = await buildProject(folderOfProject);
  expect(built.diagnostics ?? []).toEqual([]);
  if (built.diagnostics !== undefined) return;
  database = await createTestDatabase();
  await migrate(database.url);
  client = await database.client();
  const compiled = compile(built.system, built.sourceMap);
  const { plan, stored } = await planBuild(client, compiled);
  await applyPlan(client, plan, { system: built.system, compiled, stored });
  await client.query(`
    insert into app.tenant (id, name) values ('${acme}', 'Acme');
    insert into app."user" (id, name) values ('${people.eva}', 'Eva'), ('${people.hal}', 'Hal'), ('${people.max}', 'Max'), ('${people.boss}', 'Boss');
    insert into app.membership (tenant_id, user_id, roles) values
      ('${acme}', '${people.eva}', '{editor}'), ('${acme}', '${people.hal}', '{hr}'), ('${acme}', '${people.max}', '{}'), ('${acme}', '${people.boss}', '{}');
    insert into app.team (tenant_id, id, name) values ('${acme}', '${team}', 'ours'), ('${acme}', '${otherTeam}', 'others');
    insert into app.team_member (tenant_id, team_id, user_id) values ('${acme}', '${team}', '${people.eva}');
    insert into app.folder (tenant_id, id, name, parent_id, owner_id) values
      ('${acme}', '${folder}', 'above', null, '${people.max}'), ('${acme}', '${below}', 'below', '${folder}', '${people.boss}');
    insert into app.document (tenant_id, id, title, team_id, folder_id, status) values
      ('${acme}', '${draft}', 'draft', '${team}', null, 'draft'),
      ('${acme}', '${published}', 'published', '${otherTeam}', '${below}', 'published'),
      ('${acme}', '${archived}', 'archived', '${team}', null, 'archived');
    insert into app.employee (tenant_id, id, user_id, name, manager_id) values
      ('${acme}', '${id(51)}', '${people.boss}', 'Boss', null), ('${acme}', '${id(52)}', '${people.eva}', 'Eva', '${id(51)}');
    update app.employee_salary set salary = 100;
    insert into app.note (tenant_id, id, author_id, text, pinned) values
      ('${acme}', '${id(61)}', '${people.eva}', 'x', true), ('${acme}', '${id(62)}', '${people.eva}', 'y', false);
  `);
});
afterAll(async () => {
  rmSync(folderOfProject, { recursive: true, force: true });
  await database?.drop();
});

/** What a statement gives somebody: the values of its rows' first column, or the SQLSTATE. */
async function ask(person: keyof typeof people, sql: string): Promise<unknown> {
  await client.query("begin");
  try {
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'docs')", [
      people[person],
      acme,
    ]);
    const { rows } = await client.query(sql);
    return rows.map((row: object) => Object.values(row)[0]).sort();
  } catch (error) {
    return (error as pg.DatabaseError).code;
  } finally {
    await client.query("rollback");
  }
}

describe("docs/policies.md", () => {
  test("its blocks are a whole project", () => expect(files.length).toBeGreaterThan(4));

  test("a pinned note stays, another one goes", async () => {
    expect(await ask("eva", "delete from app.note returning id")).toEqual([id(62)]);
    expect(await ask("max", "delete from app.note returning id")).toEqual([]);
  });

  test("documents: by team, by the folders above, by role once they are published", async () => {
    const titles = "select title from app.document";
    expect(await ask("eva", titles)).toEqual(["archived", "draft", "published"]);
    expect(await ask("max", titles)).toEqual(["published"]);
    expect(await ask("boss", titles)).toEqual(["published"]);
    expect(await ask("hal", titles)).toEqual([]);
  });

  test("a flag shows drafts", async () => {
    await client.query("begin");
    await client.query("update app.document set team_id = $1 where id = $2", [otherTeam, draft]);
    await client.query("commit");
    expect(await ask("eva", "select title from app.document")).toEqual(["archived", "published"]);
    await client.query("insert into enginejs.feature_flags (name, value) values ('drafts', true)");
    expect(await ask("eva", "select title from app.document")).toEqual(["archived", "draft", "published"]);
    await client.query("delete from enginejs.feature_flags");
    await client.query("update app.document set team_id = $1 where id = $2", [team, draft]);
  });

  test("editors leave a document with their own teams only; the archive stays", async () => {
    const move = (to: string, which: string) =>
      `update app.document set team_id = '${to}' where id = '${which}' returning title`;
    expect(await ask("eva", move(team as string, published as string))).toEqual(["published"]);
    expect(await ask("eva", move(otherTeam as string, draft as string))).toBe("42501");
    expect(await ask("eva", move(team as string, archived as string))).toEqual([]);
    expect(await ask("eva", `select (app.publish_document('${draft}')).status`)).toEqual(["published"]);
    expect(await ask("max", `select (app.archive_document('${published}')).status`)).toBe("42501");
  });

  test("salaries: one's own, those below, all of them", async () => {
    const salaries = "select e.name from app.employee e where app.employee_salary(e) is not null";
    expect(await ask("eva", salaries)).toEqual(["Eva"]);
    expect(await ask("boss", salaries)).toEqual(["Boss", "Eva"]);
    expect(await ask("hal", salaries)).toEqual(["Boss", "Eva"]);
    expect(await ask("max", salaries)).toEqual([]);
    expect(await ask("max", "select name from app.employee")).toEqual(["Boss", "Eva"]);
  });

  test("people do not set their own grade", async () => {
    const set = (field: string) => `update app.employee set ${field} where user_id = '${people.eva}' returning name`;
    expect(await ask("eva", set("name = 'Eva'"))).toEqual(["Eva"]);
    expect(await ask("eva", set("grade = 9"))).toBe("42501");
    expect(await ask("hal", set("grade = 9"))).toEqual(["Eva"]);
  });
});
