/** The lints that read statistics: these are kept outside of transactions. */
import { expect, test } from "vitest";
import { examineDatabase } from "../../src/doctor/examine-database.ts";
import { readLints } from "../../src/doctor/lint.ts";
import { createTestDatabase } from "../support/database.ts";

const lints = readLints().filter(({ id }) => id === "unused-index" || id === "table-bloat");

test("unused indexes and bloat are found, and the fixes mend them", async () => {
  const database = await createTestDatabase();
  try {
    const client = await database.client();
    const flush = () => client.query("select pg_stat_force_next_flush()");
    await client.query(`
      create table "Bus""y $$" (id int primary key, a int, b int) with (autovacuum_enabled = off);
      create index "Un""used" on "Bus""y $$" (a); create index used on "Bus""y $$" (b);
      create table idle (a int); create index idle_a on idle (a);
      insert into "Bus""y $$" select n, n, n from generate_series(1, 12000) n; analyze "Bus""y $$"`);
    await client.query("set enable_seqscan = off");
    for (let n = 0; n < 60; n++) await client.query(`select from "Bus""y $$" where b = ${n}`);
    await client.query(`delete from "Bus""y $$" where id > 500`);
    await flush();
    const look = async () => (await examineDatabase(database.url, lints)).findings;
    const found = await look();
    expect(found.map(({ id, level, object }) => `${level} ${id} ${object}`)).toEqual([
      'info table-bloat public."Bus""y $$"',
      'info unused-index public."Un""used"',
    ]);
    for (const { fix } of found) await client.query(fix ?? "the fix is missing");
    await flush();
    expect(await look()).toEqual([]);
  } finally {
    await database.drop();
  }
});
