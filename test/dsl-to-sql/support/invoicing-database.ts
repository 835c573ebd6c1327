/** The test's invoicing domain, built into a database, with two tenants and their people. */
import type pg from "pg";
import type { System } from "../../../src/model/index.ts";
import { applySystem } from "../../support/apply-system.ts";

const id = (kind: number, n: number): string =>
  `00000000-0000-7000-80${String(kind).padStart(2, "0")}-${String(n).padStart(12, "0")}`;

export const tenants = { ours: id(1, 1), theirs: id(1, 2) };
export const people = {
  owner: id(2, 1),
  biller: id(2, 2),
  member: id(2, 3),
  stranger: id(2, 4),
  nobody: id(2, 5),
};
export const customers = { ours: id(3, 1), theirs: id(3, 2) };
export const invoices = { draft: id(4, 1), sent: id(4, 2), empty: id(4, 3), theirs: id(4, 4), strangersOwn: id(4, 5) };
export const lines = { draft: id(5, 1), sent: id(5, 2), theirs: id(5, 3) };

const SEED = `
set role enginejs_owner;
insert into app.tenant (id, name) values ('${tenants.ours}', 'Ours'), ('${tenants.theirs}', 'Theirs');
insert into app."user" (id, name, email) select u, n, n || '@example.org' from (values
  ('${people.owner}'::uuid, 'owner'), ('${people.biller}', 'biller'), ('${people.member}', 'member'),
  ('${people.stranger}', 'stranger'), ('${people.nobody}', 'nobody')) as t (u, n);
insert into app.membership (tenant_id, user_id, roles) values
  ('${tenants.ours}', '${people.owner}', '{member}'), ('${tenants.ours}', '${people.biller}', '{billing}'),
  ('${tenants.ours}', '${people.member}', '{member}'), ('${tenants.theirs}', '${people.stranger}', '{billing}'),
  ('${tenants.theirs}', '${people.owner}', '{member}');
insert into app.customer (tenant_id, id, name, email) values
  ('${tenants.ours}', '${customers.ours}', 'C', 'c@example.org'), ('${tenants.theirs}', '${customers.theirs}', 'D', 'd@example.org');
insert into app.invoice (tenant_id, id, number, owner_id, customer_id, status) values
  ('${tenants.ours}', '${invoices.draft}', 'INV-1', '${people.owner}', '${customers.ours}', 'draft'),
  ('${tenants.ours}', '${invoices.sent}', 'INV-2', '${people.owner}', '${customers.ours}', 'sent'),
  ('${tenants.ours}', '${invoices.empty}', 'INV-3', '${people.owner}', '${customers.ours}', 'draft'),
  ('${tenants.theirs}', '${invoices.theirs}', 'INV-1', '${people.stranger}', '${customers.theirs}', 'draft');
insert into app.invoice_line (tenant_id, id, invoice_id, description, quantity, price) values
  ('${tenants.ours}', '${lines.draft}', '${invoices.draft}', 'work', 2, 500),
  ('${tenants.ours}', '${lines.sent}', '${invoices.sent}', 'work', 3, 700),
  ('${tenants.theirs}', '${lines.theirs}', '${invoices.theirs}', 'work', 1, 900);
reset role;
`;

export async function buildInvoicing(client: pg.Client, system: System): Promise<void> {
  await applySystem(client, system);
  await client.query(SEED);
}

export interface TestActor {
  readonly role: "enginejs_user" | "enginejs_anonymous" | "enginejs_system";
  readonly id?: string;
  readonly tenant?: string;
}

export const actors = {
  owner: { role: "enginejs_user", id: people.owner, tenant: tenants.ours },
  biller: { role: "enginejs_user", id: people.biller, tenant: tenants.ours },
  member: { role: "enginejs_user", id: people.member, tenant: tenants.ours },
  stranger: { role: "enginejs_user", id: people.stranger, tenant: tenants.theirs },
  /** Names a tenant of which he is no member. */
  intruder: { role: "enginejs_user", id: people.stranger, tenant: tenants.ours },
  nobody: { role: "enginejs_user", id: people.nobody },
  anonymous: { role: "enginejs_anonymous" },
  system: { role: "enginejs_system", tenant: tenants.ours },
} as const satisfies Readonly<Record<string, TestActor>>;
export type ActorName = keyof typeof actors;

/** Runs statements as an actor, in a transaction that is rolled back. Gives the last result. */
export async function attempt(
  client: pg.Client,
  actor: TestActor,
  sql: string,
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into rows of every shape
): Promise<{ readonly rows: any[]; readonly count: number; readonly error?: pg.DatabaseError }> {
  await client.query("begin");
  try {
    await client.query("select enginejs.begin_request($1, $2, $3, null, null, 'test')", [
      actor.role,
      actor.id ?? null,
      actor.tenant ?? null,
    ]);
    const result = (await client.query(sql)) as pg.QueryResult | pg.QueryResult[];
    const last = Array.isArray(result) ? result.at(-1) : result;
    return { rows: last?.rows ?? [], count: last?.rowCount ?? 0 };
  } catch (error) {
    return { rows: [], count: 0, error: error as pg.DatabaseError };
  } finally {
    await client.query("rollback");
  }
}

/** What came of it: the number of rows, or the SQLSTATE. */
export async function outcome(client: pg.Client, actor: TestActor, sql: string): Promise<number | string> {
  const { error, count } = await attempt(client, actor, sql);
  return error === undefined ? count : (error.code ?? error.message);
}
