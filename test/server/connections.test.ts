import { connect as connectSocket } from "node:net";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createPool } from "../../src/database/pool.ts";
import { actorClients } from "../../src/server/database/actor-client.ts";
import type { ActorSession } from "../../src/server/database/actor-session.ts";
import type { RunningServer } from "../../src/server/index.ts";
import {
  ask,
  codeOf,
  customerId,
  invoiceId,
  type ServedInvoicing,
  servedInvoicing,
  tenantId,
  tokenOf,
  userId,
} from "./support/served-invoicing.ts";

let served: ServedInvoicing;
beforeAll(async () => {
  served = await servedInvoicing();
});
afterAll(() => served?.close());

const tenants = "{ tenants { nodes { id } } invoices(first: 3) { nodes { tenantId } } }";
const tenantsSeen = (data: { tenants: { nodes: { id: string }[] }; invoices: { nodes: { tenantId: string }[] } }) => [
  ...new Set([...data.tenants.nodes.map((row) => row.id), ...data.invoices.nodes.map((row) => row.tenantId)]),
];

describe("two actors in turn on one connection", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await served.serve({ poolSize: 1, limits: { statementTimeoutMs: 3_000 } });
  });

  test("never see each other's rows, one after the other and all at once", async () => {
    const tokens = await Promise.all([tokenOf("biller", 1), tokenOf("member", 2), tokenOf("owner", 3)]);
    const expected = [[tenantId(1)], [tenantId(2)], [tenantId(3)], []];
    for (let i = 0; i < 20; i++) {
      const { data } = await ask(server, [...tokens, undefined][i % 4], tenants);
      expect(tenantsSeen(data)).toEqual(expected[i % 4]);
    }
    const many = await Promise.all(
      Array.from({ length: 80 }, (_, i) => ask(server, [...tokens, undefined][i % 4], tenants)),
    );
    for (const [i, { data }] of many.entries()) expect(tenantsSeen(data)).toEqual(expected[i % 4]);
  });

  // Each of these leaves the connection in another way.
  const disturbances: Record<string, (token: string) => Promise<unknown>> = {
    "a refused action": async (token) =>
      expect(
        codeOf(
          await ask(server, token, `mutation { payInvoice(input: { id: "${invoiceId(2)}" }) { invoice { id } } }`),
        ),
      ).toBe("EJS5032"),
    "a violated constraint": async (token) =>
      expect(
        codeOf(
          await ask(
            server,
            token,
            `mutation { createInvoice(input: { invoice: { number: "INV-1", customerId: "${customerId(1)}" } }) { invoice { id } } }`,
          ),
        ),
      ).toBe("EJS5034"),
    "an unreadable value": async (token) =>
      expect(
        codeOf(await ask(server, token, '{ invoiceLines(filter: { price: { equalTo: "x" } }) { totalCount } }')),
      ).toBe("EJS5038"),
    "a statement that took too long": async (token) => {
      const holder = await served.database.client();
      await holder.query("begin");
      await holder.query("lock table app.customer in access exclusive mode");
      try {
        expect(codeOf(await ask(server, token, "{ customers { totalCount } }"))).toBe("EJS5039");
      } finally {
        await holder.query("rollback");
      }
    },
    "a caller who hangs up while his statement runs": async (token) => {
      const holder = await served.database.client();
      await holder.query("begin");
      await holder.query("lock table app.customer in access exclusive mode");
      try {
        await new Promise<void>((resolve) => {
          const body = JSON.stringify({ query: "{ customers { totalCount } }" });
          const socket = connectSocket(server.port, "127.0.0.1", () => {
            socket.write(
              `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
            );
            setTimeout(() => socket.destroy(), 100);
          });
          socket.once("close", () => resolve());
        });
      } finally {
        await holder.query("rollback");
      }
    },
    "a connection that the database ends": async (token) => {
      // A superuser: no other login ends a connection that is not its own.
      const admin = await served.database.administrator();
      await admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'enginejs server' and datname = current_database()",
      );
      // Whether the pool has noticed yet or not: an answer, and no rows of anybody else.
      const { data, errors } = await ask(server, token, tenants);
      if (errors.length === 0) expect(tenantsSeen(data)).toEqual([tenantId(1)]);
      else for (const error of errors) expect(error.extensions.code).toBe("EJS5042");
    },
  };

  test.each(Object.keys(disturbances))("also after %s", async (name) => {
    await disturbances[name]?.(await tokenOf("biller", 1));
    expect(tenantsSeen((await ask(server, undefined, tenants)).data)).toEqual([]);
    expect(tenantsSeen((await ask(server, await tokenOf("member", 2), tenants)).data)).toEqual([tenantId(2)]);
    expect(tenantsSeen((await ask(server, await tokenOf("biller", 1), tenants)).data)).toEqual([tenantId(1)]);
  });
});

describe("the client of a request", () => {
  let pool: pg.Pool;
  afterEach(() => pool?.end());
  const session = (tenant: number, extra: Partial<ActorSession> = {}): ActorSession => ({
    role: "enginejs_user",
    actor: userId("biller", tenant),
    tenant: tenantId(tenant),
    claims: null,
    statementTimeoutMs: 60_000,
    requestId: "r",
    ...extra,
  });
  const who =
    "select current_user::text, enginejs.tenant_id()::text, current_setting('statement_timeout'), pg_backend_pid()";

  function clients(options: { max?: number } = {}) {
    pool = createPool(served.serverUrl, { max: options.max ?? 1 });
    const withPgClient = actorClients(pool);
    return {
      ask: (as: ActorSession | null, text: string, values: unknown[] = [], name?: string) =>
        withPgClient(
          as as never,
          async (client) =>
            (await client.query<unknown[]>({ text, values, arrayMode: true, ...(name !== undefined && { name }) }))
              .rows,
        ),
      withPgClient,
    };
  }

  /** What the login itself sees on the same connection: all of a request must be gone. */
  async function expectNothingLeft(): Promise<void> {
    const client = await pool.connect();
    try {
      const { rows } = await client.query(
        `select current_user = session_user as own, coalesce(current_setting('enginejs.tenant_id', true), '') as tenant,
           coalesce(current_setting('enginejs.actor_id', true), '') as actor, coalesce(current_setting('enginejs.roles', true), '') as roles, current_setting('statement_timeout') as timeout`,
      );
      expect(rows).toEqual([{ own: true, tenant: "", actor: "", roles: "", timeout: "0" }]);
      expect(client.getTransactionStatus()).toBe("I");
    } finally {
      client.release();
    }
  }

  test("sets role, tenant and time limit for the statement, and nothing beyond it", async () => {
    const { ask } = clients();
    const [row] = await ask(session(1), who);
    expect(row?.slice(0, 3)).toEqual(["enginejs_user", tenantId(1), "1min"]);
    await expectNothingLeft();
  });

  test("the login by itself reads no table and has no right but to begin", async () => {
    const { ask } = clients();
    await expect(ask(null, "select * from app.invoice")).rejects.toMatchObject({ code: "42501" });
    await expect(ask(null, "select enginejs.actor_id()")).rejects.toMatchObject({ code: "42501" });
    await expect(ask(null, "select * from enginejs.workflow_events_outbox")).rejects.toMatchObject({ code: "42501" });
  });

  test("a beginning that fails leaves the statement unread", async () => {
    const { ask } = clients();
    const outside = await served.database.client();
    const insert = "insert into app.customer (tenant_id, name, email) values (enginejs.tenant_id(), 'never', 'x')";
    await expect(ask(session(1, { role: "enginejs_owner" as never }), insert)).rejects.toMatchObject({ code: "42501" });
    await expect(ask(session(1, { actor: "no uuid" }), insert)).rejects.toMatchObject({ code: "22P02" });
    await expectNothingLeft();
    expect((await outside.query("select from app.customer where name = 'never'")).rowCount).toBe(0);
  });

  test("a write is committed when it is answered, and undone when its commit fails", async () => {
    const { ask } = clients();
    const outside = await served.database.client();
    await outside.query(`create or replace function app.at_commit() returns trigger language plpgsql as
      $$ begin if new.name = 'refused' then raise exception 'at commit' using errcode = 'EJ422'; end if; return null; end $$`);
    await outside.query(`create constraint trigger at_commit after insert on app.customer deferrable initially deferred
      for each row execute function app.at_commit()`);
    const insert = "insert into app.customer (name, email) values ($1, 'x') returning id";
    const countOf = async (name: string) =>
      (await outside.query("select from app.customer where name = $1", [name])).rowCount;
    try {
      expect(await ask(session(1), insert, ["kept"])).toHaveLength(1);
      expect(await countOf("kept")).toBe(1);
      // The row was returned before the commit refused it.
      await expect(ask(session(1), insert, ["refused"])).rejects.toMatchObject({ code: "EJ422" });
      expect(await countOf("refused")).toBe(0);
    } finally {
      await outside.query("drop trigger at_commit on app.customer");
      await outside.query("delete from app.customer where name = 'kept'");
    }
    await expectNothingLeft();
  });

  test("prepared statements survive their own failure, each other, and a changed table", async () => {
    const { ask } = clients();
    const divide = "select 1 / $1::int";
    expect(await ask(session(1), divide, ["1"], "divide")).toEqual([[1]]);
    await expect(ask(session(1), divide, ["0"], "divide")).rejects.toMatchObject({ code: "22012" });
    expect(await ask(session(1), divide, ["1"], "divide")).toEqual([[1]]);
    await expect(ask(session(1), "select nothing", [], "wrong")).rejects.toMatchObject({ code: "42703" });
    await expect(ask(session(1), "select nothing", [], "wrong")).rejects.toMatchObject({ code: "42703" });
    for (let i = 0; i < 450; i++) expect(await ask(session(1), `select ${i}`, [], `s${i}`)).toEqual([[i]]);
    const client = await pool.connect();
    const { rows } = await client.query("select count(*)::int as count from pg_prepared_statements");
    client.release();
    expect(rows[0].count).toBeLessThanOrEqual(202);
    // "cached plan must not change result type": sent again, parsed anew, by itself.
    const outside = await served.database.client();
    const all = "select * from app.receipt limit 0";
    await ask(session(1), all, [], "all");
    await outside.query("alter table app.receipt add column extra text");
    try {
      expect(await ask(session(1), all, [], "all")).toEqual([]);
    } finally {
      await outside.query("alter table app.receipt drop column extra");
    }
    // As behind a pooler that gave us another connection.
    const other = await pool.connect();
    await other.query("deallocate all");
    other.release();
    expect(await ask(session(1), divide, ["1"], "divide")).toEqual([[1]]);
  });

  test("a value that has no text is refused, and the connection goes on", async () => {
    const { ask } = clients();
    await expect(ask(session(1), "select $1::text", [{ a: 1 }])).rejects.toThrow(/not text/);
    await expect(ask(session(1), "select $1::text", [["a"]], "array")).rejects.toThrow(/not text/);
    expect(await ask(session(1), "select $1::text, $2::int, $3::bool, $4::text", ["a", 1, true, null])).toEqual([
      ["a", 1, true, null],
    ]);
    await expectNothingLeft();
  });

  test("several statements in one transaction: all or nothing, with savepoints within", async () => {
    const { withPgClient } = clients();
    const insert = (name: string) => ({
      text: "insert into app.customer (name, email) values ($1, 'x')",
      values: [name],
    });
    const names = async () =>
      (
        await (await served.database.client()).query("select name from app.customer where email = 'x' order by 1")
      ).rows.map((row) => row.name);
    const before = await names();
    await expect(
      withPgClient(session(1) as never, (client) =>
        client.withTransaction(async (transaction) => {
          await transaction.query(insert("undone"));
          throw new Error("on purpose");
        }),
      ),
    ).rejects.toThrow("on purpose");
    expect(await names()).toEqual(before);
    await withPgClient(session(1) as never, (client) =>
      client.withTransaction(async (transaction) => {
        await transaction.query(insert("outer"));
        await transaction
          .withTransaction(async (inner) => {
            await inner.query(insert("inner"));
            throw new Error("only this");
          })
          .catch(() => undefined);
      }),
    );
    expect(await names()).toEqual([...before, "outer"]);
    // A failure that was swallowed must not look like a success.
    await expect(
      withPgClient(session(1) as never, (client) =>
        client.withTransaction((transaction) => transaction.query({ text: "select 1 / 0" }).catch(() => undefined)),
      ),
    ).rejects.toThrow(/nothing of it was kept/);
    await expectNothingLeft();
  });

  test("each statement is one transaction: what it meets is seen as a whole", async () => {
    const { ask } = clients({ max: 4 });
    const ids = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        ask(session(1 + (i % 3)), "select enginejs.tenant_id()::text, pg_sleep(0.001)::text", [], "tenant"),
      ),
    );
    for (const [i, [row]] of ids.entries()) expect(row?.[0]).toBe(tenantId(1 + (i % 3)));
  });
});
