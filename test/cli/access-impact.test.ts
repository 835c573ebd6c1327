/** `enginejs sql build` shows who gains access and who loses it; unattended it asks the model why. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeProject, type TemporaryProject } from "../project/temporary-project.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { builtExample } from "./built-example.ts";
import { type CliResult, runCli } from "./run-cli.ts";

let project: TemporaryProject;
let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  project = await makeProject({}, { example: "examples/invoicing" });
  database = await createTestDatabase({ template: builtExample() });
  client = await database.client();
});
afterAll(async () => {
  await database.drop();
  await project.remove();
});

const build = (...args: string[]): Promise<CliResult> => run({}, ...args);
const inCi = (...args: string[]): Promise<CliResult> => run({ CI: "true" }, ...args);
const run = (env: Readonly<Record<string, string>>, ...args: string[]): Promise<CliResult> =>
  runCli(["sql", "build", "--project", project.folder, "--database", database.url, ...args], { env });

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(project.folder, file), "utf8");
  expect(text).toContain(from);
  await project.write(file, text.replace(from, to));
}

const deny = 'deny("delete", "only drafts are deleted").when(({ row }) => row.status.ne("draft")),';
const wider = deny.replace('row.status.ne("draft")', 'row.status.eq("paid")');

async function builds(): Promise<number> {
  await client.query("set role enginejs_owner");
  const { rows } = await client.query<{ builds: number }>("select count(*)::int as builds from enginejs.build");
  await client.query("reset role");
  return rows[0]?.builds ?? 0;
}

test("what widens: shown with numbers; in CI refused until there is a consent, elsewhere a warning", async () => {
  const model = "domain/invoice.model.ts";
  const policy = join(project.folder, "sql/rls/invoice.sql");
  await edit(model, deny, wider);
  const before = { builds: await builds(), policy: await readFile(policy, "utf8") };

  const refused = await inCi();
  expect(refused.code).toBe(1);
  expect(refused.stdout).toMatch(/Who may do what:\n +Invoice delete: billing \+[\d,]+ of [\d,]+ \(\d+ actors?\)/);
  expect(refused.stdout).toMatch(
    /~ deny "only drafts are deleted" {2}domain\/invoice\.model\.ts:\d+ {2}widens, no consent/,
  );
  expect(refused.stdout).toMatch(/statements? would be run/);
  expect(refused.stderr).toMatch(
    /^domain\/invoice\.model\.ts:\d+:\d+ {2}EJS3017 {2}The changed deny "only drafts are deleted"/m,
  );
  expect(refused.stderr).toContain('consents: { "Invoice.delete": "why it may be" }');

  const json = await inCi("--json");
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({
    ok: false,
    applied: false,
    diagnostics: [{ code: "EJS3017" }],
    access: [{ entity: "Invoice", operation: "delete", counted: expect.any(String), roles: expect.any(Array) }],
  });

  const checked = await build("--check");
  expect(checked.code).toBe(1);
  expect(checked.stderr).toContain("EJS3017");
  expect(await builds()).toBe(before.builds);
  expect(await readFile(policy, "utf8")).toBe(before.policy);

  await edit(model, wider, wider.replace(".when(", '.consent("sent ones may go, finance 2026-11").when('));
  const consented = await inCi();
  expect(consented.stderr).not.toContain("EJS3017");
  expect(consented.code).toBe(0);
  expect(consented.stdout).toContain(
    'widens  consent: "sent ones may go, finance 2026-11"'.replace("widens  ", "widens, "),
  );

  const text = await readFile(join(project.folder, model), "utf8");
  await project.write(model, text.replace(/ *deny\("delete".*\n/, "").replace("  deny,\n", ""));
  const told = await build();
  expect(told.code).toBe(0);
  expect(told.stderr).toMatch(/EJS3017 {2}warning: The removed deny "only drafts are deleted"/);
  expect(await builds()).toBe(before.builds + 2);
  expect((await inCi()).stdout.toLowerCase()).toContain("nothing to do");
});

test("the config's consents: of what no policy can say, and a name that there is not", async () => {
  const config = "enginejs.config.ts";
  await edit(config, "roles: {", 'consents: { "Invoice.delet": "x" },\n  roles: {');
  const wrong = await inCi();
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/EJS2115 {2}.*"Invoice\.delet"/);
  expect(wrong.stderr).toContain('Did you mean "Invoice.delete"?');
  await edit(config, '"Invoice.delet": "x"', '"Invoice.margin": "everybody may know, board 2026-11"');
  await edit(
    "domain/invoice.model.ts",
    'readable(hasRole("billing"), "billing")',
    'readable(isMemberOfTenant, "everybody")',
  );
  await edit("domain/invoice.model.ts", "import { hasRole, isM", "import { isM");
  const { code, stdout, stderr } = await inCi();
  expect(stderr).not.toContain("EJS");
  expect(stdout).toMatch(/Invoice margin: read: member \+[\d,]+ of /);
  expect(code).toBe(0);
});

test("who decides and manages, and as whom a workflow acts: shown, in --json too, and asked for in CI", async () => {
  await edit("domain/refund.workflow.ts", 'actor.hasRole("billing").and(', 'actor.hasRole("member").and(');
  await edit("enginejs.config.ts", 'manage: ["billing"]', 'manage: ["member"]');
  const refused = await inCi();
  expect(refused.code).toBe(1);
  expect(refused.stdout).toMatch(
    / {2}member may now decide secondPair of refund, where the condition holds\n +~ policy of approval secondPair of workflow refund {2}domain\/refund\.workflow\.ts:\d+ {2}may widen, no consent/,
  );
  expect(refused.stdout).toMatch(
    / {2}member may now manage webhook endpoints\n +~ manage of webhooks {2}widens, no consent/,
  );
  expect(refused.stderr).toMatch(
    /^domain\/refund\.workflow\.ts:\d+:\d+ {2}EJS3017 {2}The changed policy of approval secondPair of workflow refund lets more pass/m,
  );
  expect(refused.stderr).toContain('consents: { "workflows.refund": "why it may be" }');
  expect(refused.stderr).toContain('consents: { "webhooks.manage": "why it may be" }');
  const { access } = JSON.parse((await inCi("--json")).stdout);
  expect(access).toMatchObject([
    { of: "workflow refund", operation: "decide secondPair", mayWiden: true },
    { of: "webhooks", operation: "manage", gained: ["member"], lost: [] },
  ]);
  await edit(
    "enginejs.config.ts",
    "consents: {",
    'consents: { "workflows.refund": "everybody may be the second pair", webhooks: "members integrate",',
  );
  const consented = await inCi();
  expect(consented.stderr).not.toContain("EJS3017");
  expect(consented.code).toBe(0);
  expect(consented.stdout).toContain('may widen, consent: "everybody may be the second pair"');
});
