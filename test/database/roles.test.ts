/** Who may do what to the core: tables of role × command. Each command runs in a transaction that is rolled back. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../src/database/connection.ts";
import { ensureLogins, type Logins, loginName } from "../../src/database/logins.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

const beginAs = (role: string) => `select enginejs.begin_request('${role}', null, null, null, null, null)`;
const insertBuild = `insert into enginejs.build (ir, ir_hash, fingerprint, engine_version) values ('{}', '', '', '')`;
const denied = "42501";

let database: TestDatabase;
let admin: pg.Client;
/** Makes logins, drops databases: what a plain owner may not. */
let administrator: pg.Client;
let logins: Logins;

beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  admin = await database.client();
  administrator = await database.administrator();
  logins = await ensureLogins(database.administratorUrl);
});
afterAll(async () => {
  for (const kind of ["server", "worker"] as const) {
    const login = administrator.escapeIdentifier(loginName(database.name, kind));
    await administrator.query(`drop owned by ${login}; drop role ${login}`);
  }
  await database.drop();
});

/** The SQLSTATE that the command ends with, "ok" for none. */
async function outcome(client: pg.Client, ...commands: string[]): Promise<string> {
  await client.query("begin");
  try {
    for (const command of commands) await client.query(command);
    return "ok";
  } catch (error) {
    return (error as pg.DatabaseError).code ?? String(error);
  } finally {
    await client.query("rollback");
  }
}

/** Per role: what passes and what is refused. `actors` is short for the three that a request can have. */
const actors = ["enginejs_anonymous", "enginejs_user", "enginejs_system"];
const commands: { command: string; passes: string[]; refused: string[] }[] = [
  {
    command:
      "select enginejs.actor_id(), enginejs.tenant_id(), enginejs.actor_roles(), enginejs.claims(), enginejs.request_id()",
    passes: [...actors, "enginejs_action", "enginejs_owner", "enginejs_reader", "enginejs_writer"],
    refused: [],
  },
  {
    command:
      "select enginejs.actor_kind(), enginejs.request_origin(), enginejs.request_ip(), enginejs.flag('beta', false)",
    passes: [...actors, "enginejs_action", "enginejs_owner", "enginejs_reader", "enginejs_writer"],
    refused: [],
  },
  ...["feature_flags", "service_accounts", "api_keys", "role_grants"].flatMap((table) => [
    {
      command: `select * from enginejs.${table}`,
      passes: ["enginejs_owner", "enginejs_reader"],
      refused: [...actors, "enginejs_action", "enginejs_writer"],
    },
    {
      command: `delete from enginejs.${table}`,
      passes: ["enginejs_owner"],
      refused: [...actors, "enginejs_action", "enginejs_reader", "enginejs_writer"],
    },
  ]),
  {
    command: "update enginejs.api_keys set last_used_at = now()",
    passes: ["enginejs_owner", "enginejs_reader"],
    refused: [...actors, "enginejs_action", "enginejs_writer"],
  },
  {
    command: "update enginejs.api_keys set revoked_at = null",
    passes: ["enginejs_owner"],
    refused: [...actors, "enginejs_action", "enginejs_reader", "enginejs_writer"],
  },
  {
    command: "select enginejs.authenticate_key('')",
    passes: ["enginejs_reader"],
    refused: [...actors, "enginejs_action", "enginejs_writer"],
  },
  {
    command: "select enginejs.granted_roles(null, null)",
    passes: ["enginejs_reader"],
    refused: [...actors, "enginejs_action", "enginejs_writer"],
  },
  {
    command: "select enginejs.uuid_v7()",
    passes: [...actors, "enginejs_action", "enginejs_owner", "enginejs_reader", "enginejs_writer"],
    refused: [],
  },
  {
    command: beginAs("enginejs_user"),
    passes: [],
    refused: [...actors, "enginejs_action", "enginejs_reader", "enginejs_writer"],
  },
  {
    command: "select enginejs.membership_roles(null, null)",
    passes: ["enginejs_reader"],
    refused: [...actors, "enginejs_action", "enginejs_writer"],
  },
  {
    command: "select * from enginejs.current_build()",
    passes: ["enginejs_owner"],
    refused: [...actors, "enginejs_action"],
  },
  {
    command: "select enginejs.catalog_fingerprint('{enginejs}')",
    passes: ["enginejs_owner"],
    refused: [...actors, "enginejs_action", "enginejs_writer"],
  },
  {
    command: "select enginejs.admit_login('enginejs_user', 'worker')",
    passes: [],
    refused: [...actors, "enginejs_action", "enginejs_reader", "enginejs_writer"],
  },
  {
    command: "select * from enginejs.build",
    passes: ["enginejs_owner", "enginejs_reader"],
    refused: [...actors, "enginejs_action", "enginejs_writer"],
  },
  {
    command: insertBuild,
    passes: ["enginejs_owner"],
    refused: [...actors, "enginejs_action", "enginejs_reader", "enginejs_writer"],
  },
  {
    command: "update enginejs.build set ir_hash = ''",
    passes: ["enginejs_owner"],
    refused: [...actors, "enginejs_action", "enginejs_reader", "enginejs_writer"],
  },
  {
    command: "delete from enginejs.build",
    passes: ["enginejs_owner"],
    refused: [...actors, "enginejs_action", "enginejs_reader", "enginejs_writer"],
  },
  {
    command: "truncate enginejs.build",
    passes: ["enginejs_owner"],
    refused: [...actors, "enginejs_action", "enginejs_reader", "enginejs_writer"],
  },
  {
    command: "create table enginejs.t ()",
    passes: ["enginejs_owner"],
    refused: actors,
  },
  {
    command: "select * from graphile_worker.jobs",
    passes: ["enginejs_writer"],
    refused: [...actors, "enginejs_action", "enginejs_owner", "enginejs_reader"],
  },
  {
    command: "select graphile_worker.add_job('x')",
    passes: ["enginejs_writer"],
    refused: [...actors, "enginejs_action", "enginejs_owner", "enginejs_reader"],
  },
  {
    command: "select * from graphile_migrate.migrations",
    passes: ["enginejs_owner"],
    refused: [...actors, "enginejs_action", "enginejs_reader", "enginejs_writer"],
  },
];

describe.each(commands)("$command", ({ command, passes, refused }) => {
  test.each(passes)("passes for %s", async (role) => {
    expect(await outcome(admin, `set local role ${role}`, command)).toBe("ok");
  });
  test.each(refused)("is refused to %s", async (role) => {
    expect(await outcome(admin, `set local role ${role}`, command)).toBe(denied);
  });
});

describe("the server's login", () => {
  const may: [string, ...string[]][] = [
    ["begin a request", beginAs("enginejs_user")],
    ["begin one for nobody", beginAs("enginejs_anonymous")],
    ["read the model", "select * from enginejs.current_build()"],
    ["ask whose key it is", "select enginejs.authenticate_key('')"],
  ];
  const mayNot: [string, ...string[]][] = [
    ["begin one as the system", beginAs("enginejs_system")],
    ["begin a second one as the actor", beginAs("enginejs_user"), beginAs("enginejs_user")],
    ["become the owner", "set role enginejs_owner"],
    ["become an action", "set role enginejs_action"],
    ["become the reader", "set role enginejs_reader"],
    ["become the writer", "set role enginejs_writer"],
    ["read builds", "select * from enginejs.build"],
    ["read keys", "select hash from enginejs.api_keys"],
    ["ask whose key it is as the actor", beginAs("enginejs_user"), "select enginejs.authenticate_key('')"],
    ["read what administrators did", "select * from enginejs.administration_log"],
    [
      "grant itself a role",
      "insert into enginejs.role_grants (actor, role, valid_until, reason) values (enginejs.uuid_v7(), 'x', 'infinity', 'x')",
    ],
    ["call what actors call before it is one", "select enginejs.actor_id()"],
    ["see jobs", "select * from graphile_worker.jobs"],
    ["make a table in the core", "create table enginejs.t ()"],
    ["make a schema", "create schema mine"],
  ];
  test.each(may)("may %s", async (_what, ...texts) => {
    expect(await as(logins.serverUrl, texts)).toBe("ok");
  });
  test.each(mayNot)("may not %s", async (_what, ...texts) => {
    expect(await as(logins.serverUrl, texts)).toBe(denied);
  });
});

describe("the worker's login", () => {
  const may: [string, ...string[]][] = [
    ["begin a request as the system", beginAs("enginejs_system")],
    ["begin one as a user", beginAs("enginejs_user")],
    ["read the model", "select * from enginejs.current_build()"],
    ["add jobs", "select graphile_worker.add_job('x')"],
  ];
  const mayNot: [string, ...string[]][] = [
    ["become the owner", "set role enginejs_owner"],
    ["become an action", "set role enginejs_action"],
    ["read builds", "select * from enginejs.build"],
    ["read keys", "select hash from enginejs.api_keys"],
    ["ask whose key it is", "select enginejs.authenticate_key('')"],
    ["write what administrators did", "select enginejs.record_administration('x', null, null, null)"],
    ["make a schema", "create schema mine"],
  ];
  test.each(may)("may %s", async (_what, ...texts) => {
    expect(await as(logins.workerUrl, texts)).toBe("ok");
  });
  test.each(mayNot)("may not %s", async (_what, ...texts) => {
    expect(await as(logins.workerUrl, texts)).toBe(denied);
  });

  test("sees the jobs that others added", async () => {
    await admin.query("select graphile_worker.add_job('seen')");
    const client = await connect(logins.workerUrl);
    const { rows } = await client.query("select task_identifier from graphile_worker.jobs");
    await client.end();
    expect(rows).toEqual([{ task_identifier: "seen" }]);
  });
});

async function as(url: string, texts: string[]): Promise<string> {
  const client = await connect(url);
  try {
    return await outcome(client, ...texts);
  } finally {
    await client.end();
  }
}

test("no function of the core is executable by everybody", async () => {
  const { rows } = await admin.query(
    `select p.oid::regprocedure::text as name
       from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
      where p.pronamespace = 'enginejs'::regnamespace and a.grantee = 0`,
  );
  expect(rows).toEqual([]);
});

test("every function that runs with its owner's rights fixes its search_path", async () => {
  const { rows } = await admin.query(
    `select oid::regprocedure::text as name from pg_proc
      where pronamespace = 'enginejs'::regnamespace and prosecdef
        and not coalesce(proconfig, '{}') @> array['search_path=""']`,
  );
  expect(rows).toEqual([]);
});

test("a function that is made later is executable by its owner alone", async () => {
  for (const owner of ["enginejs_owner", "enginejs_action", "enginejs_reader", "enginejs_writer"]) {
    const commands = [`set local role ${owner}`, "create function enginejs.later() returns int language sql return 1"];
    expect(await outcome(admin, ...commands, "set local role enginejs_user", "select enginejs.later()"), owner).toBe(
      denied,
    );
    expect(await outcome(admin, ...commands, "select enginejs.later()"), owner).toBe("ok");
  }
});

test("every table of enginejs_owner in the core has row level security, enabled and forced, and a policy for its owner", async () => {
  const { rows } = await admin.query(
    `select c.relname::text as name, c.relrowsecurity and c.relforcerowsecurity as forced,
       exists (select from pg_policy p where p.polrelid = c.oid and c.relowner = any (p.polroles) and p.polcmd = '*') as policy
       from pg_class c
      where c.relnamespace = 'enginejs'::regnamespace and c.relowner = 'enginejs_owner'::regrole and c.relkind in ('r', 'p')`,
  );
  expect(rows.map((row) => row.name)).toContain("build");
  expect(rows.filter((row) => !row.forced || !row.policy)).toEqual([]);
});

test("the planner puts the actor's functions in place", async () => {
  await admin.query("create table public.t (id uuid primary key)");
  const { rows } = await admin.query(
    "explain (verbose, costs off) select * from public.t where id = enginejs.actor_id() or enginejs.actor_roles() @> '{x}'",
  );
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).toContain("current_setting('enginejs.actor_id'::text, true)");
  expect(plan).not.toContain("actor_id()");
});

describe("names that hold quotes", () => {
  test("a database and its logins", async () => {
    const hostile = await createTestDatabase();
    const name = `enginejs "quoted' ${hostile.name} $$`;
    const elsewhere = await connect(database.administratorUrl);
    await hostile.client().then((client) => client.end());
    await elsewhere.query(
      `alter database ${elsewhere.escapeIdentifier(hostile.name)} rename to ${elsewhere.escapeIdentifier(name)}`,
    );
    const path = { pathname: `/${encodeURIComponent(name)}` };
    const administratorUrl = Object.assign(new URL(hostile.administratorUrl), path).href;
    try {
      await coreTemplate.build(Object.assign(new URL(hostile.url), path).href);
      const { serverUrl, workerUrl } = await ensureLogins(administratorUrl);
      await ensureLogins(administratorUrl);
      expect(await as(serverUrl, [beginAs("enginejs_user")])).toBe("ok");
      expect(await as(workerUrl, [beginAs("enginejs_system")])).toBe("ok");
    } finally {
      await elsewhere.query(`drop database ${elsewhere.escapeIdentifier(name)} with (force)`);
      for (const kind of ["server", "worker"] as const) {
        await elsewhere.query(`drop role if exists ${elsewhere.escapeIdentifier(loginName(name, kind))}`);
      }
      await elsewhere.end();
    }
  });

  test("a long name of many bytes is cut to one that PostgreSQL takes", () => {
    const long = "ü".repeat(31);
    expect(Buffer.byteLength(loginName(long, "server"))).toBeLessThanOrEqual(63);
    expect(loginName(long, "server")).not.toBe(loginName(`${long.slice(0, -1)}ö`, "server"));
    expect(loginName("shop", "worker")).toBe("enginejs_shop_worker");
  });
});
