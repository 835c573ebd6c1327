/** `key`, `grant`, `flag` and `audit` as a person runs them. */

import { CommanderError } from "commander";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exitCodeOf } from "../../src/cli/exit-code.ts";
import { findingsOf } from "../../src/cli/findings-of.ts";
import { createProgram } from "../../src/cli/program.ts";
import { usageFinding } from "../../src/cli/usage-finding.ts";
import { apiKeyHash } from "../../src/database/api-key.ts";
import { makeProject, type TemporaryProject } from "../project/temporary-project.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { builtExample } from "./built-example.ts";
import { type CliResult, runCli } from "./run-cli.ts";

let project: TemporaryProject;
let database: TestDatabase;
let client: pg.Client;

const acme = "10000000-0000-4000-8000-000000000001";
const biller = "20000000-0000-4000-8000-000000000001";

beforeAll(async () => {
  project = await makeProject({}, { example: "examples/invoicing" });
  database = await createTestDatabase({ template: builtExample() });
  client = await database.client();
  // A flag of the model; whether the example has some is not this test's business.
  await client.query(`
    insert into enginejs.build (ir, ir_hash, fingerprint, facts_format, facts, plan, engine_version)
    select jsonb_set(ir, '{flags}', '[{"name": "betaBilling", "default": false}]'), ir_hash, fingerprint, facts_format, facts, '{}', engine_version
    from enginejs.build order by id desc limit 1`);
});
afterAll(async () => {
  await database.drop();
  await project.remove();
});

const run = (...args: string[]): Promise<CliResult> =>
  runCli([...args, "--project", project.folder, "--database", database.url]);
/** What a command prints with --json. */
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(...args, "--json");
  expect(stderr, stdout).toBe("");
  expect(code, stdout).toBe(0);
  return JSON.parse(stdout);
};
/** What a command that is refused says; in this process, as `main` does it, because there are many. */
async function refusal(...args: string[]): Promise<{ code: number; text: string }> {
  const argv = [...args, "--project", project.folder, "--database", database.url];
  const program = createProgram(() => undefined);
  const error = await program.parseAsync(argv, { from: "user" }).catch((thrown: unknown) => thrown);
  if (!(error instanceof Error)) throw new TypeError(`"${args.join(" ")}" was not refused`);
  const findings = error instanceof CommanderError ? [usageFinding(error, program, argv)] : findingsOf(error);
  const text = findings.map(({ code, message, hint }) => `${code} ${message} ${hint ?? ""}`).join("\n");
  return { code: exitCodeOf(findings), text };
}
const rolesOf = async (actor: string): Promise<unknown> =>
  (await client.query("select enginejs.membership_roles($1, $2) as roles", [actor, acme])).rows[0].roles;

describe("key", () => {
  test("is printed once, counts, is listed without its secret, and is revoked", async () => {
    const { code, stdout, stderr } = await run(
      "key",
      "create",
      "--name",
      "export",
      "--tenant",
      acme,
      "--role",
      "billing",
      "--expires",
      "90d",
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^ejk_[0-9a-f]{12}_[0-9a-f]{64}\n$/) });
    expect(stderr).toContain("This is the only time");
    const key = stdout.trim();
    const found = async () =>
      (await client.query("select * from enginejs.authenticate_key($1)", [apiKeyHash(key)])).rows;
    const [{ actor, ...rest }] = (await found()) as [{ actor: string }];
    expect(rest).toEqual({ kind: "service", tenant: acme });
    expect(await rolesOf(actor)).toEqual(["billing", "member"]);
    const prefix = key.split("_")[1] ?? "";
    const list = await run("key", "list");
    expect(list.stdout).toContain(prefix);
    expect(list.stdout).toContain("billing");
    expect(list.stdout).not.toContain(key.slice(-64));
    // The whole of it is taken as well, and not repeated.
    const revoked = await run("key", "revoke", key);
    expect(revoked).toMatchObject({ code: 0, stdout: expect.stringContaining(`Revoked ${prefix}`) });
    expect(revoked.stdout).not.toContain(key);
    expect(await found()).toEqual([]);
    expect((await run("key", "revoke", prefix)).stdout).toContain("revoked already");
    expect((await json("key", "list")).keys).toEqual([]);
    expect((await json("key", "list", "--all")).keys).toMatchObject([{ prefix, state: "revoked" }]);
  });

  test("an account keeps its roles, whoever makes it another key; its change counts at once", async () => {
    const first = await json("key", "create", "--name", 'odd "name"', "--tenant", acme, "--role", "member");
    const second = await json("key", "create", "--name", 'odd "name"', "--tenant", acme);
    expect(second.actor).toBe(first.actor);
    expect(second.key).not.toBe(first.key);
    const wider = await run("key", "create", "--name", 'odd "name"', "--tenant", acme, "--role", "billing");
    expect(wider).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("EJS1054") });
    await json("key", "account", 'odd "name"', "--tenant", acme, "--role", "billing");
    expect(await rolesOf(first.actor)).toEqual(["billing", "member"]);
    await json("key", "account", 'odd "name"', "--tenant", acme, "--disable");
    expect(await rolesOf(first.actor)).toBeNull();
    expect((await run("key", "create", "--name", 'odd "name"', "--tenant", acme)).stderr).toContain("is disabled");
    await json("key", "account", 'odd "name"', "--tenant", acme, "--enable");
    expect(await rolesOf(first.actor)).toEqual(["billing", "member"]);
  });

  test("a person's key acts as the person", async () => {
    const made = await json("key", "create", "--name", "laptop", "--tenant", acme, "--user", "biller@acme.example");
    expect(made).toMatchObject({ actor: biller, tenant: acme, expiresAt: null });
    const { rows } = await client.query("select * from enginejs.authenticate_key($1)", [apiKeyHash(made.key)]);
    expect(rows).toEqual([{ kind: "key", actor: biller, tenant: acme }]);
  });

  test.each<[string[], number, string, string]>([
    [["create", "--name", "x", "--tenant", "Acmee", "--role", "billing"], 1, "EJS1050", "Did you mean"],
    [["create", "--name", "x", "--role", "billing"], 1, "EJS1050", "A tenant must be named."],
    [["create", "--name", "x", "--tenant", acme, "--role", "biling"], 1, "EJS1051", 'Did you mean "billing"?'],
    [["create", "--name", "x", "--tenant", acme, "--role", "operator"], 1, "EJS1051", "cannot have it"],
    [["create", "--name", "x", "--tenant", acme, "--user", "biler"], 1, "EJS1033", 'Did you mean "biller"?'],
    [
      ["create", "--name", "x", "--tenant", acme, "--user", "biller", "--role", "member"],
      2,
      "EJS1002",
      "do not go together",
    ],
    [["create", "--name", "x", "--tenant", acme, "--expires", "soon"], 2, "EJS1002", "--expires soon is no time"],
    [["create", "--tenant", acme], 2, "EJS1002", "--name"],
    [["revoke", "000000000000"], 1, "EJS1053", "000000000000"],
    [["account", "exprt", "--tenant", acme, "--disable"], 1, "EJS1053", 'Did you mean "export"?'],
    [["account", "export", "--tenant", acme], 2, "EJS1002", "Say what to change"],
  ])("%j ends with %i and says why", async (args, code, errorCode, text) => {
    const before = (await client.query("select count(*) from enginejs.api_keys")).rows;
    const result = await refusal("key", ...args);
    expect(result.code, result.text).toBe(code);
    expect(result.text).toContain(errorCode);
    expect(result.text).toContain(text);
    expect((await client.query("select count(*) from enginejs.api_keys")).rows).toEqual(before);
  });
});

describe("grant", () => {
  const stranger = "20000000-0000-4000-8000-000000000099";

  test("gives a role for a while, by names, and takes it back", async () => {
    await client.query(`insert into app."user" (id, name, email) values ($1, 'Late', 'late@acme.example')`, [stranger]);
    expect(await rolesOf(stranger)).toBeNull();
    const { rows } = await client.query("select name from app.tenant where id = $1", [acme]);
    const reason = "covers for 'Bo' $$";
    const made = await json(
      "grant",
      "--to",
      "late@acme.example",
      "--role",
      "billing",
      "--tenant",
      rows[0].name,
      "--until",
      "4h",
      "--reason",
      reason,
    );
    expect(made).toMatchObject({ actor: stranger, tenant: acme });
    expect(Math.abs(Date.parse(made.until) - Date.now() - 4 * 3_600_000)).toBeLessThan(120_000);
    expect(await rolesOf(stranger)).toEqual(["billing", "member"]);
    expect((await run("grant", "list", "--tenant", acme)).stdout).toContain(reason);
    expect((await run("grant", "revoke", made.id)).stdout).toContain("Revoked");
    expect(await rolesOf(stranger)).toBeNull();
    expect((await json("grant", "list")).grants).toEqual([]);
    expect((await json("grant", "list", "--all")).grants).toMatchObject([{ id: made.id, state: "revoked" }]);
  });

  test.each<[string[], number, string]>([
    [["--to", "biller", "--role", "billing", "--tenant", acme, "--until", "4h"], 2, "--reason"],
    [
      ["--to", "biller", "--role", "billing", "--tenant", acme, "--until", "2001-01-01", "--reason", "x"],
      2,
      "lies in the past",
    ],
    [
      ["--to", "biller", "--role", "billing", "--tenant", acme, "--until", "4h", "--reason", "  "],
      2,
      "--reason is empty",
    ],
    [["--to", "biller", "--role", "operator", "--tenant", acme, "--until", "4h", "--reason", "x"], 1, "EJS1051"],
    [["--to", "nobody@x", "--role", "billing", "--tenant", acme, "--until", "4h", "--reason", "x"], 1, "EJS1033"],
    [["revoke", "1"], 1, "EJS1053"],
  ])("%j ends with %i", async (args, code, text) => {
    const result = await refusal("grant", ...args);
    expect(result.code, result.text).toBe(code);
    expect(result.text).toContain(text);
  });
});

describe("flag", () => {
  const flag = async (tenant: string | null): Promise<unknown> => {
    await client.query("begin");
    await client.query("select set_config('enginejs.tenant_id', $1, true)", [tenant ?? ""]);
    const { rows } = await client.query("select enginejs.flag('betaBilling', false) as value");
    await client.query("rollback");
    return rows[0].value;
  };

  test("is turned for everybody, for a tenant, and left to the wider setting again", async () => {
    await json("flag", "set", "betaBilling", "on");
    await json("flag", "set", "betaBilling", "off", "--tenant", acme);
    expect([await flag(null), await flag(acme)]).toEqual([true, false]);
    const { flags } = await json("flag", "list");
    expect(flags).toMatchObject([
      {
        name: "betaBilling",
        default: false,
        set: [
          { tenant: null, value: true },
          { tenant: acme, value: false },
        ],
      },
    ]);
    expect((await run("flag", "list")).stdout).toMatch(/betaBilling\s+everybody\s+on/);
    await json("flag", "unset", "betaBilling", "--tenant", acme);
    expect(await flag(acme)).toBe(true);
    await json("flag", "unset", "betaBilling");
    expect(await flag(acme)).toBe(false);
    expect((await run("flag", "unset", "betaBilling")).stdout).toContain("was not set");
  });

  test.each<[string[], number, string]>([
    [["set", "betaBiling", "on"], 1, 'Did you mean "betaBilling"?'],
    [["set", "betaBilling", "yes"], 2, "neither on nor off"],
    [["set", "betaBilling", "on", "--tenant", "x"], 1, "EJS1050"],
    [["unset", "betaBiling"], 1, "EJS1052"],
  ])("%j ends with %i", async (args, code, text) => {
    const result = await refusal("flag", ...args);
    expect(result.code, result.text).toBe(code);
    expect(result.text).toContain(text);
  });
});

describe("audit", () => {
  test("shows what was done, newest first, by kind and by time", async () => {
    await run("token", "--as", "biller");
    const { entries } = await json("audit");
    expect(entries[0]).toMatchObject({
      kind: "impersonation",
      actor: biller,
      tenant: acme,
      detail: { command: "token" },
    });
    const kinds = new Set(entries.map((entry: { kind: string }) => entry.kind));
    for (const kind of [
      "build",
      "migration",
      "key.create",
      "key.revoke",
      "service_account.disable",
      "grant.revoke",
      "flag.create",
      "flag.delete",
    ]) {
      expect(kinds).toContain(kind);
    }
    const keys = (await json("audit", "--kind", "key")).entries;
    expect(keys.length).toBeGreaterThan(2);
    for (const { kind } of keys) expect(kind).toMatch(/^key\./);
    expect((await json("audit", "--since", "1h", "--limit", "1")).entries).toHaveLength(1);
    expect((await json("audit", "--since", "2100-01-01")).entries).toEqual([]);
    expect((await run("audit", "--kind", "impersonation")).stdout).toContain('"command":"token"');
  });

  test("foreign text moves no cursor", async () => {
    await client.query("select enginejs.record_administration('impersonation', null, null, $1)", [
      JSON.stringify({ command: "x", name: "\u001b[2J\u202e" }),
    ]);
    const { stdout } = await run("audit", "--kind", "impersonation");
    expect(stdout).toContain('"command":"x"');
    for (const bad of ["\u001b", "\u202e"]) expect(stdout).not.toContain(bad);
  });
});
