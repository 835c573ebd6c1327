import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";

test("a test database is new, and gone after drop()", async () => {
  const database = await createTestDatabase();
  const client = await database.client();
  const { rows } = await client.query(
    "select current_database() as name, pg_encoding_to_char(encoding) as encoding from pg_database where datname = current_database()",
  );
  expect(rows).toEqual([{ name: database.name, encoding: "UTF8" }]);
  await database.drop();
  const late = new pg.Client({ connectionString: database.url });
  await expect(late.connect()).rejects.toMatchObject({ code: "3D000" });
});

test("a template is built once and copied", async () => {
  let built = 0;
  const template = {
    name: "test-database.test",
    version: String(process.pid),
    async build(url: string) {
      built++;
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query("create table t as select 1 as x");
      await client.end();
    },
  };
  const databases = await Promise.all([createTestDatabase({ template }), createTestDatabase({ template })]);
  for (const database of databases) {
    const client = await database.client();
    expect((await client.query("select x from t")).rows).toEqual([{ x: 1 }]);
    await database.drop();
  }
  expect(built).toBe(1);
});

test("a connection that was left open fails the drop", async () => {
  const database = await createTestDatabase();
  const leak = new pg.Client({ connectionString: database.url, application_name: "leaky pool" });
  leak.on("error", () => undefined);
  await leak.connect();
  await expect(database.drop()).rejects.toThrow(/1 connection\(s\) .*left open:\n {2}leaky pool as/);
});
