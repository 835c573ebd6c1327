/** `serve`, `worker`, `token`, `seed` and `inspect` as separate processes against one database, as in production. */
import { mkdtempSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureLogins, type Logins } from "../../src/database/logins.ts";
import { makeProject, type TemporaryProject } from "../project/temporary-project.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { builtExample } from "./built-example.ts";
import { RunningCli, runCli } from "./run-cli.ts";

const JWT_SECRET = "the-secret-of-these-tests-0123456789";

let project: TemporaryProject;
let database: TestDatabase;
let logins: Logins = { serverUrl: "", workerUrl: "" };
let mails: string;

beforeAll(async () => {
  project = await makeProject({}, { example: "examples/invoicing" });
  database = await createTestDatabase({ template: builtExample() });
  mails = mkdtempSync(join(tmpdir(), "enginejs-mails-"));
  // The password of a test server may be empty; the logins' passwords derive from it.
  const url = new URL(database.administratorUrl);
  url.password ||= "x";
  logins = await ensureLogins(url.href);
});
afterAll(async () => {
  const client = await database.administrator();
  for (const url of Object.values(logins).filter((url) => url !== "")) {
    const name = client.escapeIdentifier(decodeURIComponent(new URL(url).username));
    await client.query(`drop owned by ${name}; drop role ${name}`);
  }
  await database.drop();
  await project.remove();
  await rm(mails, { recursive: true, force: true });
});

const token = async (...args: string[]) =>
  (
    await runCli(["token", "--project", project.folder, "--database", database.url, ...args], { env: { JWT_SECRET } })
  ).stdout.trim();

async function ask(url: string, bearer: string | undefined, query: string) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }) },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as {
    data?: Record<string, unknown> | null;
    errors?: { extensions?: { code?: string } }[];
  };
}

test("server and worker, each with its own login, do what dev does in one process, and stop at SIGTERM", async () => {
  const serve = new RunningCli(
    ["serve", "--project", project.folder, "--database", logins.serverUrl, "--port", "0", "--host", "127.0.0.1"],
    {
      env: { JWT_SECRET },
    },
  );
  const steps = new URL(logins.workerUrl);
  steps.searchParams.set("application_name", "steps");
  const worker = new RunningCli(
    ["worker", "--project", project.folder, "--database", logins.workerUrl, "--steps-database", steps.href],
    { env: { MAIL_FOLDER: mails } },
  );
  try {
    const [, url = ""] = await serve.waitFor(/"url":"([^"]+)"/);
    await worker.waitFor(/"working"/);
    const biller = await token("--as", "biller");
    expect(
      (
        await ask(
          url,
          biller,
          'mutation { payInvoice(input: { id: "40000000-0000-4000-8000-000000000015" }) { invoice { status } } }',
        )
      ).data,
    ).toEqual({
      payInvoice: { invoice: { status: "paid" } },
    });
    for (const end = Date.now() + 120_000; readdirSync(mails).length === 0; await delay(50)) {
      if (Date.now() > end) throw new Error(`no mail\n${worker.output}`);
    }
    // Its steps went by the address that is theirs.
    const administrator = await database.administrator();
    const { rows } = await administrator.query(
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'steps'",
    );
    expect(rows[0].n).toBeGreaterThan(0);
    // In production nobody is told the schema.
    expect((await ask(url, biller, "{ __schema { queryType { name } } }")).errors).toBeDefined();
    serve.interrupt("SIGTERM");
    worker.interrupt("SIGTERM");
    expect(await serve.ended).toEqual({ code: 0, signal: null });
    expect(await worker.ended).toEqual({ code: 0, signal: null });
  } finally {
    await serve.dispose();
    await worker.dispose();
  }
});

describe("token", () => {
  const claims = (text: string) => JSON.parse(Buffer.from(text.split(".")[1] ?? "", "base64url").toString("utf8"));

  test("by the label of the seed's people, by e-mail address, by id", async () => {
    const expected = { sub: "20000000-0000-4000-8000-000000000001", tenant: "10000000-0000-4000-8000-000000000001" };
    expect(claims(await token("--as", "biller"))).toMatchObject(expected);
    expect(claims(await token("--as", "biller@acme.example"))).toMatchObject(expected);
    expect(claims(await token("--as", expected.sub))).toMatchObject(expected);
    const { exp, iat } = claims(await token("--as", "biller", "--expires", "15m"));
    expect(exp - iat).toBe(15 * 60);
  });

  test("who belongs to several tenants has to name one", async () => {
    const options = ["token", "--project", project.folder, "--database", database.url, "--as", "ina@initech.example"];
    const { code, stderr } = await runCli(options);
    expect(code).toBe(1);
    expect(stderr).toContain("EJS1037");
    expect(stderr).toContain("--tenant 10000000-0000-4000-8000-000000000003");
    expect((await runCli([...options, "--tenant", "10000000-0000-4000-8000-000000000003"])).code).toBe(0);
  });

  test("nobody of that name: the nearest one", async () => {
    const { code, stderr } = await runCli([
      "token",
      "--project",
      project.folder,
      "--database",
      database.url,
      "--as",
      "biler",
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('Did you mean "biller"?');
  });

  test("works while the model is broken", async () => {
    await project.write("domain/broken.model.ts", "throw new Error('x');\n");
    expect(claims(await token("--as", "biller"))).toMatchObject({ sub: "20000000-0000-4000-8000-000000000001" });
    await rm(join(project.folder, "domain/broken.model.ts"));
  });
});

describe("serve refuses to start, readably", () => {
  const serve = (env: Record<string, string>, ...args: string[]) =>
    runCli(["serve", "--project", project.folder, "--database", logins.serverUrl, ...args], { env });

  test("without its secret: the value for development does not count", async () => {
    const { code, stderr } = await serve({});
    expect(code).toBe(1);
    expect(stderr).toContain("EJS1012");
    expect(stderr).toContain("JWT_SECRET");
  });

  test("on a port that is taken", async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, "127.0.0.1", () => resolve((taken.address() as { port: number }).port));
    });
    const { code, stderr } = await serve({ JWT_SECRET }, "--port", String(port), "--host", "127.0.0.1");
    expect(code).toBe(1);
    expect(stderr).toMatch(/EJS5052.*taken/);
    await new Promise((resolve) => taken.close(resolve));
  });

  test("from a database that holds no build", async () => {
    const empty = await createTestDatabase();
    const { code, stderr } = await runCli(["serve", "--project", project.folder, "--database", empty.url], {
      env: { JWT_SECRET },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/EJS5050/);
    for (const [command, finding] of [
      ["worker", /EJS6007/],
      ["seed", /EJS1034/],
    ] as const) {
      const refused = await runCli([command, "--project", project.folder, "--database", empty.url]);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(finding) });
    }
    await empty.drop();
  });
});

describe("inspect", () => {
  const inspect = (...args: string[]) => runCli(["inspect", "--project", project.folder, ...args]);

  test("shows an object's SQL, the line of the model and the reason", async () => {
    const { code, stdout } = await inspect("invoice.actor_select");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^-- domain\/invoice\.model\.ts:\d+:\d+/);
    expect(stdout).toContain("members of the tenant");
    expect(stdout).toContain("create policy actor_select on app.invoice");
  });

  test("--json for programs; an entity has all of its objects", async () => {
    const { stdout } = await inspect("Invoice", "--json");
    const { statements } = JSON.parse(stdout) as { statements: { object: string }[] };
    expect(statements.map(({ object }) => object)).toEqual(
      expect.arrayContaining(["table app.invoice", "policy app.invoice.tenancy"]),
    );
  });

  test("an unknown name: the nearest one", async () => {
    const { code, stderr } = await inspect("Invoce");
    expect(code).toBe(1);
    expect(stderr).toContain('Did you mean "Invoice"?');
  });
});

test("dev on a named database builds and seeds it, and leaves its server alone", async () => {
  const named = await createTestDatabase();
  const dev = new RunningCli(["dev", "--json", "--project", project.folder, "--database", named.url, "--port", "0"], {
    env: { MAIL_FOLDER: mails },
  });
  try {
    const [json] = await dev.waitFor(/^\{\n {2}"ok": true[\s\S]*?^\}$/m);
    const { graphql, people } = JSON.parse(json) as { graphql: string; people: { token: string }[] };
    expect((await ask(graphql, people[0]?.token, "{ invoices(first: 1) { nodes { number } } }")).data).toEqual({
      invoices: { nodes: [{ number: "inv-00001" }] },
    });
    dev.interrupt();
    expect(await dev.ended).toEqual({ code: 0, signal: null });
    const client = await named.client();
    expect((await client.query("select count(*)::int as n from app.invoice")).rows).toEqual([{ n: 3000 }]);
  } finally {
    await dev.dispose();
    await named.drop();
  }
});
