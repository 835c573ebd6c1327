/** `enginejs explain`: who, what, which rule, which line of the model. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeProject, type TemporaryProject } from "../project/temporary-project.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { builtExample } from "./built-example.ts";
import { runCli } from "./run-cli.ts";

let project: TemporaryProject;
let database: TestDatabase;
/** One that Bea, the biller, has sent. */
let invoice: string;

beforeAll(async () => {
  project = await makeProject({}, { example: "examples/invoicing" });
  database = await createTestDatabase({ template: builtExample() });
  const client = await database.client();
  const { rows } = await client.query(
    `select i.id from app.invoice i join app."user" u on u.id = i.owner_id
     where i.status = 'sent' and u.name like 'Bea%' order by i.id limit 1`,
  );
  invoice = rows[0].id;
});
afterAll(async () => {
  await database?.drop();
  await project?.remove();
});

const explain = (...args: string[]) =>
  runCli(["explain", "--project", project.folder, "--database", database.url, ...args]);

describe("enginejs explain", () => {
  test("prints each rule with its line of the model, and exits with 0 where it is allowed", async () => {
    const { code, stdout } = await explain("--as", "biller", "--can", "pay", "Invoice", invoice);
    expect(stdout).toContain(`May biller pay Invoice ${invoice}?`);
    expect(stdout).toMatch(/allow\s+true\s+.+domain\/invoice\.model\.ts:\d+/);
    expect(stdout).toMatch(/\nallowed: .+\n$/);
    expect(code).toBe(0);
  });

  test("prints what failed first, and exits with 1 where it is denied", async () => {
    const { code, stdout } = await explain("--as", "member", "--can", "update", "Invoice", invoice);
    expect(stdout).toMatch(/\n\s+false\s+row\.owner\.id == actor\.id\n/);
    expect(stdout).toMatch(/\n\s+false\s+"billing" in actor\.roles\n/);
    expect(stdout).toMatch(/\ndenied: Invoice\.update is for: .+\n$/);
    expect(code).toBe(1);
  });

  test("knows people by e-mail, id and not at all", async () => {
    const client = await database.client();
    const { rows } = await client.query(`select id, email from app."user" where name like 'Sam%'`);
    for (const as of [rows[0].id, rows[0].email]) {
      const { code, stdout } = await explain("--as", as, "--can", "update", "Invoice", invoice);
      expect(stdout).toContain(`denied: Invoice ${invoice} does not exist for this actor`);
      expect(code).toBe(1);
    }
    expect((await explain("--as", "anonymous", "--can", "read", "Invoice", invoice)).code).toBe(1);
    const nobody = await explain("--as", "bilker", "--can", "read", "Invoice", invoice);
    expect(nobody.stderr).toContain('Did you mean "biller"?');
  });

  test("answers for a role, without a row, and for a field", async () => {
    expect((await explain("--as", "biller", "--can", "create", "Invoice")).code).toBe(0);
    const depends = await explain("--as", "member", "--can", "create", "Invoice");
    expect(depends.stdout).toContain("depends on the row: ");
    expect(depends.code).toBe(1);
    const field = await explain("--as", "biller", "--can", "update", "Invoice.status", invoice);
    expect(field.stdout).toMatch(/denied: .*status/);
    expect(field.code).toBe(1);
  });

  test("gives it as JSON", async () => {
    const { stdout } = await explain("--as", "member", "--can", "update", "Invoice", invoice, "--json");
    const { verdict, why, rules } = JSON.parse(stdout);
    expect({ verdict, why }).toMatchObject({ verdict: false, why: expect.stringContaining("denied: ") });
    expect(rules.find((rule: { effect: string }) => rule.effect === "allow")).toMatchObject({
      verdict: false,
      failed: expect.stringContaining("row.owner.id == actor.id"),
      where: expect.stringMatching(/\.ts:\d+$/),
    });
  });

  test("names the nearest of what the model has, and exits with 2", async () => {
    for (const [words, message, hint] of [
      [["update", "Invoce", invoice], 'no entity "Invoce"', 'Did you mean "Invoice"?'],
      [["update", "invoice", invoice], 'no entity "invoice"', 'Did you mean "Invoice"?'],
      [["pya", "Invoice", invoice], 'Invoice has no command "pya"', 'Did you mean "pay"?'],
      [["update", "Invoice.dueAtt", invoice], 'Invoice has no field "dueAtt"', 'Did you mean "dueAt"?'],
      [["update", "Invoice", "7"], '"7" is not the id of a row', ""],
      [["update"], "--can takes a command, an entity", ""],
    ] as const) {
      const { code, stderr } = await explain("--as", "biller", "--can", ...words);
      expect(stderr).toContain(message);
      expect(stderr).toContain(hint);
      expect(code).toBe(2);
    }
  });
});
