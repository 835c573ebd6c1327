/** The plans of a query and of every function in it: which large tables are read as a whole. */
import pg from "pg";

/** Tables that are small are read as a whole on purpose. */
const large = 5_000;

/**
 * Runs a query as its actor and reads, from auto_explain's messages, the plans of it and of the functions that it calls.
 *
 * @returns the large tables that a plan scans from the first to the last row
 */
export async function nestedPlans(url: string, query: string, begin: string): Promise<string[]> {
  const client = new pg.Client(url);
  const plans: string[] = [];
  client.on("notice", ({ message }) => plans.push(message ?? ""));
  await client.connect();
  try {
    const { rows } = await client.query<{ relname: string }>(
      "select relname from pg_class where relkind = 'r' and reltuples > $1",
      [large],
    );
    await client.query("load 'auto_explain'");
    await client.query("set auto_explain.log_min_duration = 0");
    await client.query("set auto_explain.log_nested_statements = on");
    await client.query("set auto_explain.log_level = 'notice'");
    await client.query("begin");
    await client.query(begin);
    plans.length = 0;
    await client.query(query);
    await client.query("rollback");
    if (plans.length === 0) throw new Error("auto_explain said nothing");
    const text = plans.join("\n");
    return rows.map(({ relname }) => relname).filter((name) => new RegExp(`Seq Scan on "?${name}"?\\b`).test(text));
  } finally {
    await client.end();
  }
}
