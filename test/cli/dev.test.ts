/** `enginejs dev` as a person uses it: real processes, the embedded PostgreSQL, saves while it runs, Ctrl-C. */
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import http, { type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeProject, type TemporaryProject } from "../project/temporary-project.ts";
import { createTestDatabase } from "../support/database.ts";
import { hasPsql } from "../support/psql.ts";
import { RunningCli, runCli } from "./run-cli.ts";

interface DevOutput {
  readonly graphql: string;
  readonly database: string;
  readonly people: readonly {
    readonly label: string;
    readonly user: string;
    readonly tenant: string;
    readonly token: string;
  }[];
  readonly curl: string;
  readonly psql: string;
}

const hasCurl = spawnSync("curl", ["--version"], { stdio: "ignore" }).status === 0;

let project: TemporaryProject;
let dev: RunningCli;
let state: DevOutput;
let taken: Server;

async function start(...args: string[]): Promise<void> {
  dev = new RunningCli(["dev", "--json", "--project", project.folder, ...args], {
    env: { MAIL_FOLDER: join(project.folder, "mails") },
  });
  const [json] = await dev.waitFor(/^\{\n {2}"ok": true[\s\S]*?^\}$/m);
  state = JSON.parse(json) as DevOutput;
}

beforeAll(async () => {
  project = await makeProject({}, { example: "examples/invoicing", name: "it's a project" });
  // Somebody else's server on the default port: dev takes another one.
  taken = createServer();
  await new Promise<void>((resolve) => {
    taken.once("error", () => resolve());
    taken.listen(4000, "127.0.0.1", resolve);
  });
  await start();
});
afterAll(async () => {
  await dev?.dispose();
  await new Promise((resolve) => taken.close(resolve));
  await project?.remove();
});

async function ask(label: string | undefined, query: string, variables: Record<string, unknown> = {}) {
  const token = state.people.find((person) => person.label === label)?.token;
  const response = await fetch(state.graphql, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as {
    data?: Record<string, unknown> | null;
    errors?: { message: string; extensions?: { code?: string } }[];
  };
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 120_000; ; await delay(50)) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`never: ${what}\n${dev.output}`);
  }
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(join(project.folder, file), "utf8");
  expect(change(before)).not.toBe(before);
  await project.write(file, change(before));
}

const sentInvoice = "40000000-0000-4000-8000-000000000001";
const pay = "mutation ($id: UUID!) { payInvoice(input: { id: $id }) { invoice { id status } } }";

test("prints an address beside the port that is taken, and a token per demo person", () => {
  expect(new URL(state.graphql).port).not.toBe("4000");
  expect(state.people.map(({ label }) => label)).toEqual(["biller", "member", "stranger"]);
});

test.skipIf(!hasCurl)("the curl line works as it is pasted (skipped: no curl here)", () => {
  const { stdout, status } = spawnSync("sh", ["-c", state.curl], { encoding: "utf8" });
  expect(status).toBe(0);
  const { data, errors } = JSON.parse(stdout);
  expect(errors).toBeUndefined();
  expect(Object.values(data as Record<string, { nodes: unknown[] }>)[0]?.nodes).toHaveLength(3);
});

test.skipIf(!hasPsql)("the psql line works as it is pasted (skipped: no psql here)", () => {
  const { stdout, stderr, status } = spawnSync("sh", ["-c", state.psql], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout).toContain("(3 rows)");
});

test("the stranger does not see the invoice, the member may not pay it, the biller pays it", async () => {
  expect((await ask("stranger", pay, { id: sentInvoice })).errors?.[0]?.extensions?.code).toBeDefined();
  expect((await ask("stranger", "query ($id: UUID!) { invoice(id: $id) { id } }", { id: sentInvoice })).data).toEqual({
    invoice: null,
  });
  expect((await ask("member", pay, { id: sentInvoice })).errors?.[0]?.message).toMatch(/owner|billing/);
  expect(await ask("biller", pay, { id: sentInvoice })).toEqual({
    data: { payInvoice: { invoice: { id: sentInvoice, status: "paid" } } },
  });
});

test("the worker follows: a receipt under the actor's rights, and a mail", async () => {
  await until("a receipt", async () => {
    const { data } = await ask(
      "biller",
      `{ receipts(filter: { invoiceId: { equalTo: "${sentInvoice}" } }) { nodes { amount } } }`,
    );
    const { nodes } = (data?.receipts ?? { nodes: [] }) as { nodes: unknown[] };
    return nodes.length === 1 ? nodes : undefined;
  });
  const mails = await until("a mail", async () => {
    try {
      const files = readdirSync(join(project.folder, "mails")).filter((name) => name.endsWith(".eml"));
      return files.length > 0 ? files : undefined;
    } catch {
      return undefined;
    }
  });
  expect(await readFile(join(project.folder, "mails", mails[0] ?? ""), "utf8")).toContain(
    "Receipt for invoice inv-00001",
  );
});

test("a save reaches the database and GraphQL, without a restart", async () => {
  const { pid } = dev.child;
  await edit("domain/customer.model.ts", (text) =>
    text.replace("email: text()", "phone: text().max(40),\n    email: text()"),
  );
  const customers = await until("the new field", async () => {
    const { data } = await ask("biller", "{ customers(first: 1) { nodes { name phone } } }");
    return data ?? undefined;
  });
  expect(customers).toMatchObject({ customers: { nodes: [{ phone: null }] } });
  expect(dev.child.pid).toBe(pid);
  expect(dev.child.exitCode).toBeNull();
});

test("a broken file is reported, the last good state goes on, and mending it is enough", async () => {
  const from = dev.output.length;
  await project.write("domain/broken.model.ts", "export const x = ;\n");
  await dev.waitFor(/domain\/broken\.model\.ts:1:18 {2}EJS1020/, { from });
  expect((await ask("biller", "{ customers(first: 1) { nodes { phone } } }")).errors).toBeUndefined();
  await project.write(
    "domain/broken.model.ts",
    'import { allow, entity, text } from "enginejs";\nimport { isMemberOfTenant } from "../policies/rules.policy.ts";\nexport const Memo = entity("Memo", { fields: { body: text() }, policies: allow({ read: isMemberOfTenant }) });\n',
  );
  await until("the new entity", async () => (await ask("biller", "{ memos { nodes { body } } }")).data ?? undefined);
});

test("a change that would lose data is refused, and what runs goes on", async () => {
  const from = dev.output.length;
  await edit("domain/customer.model.ts", (text) => text.replace("phone: text().max(40),\n    ", ""));
  await dev.waitFor(/EJS3\d\d\d.*phone/, { from });
  expect((await ask("biller", "{ customers(first: 1) { nodes { phone } } }")).errors).toBeUndefined();
  await edit("domain/customer.model.ts", (text) =>
    text.replace("email: text()", "phone: text().max(40),\n    email: text()"),
  );
  await dev.waitFor(/nothing to do/i, { from });
});

test("a changed task file counts for the next run", async () => {
  const from = dev.output.length;
  await edit("tasks/send-receipt.ts", (text) => text.replace("Receipt for invoice", "Thank you for paying"));
  await dev.waitFor(/nothing to do/i, { from });
  const id = "40000000-0000-4000-8000-00000000000b";
  expect((await ask("biller", pay, { id })).errors).toBeUndefined();
  await until("the new text", async () => {
    for (const name of readdirSync(join(project.folder, "mails"))) {
      if ((await readFile(join(project.folder, "mails", name), "utf8")).includes("Thank you for paying")) return name;
    }
    return undefined;
  });
});

test("secrets of webhooks have their value for development, in what comes and in what is asked", async () => {
  const asked: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  const bank = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk;
    });
    request.on("end", () => {
      asked.push({ headers: request.headers, body });
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => bank.listen(0, "127.0.0.1", resolve));
  const { port } = bank.address() as AddressInfo;
  const from = dev.output.length;
  await project.write(
    "domain/probe.workflow.ts",
    `import { env, webhook, workflow } from "enginejs";
workflow("probe", {
  on: webhook("probe", { secret: env("PROBE_IN", { development: "comes-in" }), scheme: "github" }),
  as: "system",
  steps: (flow) => flow.http("ask", { method: "POST", url: "http://127.0.0.1:${port}/", body: () => ({ n: 1 }),
    secret: env("PROBE_OUT", { development: "goes-out" }), privateHosts: ["127.0.0.1"] }),
});
`,
  );
  await dev.waitFor(/workflow probe|applied|statement/i, { from });
  const body = '{"n": 1}';
  const post = (secret: string) =>
    fetch(new URL("/webhooks/probe", state.graphql), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
      },
      body,
    });
  try {
    await until("the webhook", async () => ((await post("comes-in")).status === 202 ? true : undefined));
    expect((await post("PROBE_IN")).status).toBe(401);
    const [request] = await until("a request", async () => (asked.length > 0 ? asked : undefined));
    const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature } = request?.headers ?? {};
    const signed = createHmac("sha256", "goes-out").update(`${id}.${time}.${request?.body}`).digest("base64");
    expect(signature).toBe(`v1,${signed}`);
  } finally {
    await new Promise((resolve) => bank.close(resolve));
    await project.write("domain/probe.workflow.ts", "");
  }
});

test("Ctrl-C stops everything, also the database; a second start finds its data", async () => {
  const { database } = state;
  dev.interrupt();
  expect(await dev.ended).toEqual({ code: 0, signal: null });
  await expect(fetch(state.graphql)).rejects.toThrow();
  const client = new pg.Client({ connectionString: database });
  await expect(client.connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });

  await start();
  expect((await ask("biller", "query ($id: UUID!) { invoice(id: $id) { status } }", { id: sentInvoice })).data).toEqual(
    { invoice: { status: "paid" } },
  );
});

test("a port that was asked for and is taken ends it: no save would free it; what runs there goes on", async () => {
  const second = await runCli(["dev", "--project", project.folder, "--port", new URL(state.graphql).port]);
  expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/EJS5052.*taken/) });
  expect((await ask("biller", "{ invoices(first: 1) { nodes { id } } }")).errors).toBeUndefined();
});

test("a model that is broken at the start: the last build is served until the file is mended", async () => {
  dev.interrupt("SIGTERM");
  expect(await dev.ended).toEqual({ code: 0, signal: null });
  await project.write("domain/late.model.ts", "throw new Error('not yet');\n");
  await start();
  expect(dev.output).toContain("EJS1023");
  expect((await ask("biller", "{ memos { nodes { body } } }")).errors).toBeUndefined();
});

test("Ctrl-C twice in a row, as npm hands it on, still stops the database", async () => {
  dev.interrupt();
  dev.interrupt();
  expect(await dev.ended).toEqual({ code: 0, signal: null });
  const client = new pg.Client({ connectionString: state.database });
  await expect(client.connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("Ctrl-C while it starts leaves no database behind", async () => {
  const fresh = await makeProject({}, { example: "examples/invoicing" });
  const cluster = join(fresh.folder, ".enginejs", "postgres", "cluster");
  const starting = new RunningCli(["dev", "--project", fresh.folder]);
  try {
    await until("a cluster", async () => (existsSync(cluster) ? true : undefined));
    starting.interrupt();
    expect(await starting.ended).toEqual({ code: 0, signal: null });
    expect(existsSync(join(cluster, "data", "postmaster.pid"))).toBe(false);
  } finally {
    await starting.dispose();
    await fresh.remove();
  }
});

test("a database with the core of another version: that is said, once, and dev waits", async () => {
  const database = await createTestDatabase();
  const older = await makeProject({}, { example: "examples/invoicing" });
  const options = ["--project", older.folder, "--database", database.url];
  expect(await runCli(["sql", "build", ...options])).toMatchObject({ code: 0 });
  const client = await database.client();
  await client.query("update graphile_migrate.migrations set hash = 'sha1:0'");
  await client.query("alter table enginejs.build drop column facts_format");
  const waiting = new RunningCli(["dev", ...options]);
  try {
    await waiting.waitFor(/Nothing runs yet/);
    expect(waiting.output).toContain("EJS4022");
    expect(waiting.output).not.toContain("EJS1000");
    waiting.interrupt();
    expect(await waiting.ended).toEqual({ code: 0, signal: null });
  } finally {
    await waiting.dispose();
    await older.remove();
    await database.drop();
  }
});

test("a plugin: dev waits for what it lacks, and follows its files", async () => {
  const database = await createTestDatabase();
  const configOf = (token: string) => `import { defineConfig, env } from "enginejs";
import { acme } from "./plugins/acme.ts";
export default defineConfig({
  plugins: [acme(env("DEV_PLUGIN_TOKEN"${token}))],
  jwt: { secret: env("JWT_SECRET", { development: "a-secret-for-tests-only-0000000000" }) },
});
`;
  const own = await makeProject({
    "enginejs.config.ts": configOf(""),
    "domain/note.model.ts": `import { allow, entity, text, workflow } from "enginejs";
export const Note = entity("Note", { fields: { title: text() }, policies: [allow("read", "all read").when(() => true)] });
workflow("ask", { on: Note.created(), as: "system", steps: (flow) => flow.task("ask", "acme/ask") });
`,
    "plugins/acme.ts": `import { definePlugin, defineTask, readSetting, type Setting } from "enginejs";
import { answer } from "./answer.ts";
export const acme = (token: Setting) =>
  definePlugin({ name: "acme", steps: { ask: defineTask({ run: () => ({ answer, length: readSetting(token).length }) }) } });
`,
    "plugins/answer.ts": 'export const answer = "first";\n',
  });
  const client = await database.client();
  const asked = async () => {
    const { rows } = await client.query("insert into app.note (title) values ('a') returning id");
    return await until("a result", async () => {
      const { rows: found } = await client.query(
        "select s.output from enginejs.workflow_run_steps s join enginejs.workflow_runs r on r.id = s.run_id join enginejs.workflow_events e on e.id = r.event_id where e.record_id = $1",
        [rows[0].id],
      );
      return found[0]?.output;
    });
  };
  const running = new RunningCli(["dev", "--project", own.folder, "--database", database.url, "--port", "0"]);
  try {
    await running.waitFor(/EJS1012 {2}The environment variable DEV_PLUGIN_TOKEN is not set/);
    // Saved before the start is over: it is seen all the same.
    await own.write("enginejs.config.ts", configOf(', { development: "1234" }'));
    await running.waitFor(/GraphQL {3}http/);
    expect(await asked()).toEqual({ answer: "first", length: 4 });
    await own.write("plugins/answer.ts", 'export const answer = "second";\n');
    await until("the changed file", async () => ((await asked()).answer === "second" ? true : undefined));
    running.interrupt();
    expect(await running.ended).toEqual({ code: 0, signal: null });
  } finally {
    await running.dispose();
    await own.remove();
    await database.drop();
  }
});
