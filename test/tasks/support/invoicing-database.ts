/** Databases that hold the built example, for tests of the worker; workflows may be added to its model. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../../../src/database/migrate.ts";
import type { System, Workflow } from "../../../src/model/index.ts";
import { loadProject } from "../../../src/project/load-project.ts";
import { applySystem } from "../../support/apply-system.ts";
import { buildApprovals } from "../../support/build-approvals.ts";
import { createTestDatabase } from "../../support/database.ts";
import { type WorkerDatabase, withWorkerLogin } from "../../support/worker-login.ts";

const root = join(import.meta.dirname, "../../..");

/** People and things of the test data, by what they are for. */
export const ids = {
  tenant: "00000000-0000-7000-8000-000000000001",
  otherTenant: "00000000-0000-7000-8000-000000000002",
  biller: "00000000-0000-7000-8000-000000000011",
  member: "00000000-0000-7000-8000-000000000012",
  customer: "00000000-0000-7000-8000-000000000021",
};

let loaded: Promise<System> | undefined;

/** The model of examples/invoicing; loaded once in a test file, and its own each time. */
export async function loadInvoicing(): Promise<System> {
  loaded ??= loadProject(join(root, "examples/invoicing")).then(({ system }) => system);
  return structuredClone(await loaded);
}

export type InvoicingDatabase = WorkerDatabase;

/** A database with the example built into it, two tenants, a biller and a member, and a customer. */
export async function createInvoicingDatabase(): Promise<InvoicingDatabase> {
  const system = await loadInvoicing();
  const core = readFileSync(join(root, "migrations/committed/000001-enginejs.sql"));
  const version = createHash("sha256").update(core).update(JSON.stringify(system)).digest("hex");
  const template = { name: "tasks invoicing", version, build: (url: string) => buildInvoicing(url, system) };
  return withWorkerLogin(await createTestDatabase({ template }));
}

/** The core, the example's model, and the test data. */
export async function buildInvoicing(url: string, system: System): Promise<void> {
  await migrate(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await applySystem(client, system);
    await client.query(readFileSync(join(import.meta.dirname, "data.sql"), "utf8"));
  } finally {
    await client.end();
  }
}

/** What a build leaves for the worker: another model with other workflows, for the same tables. */
export async function recordBuild(client: pg.ClientBase, system: System): Promise<void> {
  await buildApprovals(client, system);
  await client.query(
    "insert into enginejs.build (ir, ir_hash, fingerprint, facts_format, engine_version) values ($1, 'test', 'test', 'test', '0')",
    [JSON.stringify(system)],
  );
}

/** A workflow over the example's model; what is not given is as in a plain one. */
export function workflowOf(change: Partial<Workflow> & Pick<Workflow, "name" | "trigger">): Workflow {
  const steps = change.nodes ?? [];
  const nodes: Workflow["nodes"] = [{ id: "start", kind: "start" }, ...steps, { id: "end", kind: "end" }];
  return {
    version: 1,
    type: "orchestrated",
    execution: "event-driven",
    as: "inherit",
    retry: { attempts: 3, backoff: "exponential", initialMs: 50, maxMs: 1_000 },
    ...change,
    nodes,
    edges: change.edges ?? nodes.slice(1).map((node, i) => ({ from: nodes[i]?.id ?? "start", to: node.id })),
  };
}

/** Makes a sent invoice with one line, as nobody, and returns its id. */
export async function makeInvoice(client: pg.ClientBase, number: string, price = 1_000): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `insert into app.invoice (tenant_id, number, owner_id, customer_id, status) values ($1, $2, $3, $4, 'sent') returning id`,
    [ids.tenant, number, ids.biller, ids.customer],
  );
  const id = rows[0]?.id ?? "";
  await client.query(
    "insert into app.invoice_line (tenant_id, invoice_id, description, price) values ($1, $2, 'work', $3)",
    [ids.tenant, id, price],
  );
  return id;
}

/** In one transaction as a user of the tenant. */
export async function asUser<T>(client: pg.ClientBase, user: string, fn: () => Promise<T>): Promise<T> {
  await client.query("begin");
  try {
    await client.query("select enginejs.begin_request('enginejs_user', $1, $2, null, null, 'test')", [
      user,
      ids.tenant,
    ]);
    const result = await fn();
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

export const pay = (client: pg.ClientBase, invoice: string, user = ids.biller) =>
  asUser(client, user, () => client.query("select app.pay_invoice($1)", [invoice]));
