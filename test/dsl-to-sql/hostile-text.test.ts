/** Texts of a model that would be SQL if they were glued: harmless in every slot that takes one. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPlan, planBuild } from "../../src/database/apply.ts";
import { compile, sqlFiles } from "../../src/dsl-to-sql/index.ts";
import type { System } from "../../src/model/index.ts";
import { hasPsql, psql } from "../support/psql.ts";
import { type CoreDatabase, servers } from "./support/servers.ts";
import { buildSystem, scalar, state, text } from "./support/system-builder.ts";

const HOSTILE = [
  "'; drop schema app cascade; --",
  "\\'; drop schema app cascade; --",
  "$$; drop schema app cascade; --",
  "$function$; drop schema app cascade; --",
  "*/ drop schema app cascade; --",
  '"; drop schema app cascade; --',
  "@omit",
  "%s %I %L %%",
  "a\nb\r\n-- c\nend; $function$ language sql;",
  "\\",
  "ünïcödé 🦀 \u2028 \u202e",
  `$${"{process.exit(1)}"}`,
];
const quoted = (value: string): string => JSON.stringify(value);

/** One entity per text, which stands in every slot that takes one. */
function hostileSystem(): System {
  const entities = Object.fromEntries(
    HOSTILE.map((value, index) => [
      `Thing${index}`,
      {
        description: value,
        fields: {
          name: { type: text(500), required: true, description: value, default: { kind: "value" as const, value } },
          note: { type: scalar("json"), default: { kind: "value" as const, value: { [value]: value } } },
          status: { type: state(["a", value], value), description: value },
          twin: { type: text(500), virtual: quoted(value), description: value },
          copy: { type: text(500), generated: `row.name + ${quoted(value)}` },
        },
        rules: { other: { expression: `row.name != ${quoted(`${value}!`)}`, message: value } },
        policies: [
          [["read", "update"], value, `row.name == ${quoted(value)} || row.twin == ${quoted(value)}`],
        ] as const,
        actions: {
          go: {
            description: value,
            transition: { field: "status", from: [value], to: "a" },
            allow: { name: value, expression: `row.name == ${quoted(value)}` },
            guards: [{ expression: `row.name != "never" && input.word != ${quoted(value)}`, message: value }],
            input: { word: { type: text(500), default: { kind: "value" as const, value: "w" } } },
          },
        },
      },
    ]),
  );
  return buildSystem({ entities });
}

const id = "00000000-0000-7000-8000-000000000001";

describe.each(servers)("on $name", ({ create, missing }) => {
  let database: CoreDatabase;
  let client: pg.Client;
  const system = hostileSystem();
  const compiled = compile(system, {
    "Thing0.policies.x": { file: "'; drop schema app cascade; --.ts", line: 1, column: 1 },
    Thing0: { file: "'; drop schema app cascade; --\n.ts", line: 1, column: 1 },
  });
  beforeAll(async () => {
    if (missing) return;
    database = await create();
    client = await database.client();
    const { plan } = await planBuild(client, compiled);
    await applyPlan(client, plan, { system, compiled });
  });
  afterAll(() => database?.drop());

  test.skipIf(missing)("everything is there, and built again there is nothing to do", async () => {
    const { rows } = await client.query(
      "select count(*)::int as tables from pg_class where relnamespace = 'app'::regnamespace and relkind = 'r'",
    );
    expect(rows).toEqual([{ tables: HOSTILE.length }]);
    expect((await planBuild(client, compiled)).plan.empty).toBe(true);
  });

  HOSTILE.forEach((value, index) => {
    test.skipIf(missing)(`${JSON.stringify(value)} comes back as it was written`, async () => {
      const table = `app.thing${index}`;
      const comment = `\n${value}${index === 0 ? "\n'; drop schema app cascade; --\n.ts:1" : ""}`;
      const { rows } = await client.query(
        `insert into ${table} (id) values ($1) returning name, note, status, copy, app.thing${index}_twin(thing${index}) as twin,
           obj_description($2::regclass, 'pg_class') as comment`,
        [id, table],
      );
      expect(rows[0]).toMatchObject({
        name: value,
        note: { [value]: value },
        status: value,
        copy: value + value,
        twin: value,
        comment,
      });

      const message = async (sql: string): Promise<string> => {
        await client.query("begin");
        await client.query("select enginejs.begin_request('enginejs_user', $1, null, null, null, null)", [id]);
        const error = await client.query(sql, [id, value]).catch((e: Error) => e);
        await client.query("rollback");
        return error instanceof Error ? error.message : "";
      };
      expect(await message(`select from app.go_thing${index}($1, $2)`)).toBe(value);
      await client.query("begin");
      await client.query("select enginejs.begin_request('enginejs_user', $1, null, null, null, null)", [id]);
      const acted = await client.query(`select status from app.go_thing${index}($1)`, [id]);
      expect(acted.rows).toEqual([{ status: "a" }]);
      const again = await client.query(`select from app.go_thing${index}($1)`, [id]).catch((e: Error) => e);
      expect((again as Error).message).toBe(`Thing${index}.go needs the state "${value}", this one is "a"`);
      await client.query("rollback");
      await expect(
        client.query(`update ${table} set name = $2 where id = $1`, [id, `${value}!`]),
      ).rejects.toMatchObject({
        code: "23514",
      });
      const refused = client.query(`update ${table} set status = 'a' where id = $1; `, [id]);
      await refused;
      await expect(client.query(`update ${table} set status = $2 where id = $1`, [id, value])).rejects.toMatchObject({
        code: "EJ409",
      });
    });
  });

  test.skipIf(missing || !hasPsql)("the files say the same, run by psql", async () => {
    const other = await database.client();
    await other.query("drop schema app cascade");
    const files = new Map(sqlFiles(compiled).map(({ path, text }) => [path, text]));
    const order = (files.get("sql/order") ?? "").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(order.length).toBe(files.size - 1);
    const folder = await mkdtemp(join(tmpdir(), "enginejs-hostile-"));
    const script = join(folder, "build.sql");
    await writeFile(script, order.map((path) => files.get(`sql/${path}`)).join("\n"));
    const { status, stderr } = psql(database.url, "-q", "-1", "-f", script);
    await rm(folder, { recursive: true });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect((await planBuild(client, compiled)).drifted).toBe(false);
  });
});
