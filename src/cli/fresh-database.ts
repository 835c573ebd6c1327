import { connect } from "../database/connection.ts";
import type { System } from "../model/index.ts";
import { quoteIdentifier } from "../sql-ast/quote.ts";

/** True where no table of the model holds a row: demo data belongs there and nowhere else. */
export async function isFreshDatabase(url: string, { schema, entities }: System): Promise<boolean> {
  const client = await connect(url);
  try {
    await client.query("begin read only");
    await client.query("set local role enginejs_owner");
    for (const { table } of entities) {
      const name = `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
      const { rowCount } = await client.query(`select from ${name} limit 1`);
      if (rowCount) return false;
    }
    return true;
  } finally {
    await client.end();
  }
}
