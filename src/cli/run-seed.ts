import type pg from "pg";
import { connect } from "../database/connection.ts";
import { requireWritable } from "../database/require-server.ts";
import type { SeedDeclaration } from "../dsl/seed.ts";
import type { Log } from "../dsl/task.ts";
import { EngineError } from "../errors/engine-error.ts";
import { projectError } from "../project/project-error.ts";

/**
 * Runs a seed as the owner of the tables, in one transaction.
 *
 * @throws EJS1034 where nothing is built into the database, EJS1036 with the database's words; nothing of the seed is kept then
 */
export async function runSeed(url: string, seed: SeedDeclaration, log: Log): Promise<void> {
  const client = await connect(url, { applicationName: "enginejs seed" });
  try {
    const { rows } = await client.query<{ built: boolean }>("select to_regnamespace('enginejs') is not null as built");
    if (rows[0]?.built !== true) throw projectError("EJS1034", "Nothing was built into this database yet.");
    await requireWritable(client);
    await client.query("begin");
    await client.query("set local role enginejs_owner");
    await seed.run({
      query: async (sql, parameters = []) => {
        const { rows, rowCount } = await client.query(sql, [...parameters]);
        return { rows, rowCount };
      },
      log,
    });
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    if (error instanceof EngineError) throw error;
    const { message, detail, where } = error as pg.DatabaseError;
    const context = [detail, where?.split("\n")[0]].filter((text) => text !== undefined).join("\n");
    throw projectError("EJS1036", message, { hint: context || undefined, cause: error });
  } finally {
    await client.end();
  }
}
