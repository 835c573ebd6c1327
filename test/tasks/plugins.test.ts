/** Steps of plugins, done by real workers: with retries, from DSL and JSON, of another version, and without their secrets anywhere. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadProject } from "../../src/project/load-project.ts";
import { startWorkflow } from "../../src/tasks/index.ts";
import { makeProject, repository, type TemporaryProject } from "../project/temporary-project.ts";
import { asUser, ids, makeInvoice, pay, recordBuild } from "./support/invoicing-database.ts";
import { startWorkerProcess, type WorkerProcess } from "./support/worker.ts";
import { WorkflowWorld } from "./support/workflow-world.ts";

const secret = "xoxb-plugin-'\"$$-secret";
const folder = "node_modules/@acme/enginejs-slack";
const packageOf = (version: string, input = "channel: z.string(), text: z.string()", step = "post-message") =>
  `import { definePlugin, defineTask, readSetting } from "enginejs";
import { z } from "zod";
const calls = new Map();
export const slack = ({ token }) => definePlugin({
  name: "slack",
  version: "${version}",
  steps: {
    "${step}": defineTask({
      input: z.object({ ${input} }),
      output: z.object({ ts: z.string(), sent: z.string(), me: z.string().nullable(), aborted: z.boolean() }),
      async run({ input, idempotencyKey, query, signal, log }) {
        const attempt = (calls.get(idempotencyKey) ?? 0) + 1;
        calls.set(idempotencyKey, attempt);
        const authorization = "Bearer " + readSetting(token);
        log.info("posting with " + authorization, { headers: { authorization }, list: [authorization], attempt });
        if (attempt === 1) throw new Error("500 from https://slack.test/?auth=" + authorization, { cause: new Error(authorization) });
        if (input.text.includes("never")) throw new RangeError("refused: " + authorization);
        const { rows } = await query("select enginejs.actor_id()::text as me");
        return { ts: idempotencyKey, sent: input.channel + ": " + input.text, me: rows[0].me, aborted: signal.aborted };
      },
    }),
  },
});
`;
const config = `import { defineConfig, env } from "enginejs";
import { slack } from "@acme/enginejs-slack";
export default defineConfig({
  schema: "app",
  tenancy: { entity: "Tenant", membership: "Membership" },
  actor: { entity: "User" },
  roles: {
    member: {},
    billing: { extends: ["member"], can: { Customer: "*", Invoice: "*", Receipt: ["create"] } },
    operator: { of: "system" },
  },
  plugins: [slack({ token: env("PLUGIN_SLACK_TOKEN") })],
  webhooks: { events: ["Refund.created", "Refund.settle", "Refund.refuse"], manage: ["billing"] },
});
`;
const workflows = `import { workflow } from "enginejs";
import { Invoice } from "./invoice.model.ts";
workflow("tell-slack", {
  on: Invoice.on("pay"),
  retry: { attempts: 3, initial: "10ms" },
  steps: (flow) => flow.task("tell", "slack/post-message", ({ record }) => ({ channel: "sales", text: record.number })),
});
workflow("tell-patiently", {
  on: Invoice.on("void"),
  retry: { attempts: 1000, initial: "50ms", max: "200ms" },
  steps: (flow) => flow.task("tell", "slack/post-message", ({ record }) => ({ channel: "void", text: record.number })),
});
`;
const tellProcess = {
  kind: "process",
  name: "slack.tell",
  version: 1,
  type: "orchestratedWorkflow",
  execution: { model: "async" },
  $defs: {
    Note: { properties: { text: { type: "string" } }, required: ["text"], type: "object" },
    Told: { properties: { ts: { type: "string" } }, required: ["ts"], type: "object" },
  },
  input: "Note",
  outputs: { told: "Told" },
  uses: { services: { slack: ["postMessage"] } },
  nodes: {
    start: { op: "start", out: { note: "Note" } },
    tell: {
      op: "service.call",
      service: "slack",
      operation: "postMessage",
      in: { note: "Note" },
      body: { channel: '"ops"', text: "note.text" },
      out: { ok: "Told" },
      retry: { attempts: 3, initial: "PT0.01S" },
    },
    done: { op: "output", in: { value: "Told" }, output: "told" },
  },
  edges: [
    ["start.note", "tell.note"],
    ["tell.ok", "done.value"],
  ],
};

let world: WorkflowWorld;
let project: TemporaryProject;
let worker: WorkerProcess | undefined;
const lines: string[] = [];
beforeAll(async () => {
  [world, project] = await Promise.all([
    WorkflowWorld.make(),
    makeProject(
      {
        "enginejs.config.ts": config,
        "domain/slack.workflow.ts": workflows,
        "processes/slack-tell.json": JSON.stringify(tellProcess),
        [`${folder}/package.json`]: JSON.stringify({
          name: "@acme/enginejs-slack",
          version: "1.2.0",
          type: "module",
          exports: { ".": "./index.js" },
          peerDependencies: { enginejs: "*", zod: "^4" },
        }),
        [`${folder}/index.js`]: packageOf("1.2.0"),
      },
      { example: "examples/invoicing" },
    ),
  ]);
  const { system } = await loadProject(project.folder);
  expect(JSON.stringify(system)).not.toContain("xoxb");
  await recordBuild(world.client, system);
});
afterAll(async () => {
  await kill();
  await world.end();
  await project.remove();
});

/** The worker that there is, or a new one. */
async function working(): Promise<WorkerProcess> {
  const environment = { PROJECT: project.folder, PLUGIN_SLACK_TOKEN: secret };
  worker ??= startWorkerProcess(world.database, environment, "project-worker.ts");
  await worker.ready;
  return worker;
}
async function kill(): Promise<void> {
  lines.push(...(worker?.log.map((line) => JSON.stringify(line)) ?? []));
  await worker?.kill();
  worker = undefined;
}
const paid = async (number: string): Promise<string> => {
  const invoice = await makeInvoice(world.client, number);
  await pay(world.client, invoice);
  return invoice;
};
/** What `enginejs workflow show` prints. */
async function shown(run: string): Promise<string> {
  const bin = join(repository, "bin/enginejs.js");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [bin, "workflow", "show", run, "--project", project.folder, "--database", world.database.url],
    { env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" } },
  );
  return stdout;
}

it("a step is tried again under the same key, and has the context of a task file", async () => {
  await working();
  const invoice = await paid("slack-1");
  const run = await world.ended("tell-slack", invoice);
  expect(run).toMatchObject({ status: "done", attempts: 2 });
  const { tell } = await world.steps(run.id);
  expect(tell).toEqual({ ts: `${run.id}:tell`, sent: "sales: slack-1", me: expect.any(String), aborted: false });
  expect(await shown(run.id)).toContain("tell (slack/post-message)");
  const said = (await working()).log.filter(({ message }) => message.startsWith("posting"));
  expect(said.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(said[0]).toMatchObject({
    message: "posting with Bearer ***",
    headers: { authorization: "Bearer ***" },
    list: ["Bearer ***"],
  });
});

it("is a service's operation to a JSON process", async () => {
  await working();
  const id = await startWorkflow(world.client, "slack.tell", { input: { text: "from JSON" } });
  const run = await world.ended("slack.tell", id);
  expect(run).toMatchObject({ status: "done", attempts: 2, output: { ts: `${id}:tell` } });
});

it("what it throws is kept and told without its secrets", async () => {
  await working();
  const run = await world.ended("tell-slack", await paid("never"));
  expect(run).toMatchObject({ status: "failed", attempts: 3, failed_step: "tell", error: "refused: Bearer ***" });
  expect(await shown(run.id)).toContain("tell (slack/post-message): refused: Bearer ***");
});

it("a worker with another version, or without the plugin, says so; the next one goes on", async () => {
  const write = (text: string) => writeFileSync(join(project.folder, folder, "index.js"), text);
  const waitsFor = (invoice: string, error: string) =>
    world.until(
      "tell-patiently",
      invoice,
      (run) => run.waiting_for?.some((wait) => String(wait.error).includes(error)) ?? false,
    );
  try {
    await kill();
    write(packageOf("1.1.0", "room: z.string()"));
    await working();
    expect((await working()).log.map(({ level, message }) => `${level}: ${message}`)).toContain(
      "warn: this worker has slack 1.1.0, and the build has 1.2.0",
    );
    const invoice = await makeInvoice(world.client, "skew");
    await asUser(world.client, ids.biller, () => world.client.query("select app.void_invoice($1)", [invoice]));
    await waitsFor(
      invoice,
      'the input does not fit the task "slack/post-message": this worker has slack 1.1.0, and the build has 1.2.0: room:',
    );
    await kill();
    write(packageOf("1.3.0", "text: z.string()", "send"));
    await working();
    await waitsFor(
      invoice,
      'this worker has no task "slack/post-message": this worker has slack 1.3.0, and the build has 1.2.0',
    );
    await kill();
    await project.write("enginejs.config.ts", config.replace(/ {2}plugins: .*\n/, ""));
    await working();
    await waitsFor(
      invoice,
      'this worker has no task "slack/post-message": this worker has no plugin slack, and the build has it (1.2.0)',
    );
    await kill();
    await project.write("enginejs.config.ts", config);
    write(packageOf("1.2.0"));
    await working();
    expect(await world.ended("tell-patiently", invoice)).toMatchObject({ status: "done" });
  } finally {
    await project.write("enginejs.config.ts", config);
    write(packageOf("1.2.0"));
  }
});

it("leaves its secrets neither in the log nor in the database", async () => {
  await kill();
  expect(lines.filter((line) => line.includes("Bearer ***")).length).toBeGreaterThan(5);
  expect(lines.filter((line) => line.includes("xoxb"))).toEqual([]);
  const { rows: tables } = await world.client.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('app', 'enginejs', 'graphile_worker')",
  );
  expect(tables.length).toBeGreaterThan(20);
  const administrator = await world.database.administrator();
  for (const { name } of tables) {
    const { rows } = await administrator.query(`select t::text as row from ${name} t where t::text like '%xoxb%'`);
    expect(rows, name).toEqual([]);
  }
});
