import type pg from "pg";
import { moment } from "./moment.ts";

/**
 * What `--since` says, an age or an instant, by the database's clock; null where it is not given.
 *
 * @throws EJS1002
 */
export async function sinceOf(client: pg.Client, text: string | undefined): Promise<string | null> {
  if (text === undefined) return null;
  const { at, interval } = moment(text, "--since");
  if (at !== null) return at;
  const { rows } = await client.query<{ since: string }>("select (clock_timestamp() - $1::interval)::text as since", [
    interval,
  ]);
  return rows[0]?.since ?? null;
}
