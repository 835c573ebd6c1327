/** `enginejs doctor` as people and programs call it. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { runCli } from "./run-cli.ts";

let database: TestDatabase;
let folder: string;
const names = ["--only", "rls-disabled", "no-primary-key"];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "enginejs-doctor-"));
  database = await createTestDatabase();
  const client = await database.client();
  await client.query(`create table "Op\u001b[31men" (id int); grant select on "Op\u001b[31men" to public`);
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});
const doctor = (...args: string[]) => runCli(["doctor", "--database", database.url, ...args], { cwd: folder });

test("findings end with 1, below the level with 0; a name cannot paint the terminal", async () => {
  const found = await doctor(...names);
  expect(found.code).toBe(1);
  expect(found.stdout).toContain("error  rls-disabled  a table that others");
  expect(found.stdout).toContain('alter table public."Op?[31men" enable row level security;');
  expect(found.stdout).not.toContain("\u001b");
  expect(found.stdout).toMatch(/1 error; 1 below the level \(--level info shows them\); 2 lints in [\d.]+ s\.\n$/);
  const none = await doctor("--only", "no-primary-key");
  expect(none.code).toBe(0);
  expect(none.stdout).toMatch(/^Nothing found; 1 below the level/);
  expect((await doctor("--only", "no-primary-key", "--level", "info")).code).toBe(1);
});

test("--json is one object", async () => {
  const { code, stdout, stderr } = await doctor(...names, "--json", "--level", "info");
  expect(code).toBe(1);
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    database: database.name,
    level: "info",
    lints: ["rls-disabled", "no-primary-key"],
    findings: [
      {
        id: "rls-disabled",
        level: "error",
        kind: "table",
        object: 'public."Op\u001b[31men"',
        what: expect.stringContaining("public (select)"),
        why: expect.any(String),
        fix: 'alter table public."Op\u001b[31men" enable row level security;',
        advice: expect.any(String),
        reference: expect.stringContaining("https://"),
      },
      { id: "no-primary-key", level: "info", fix: null },
    ],
    hidden: 0,
    ignored: 0,
    unusedIgnores: [],
    skipped: [],
  });
});

test("--sarif is a report", async () => {
  const { code, stdout } = await doctor(...names, "--sarif");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    version: "2.1.0",
    runs: [{ results: [{ ruleId: "rls-disabled", level: "error" }] }],
  });
});

test("what is ignored, on the command line and in doctor.json", async () => {
  expect((await doctor(...names, "--ignore", "rls-disabled:public.*")).code).toBe(0);
  const file = join(folder, "doctor.json");
  await writeFile(file, JSON.stringify({ ignore: ["rls-disabled"], level: "info" }));
  const { code, stdout } = await doctor(...names);
  expect(code).toBe(1);
  expect(stdout).toContain("1 of level info; 1 ignored; 2 lints");
  await writeFile(file, JSON.stringify({ ignor: ["rls-disabled"] }));
  const wrong = await doctor();
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('there is no setting "ignor"');
  expect(wrong.stderr).toContain('Did you mean "ignore"?');
  await rm(file);
});

test.each([
  [["--only", "rls-disabeld"], 'There is no lint "rls-disabeld".', 'Did you mean "rls-disabled"?'],
  [["--ignore", "grant-al:app.x"], 'There is no lint "grant-al".', 'Did you mean "grant-all"?'],
  [["--level", "high"], "Allowed choices are info, warn, error.", "enginejs doctor"],
  [["--schema", "nowhere"], 'The database has no schema "nowhere".', "The schemas are: public."],
  [["--json", "--sarif"], "two forms of one report", ""],
  [["--config", "missing.json"], "missing.json does not exist.", ""],
])("%j ends with 2", async (args, message, hint) => {
  const { code, stdout, stderr } = await doctor(...args);
  expect(code).toBe(2);
  expect(stdout + stderr).toContain(message);
  expect(stdout + stderr).toContain(hint);
});

test("what cannot be reached ends with 3, and without a database or a project it says so", async () => {
  const unreachable = await runCli(["doctor", "--database", "postgresql://nobody@127.0.0.1:1/none"], { cwd: folder });
  expect(unreachable.code).toBe(3);
  expect(unreachable.stderr).toContain("EJS4010");
  expect((await runCli(["doctor"], { cwd: folder })).code).toBe(2);
});
