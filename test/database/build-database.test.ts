/** A whole build of a database: what fails leaves nothing, two at once are one after the other. */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildDatabase } from "../../src/database/build-database.ts";
import { coreText } from "../../src/database/core-sql.ts";
import { migrate } from "../../src/database/migrate.ts";
import { compile } from "../../src/dsl-to-sql/index.ts";
import { buildSystem, scalar, text } from "../dsl-to-sql/support/system-builder.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { workflowOf } from "../tasks/support/invoicing-database.ts";

let database: TestDatabase;
let client: pg.Client;
/** A superuser: event triggers, roles and another's end of a connection are nobody else's to make. */
let administrator: pg.Client;

beforeEach(async () => {
  database = await createTestDatabase();
  client = await database.client();
  administrator = await database.administrator();
});
afterEach(() => database.drop());

const note = { fields: { body: { type: text(99) }, rank: { type: scalar("integer") } } } as const;
const compiled = compile(buildSystem({ entities: { Note: note } }));

/** Every object outside PostgreSQL's own schemas, and the rights that new ones get. */
async function state(): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(`
    select format('schema %s', nspname) as line from pg_namespace where nspname !~ '^pg_(toast|temp)'
    union all
    select format('relation %s', oid::regclass) from pg_class where relnamespace > 16383 or relnamespace = 'public'::regnamespace
    union all
    select format('routine %s', oid::regprocedure) from pg_proc where pronamespace > 16383 or pronamespace = 'public'::regnamespace
    union all
    select format('rights %s %s', pg_get_userbyid(defaclrole), defaclacl) from pg_default_acl
    order by 1`);
  return rows.map(({ line }) => line);
}

/** Fails in the middle of the application, where no look before could have told. */
const sabotage = `
  create function public.refuse() returns event_trigger language plpgsql security definer as $$
    begin
      if to_regclass('app.note') is not null then raise exception 'not today'; end if;
    end $$;
  create event trigger sabotage on ddl_command_end when tag in ('CREATE POLICY') execute function public.refuse()`;

describe("a first build that fails", () => {
  test("half-way takes out the core that it brought", async () => {
    await administrator.query(sabotage);
    const before = await state();
    await expect(buildDatabase(database.url, { compiled })).rejects.toMatchObject({
      code: "EJS4030",
      message: expect.stringContaining("not today"),
    });
    expect(await state()).toEqual(before);
    await administrator.query("drop event trigger sabotage");
    expect(await buildDatabase(database.url, { compiled })).toMatchObject({ applied: true });
  });

  test("takes it out also as an owner who is no superuser", async () => {
    const builder = `builder_${randomBytes(4).toString("hex")}`;
    await migrate(database.url);
    // As an administrator gives them; nobody inherits enginejs_action.
    const action = `grant enginejs_action to ${builder} with inherit false, set true`;
    await administrator.query(`
      create role ${builder} login password 'builder';
      grant enginejs_owner, enginejs_reader, enginejs_writer to ${builder};
      do $$ begin
        if current_setting('server_version_num')::int < 160000 then grant enginejs_action to ${builder};
        else execute '${action}'; end if;
      end $$;
      grant create on database ${database.name} to ${builder}`);
    await client.query(coreText("queries/drop_core.sql").replace("set local lock_timeout = '5s';", ""));
    await administrator.query(sabotage);
    const before = await state();
    const url = Object.assign(new URL(database.url), { username: builder, password: "builder" }).href;
    try {
      await expect(buildDatabase(url, { compiled })).rejects.toMatchObject({
        diagnostics: [{ code: "EJS4030", message: expect.stringContaining("not today") }],
      });
      expect(await state()).toEqual(before);
    } finally {
      await administrator.query(`drop owned by ${builder}; drop role ${builder}`);
    }
  });

  test("of a lost connection says that the core stays, and the next build goes on from there", async () => {
    await administrator.query(
      sabotage.replace("raise exception 'not today'", "perform pg_terminate_backend(pg_backend_pid())"),
    );
    await expect(buildDatabase(database.url, { compiled })).rejects.toMatchObject({
      diagnostics: [{ code: "EJS4030" }, { code: "EJS4035", message: expect.stringContaining("could not be removed") }],
    });
    await administrator.query("drop event trigger sabotage");
    expect(await buildDatabase(database.url, { compiled })).toMatchObject({ applied: true });
  });

  test("leaves a core that was there before", async () => {
    await migrate(database.url);
    await administrator.query(sabotage);
    const before = await state();
    await expect(buildDatabase(database.url, { compiled })).rejects.toMatchObject({ code: "EJS4030" });
    expect(await state()).toEqual(before);
  });

  test("leaves a schema of one of the core's names that was there before", async () => {
    await client.query("create schema graphile_worker; create table graphile_worker.mine (x int)");
    await administrator.query(sabotage);
    await expect(buildDatabase(database.url, { compiled })).rejects.toThrow();
    expect(await state()).toContain("relation graphile_worker.mine");
  });

  test("over a name that is taken, before anything is written: every one is named", async () => {
    await client.query(`create schema app; create table app.note (x int); create view app.note_pkey as select 1 as x`);
    const owner = (await client.query("select current_user as name")).rows[0].name;
    const before = await state();
    for (const dryRun of [true, false]) {
      // The owner comes first: whose schema it is decides about everything in it.
      await expect(buildDatabase(database.url, { compiled, dryRun })).rejects.toThrow(`belongs to "${owner}"`);
    }
    await client.query(`
      do $$ begin
        if to_regrole('enginejs_owner') is null then create role enginejs_owner nologin; end if;
      end $$;
      alter schema app owner to enginejs_owner`);
    for (const dryRun of [true, false]) {
      await expect(buildDatabase(database.url, { compiled, dryRun })).rejects.toMatchObject({
        diagnostics: [
          { code: "EJS4036", message: expect.stringContaining("table app.note is there already") },
          { code: "EJS4036", message: expect.stringContaining("view app.note_pkey is there already") },
        ],
      });
    }
    expect(await state()).toEqual(before);
  });
});

test("identical builds at once: one applies, the others find nothing to do", async () => {
  const built = await Promise.all([1, 2, 3].map(() => buildDatabase(database.url, { compiled })));
  expect(built.map(({ applied }) => applied).sort()).toEqual([false, false, true]);
  expect(built.filter(({ planned }) => planned.plan.empty)).toHaveLength(2);
  expect((await client.query("select count(*)::int as builds from enginejs.build")).rows).toEqual([{ builds: 1 }]);
});

test("a workflow that is removed while runs of it are not finished: their number is told, before anything is applied", async () => {
  const system = buildSystem({ entities: { Note: note } });
  const named = (name: string) =>
    workflowOf({
      name,
      trigger: { kind: "manual" },
      as: "system",
      nodes: [{ id: "said", kind: "log", level: "info", message: name, values: {} }],
    });
  const withWorkflows = (...names: string[]) => compile({ ...system, workflows: names.map(named) });
  await buildDatabase(database.url, { compiled: withWorkflows("kept", "busy", "idle") });
  await client.query(
    `insert into enginejs.workflow_runs_active (id, definition_id, event_id, segment)
     select enginejs.workflow_run_id(n, d.name), d.id, n, 1 from enginejs.workflow_definitions d, generate_series(1, 2) n
     where d.name in ('busy', 'kept')`,
  );
  await client.query(
    `insert into enginejs.workflow_runs_parked (id, definition_id, event_id, segment, status)
     select enginejs.workflow_run_id(3, d.name), d.id, 3, 1, 'waiting' from enginejs.workflow_definitions d where d.name = 'busy'`,
  );
  await client.query("insert into enginejs.workflow_events_held (event_id, segment, workflow) values (4, 1, 'busy')");
  const options = { compiled: withWorkflows("kept", "other") };
  const expected = [
    expect.objectContaining({
      code: "EJS4037",
      severity: "warning",
      message:
        'The workflow "busy" is removed and has 3 runs not finished: each fails (EJS6010) when it would go on, and 1 event kept by its pause: no run follows. Under its new name "other" it is another workflow.',
    }),
  ];
  expect((await buildDatabase(database.url, { ...options, dryRun: true })).planned.warnings).toEqual(expected);
  expect((await buildDatabase(database.url, options)).planned.warnings).toEqual(expected);
  expect((await buildDatabase(database.url, options)).planned.warnings).toEqual([]);
});

test("another build that goes on too long is told", async () => {
  await client.query("select pg_advisory_lock($1, $2)", [0x656a73, 0x6275696c]);
  const waiting = buildDatabase(database.url, { compiled, lockTimeout: 100 });
  await expect(waiting).rejects.toMatchObject({ code: "EJS4031" });
  expect(await state()).not.toContain("schema enginejs");
});

test("a read-only database is told before anything else; looking at it is allowed", async () => {
  await administrator.query(`alter database ${database.name} set default_transaction_read_only = on`);
  await expect(buildDatabase(database.url, { compiled })).rejects.toMatchObject({
    code: "EJS4019",
    message: expect.stringContaining("is read-only: default_transaction_read_only is on"),
  });
  expect(await buildDatabase(database.url, { compiled, dryRun: true })).toMatchObject({ applied: false });
});
