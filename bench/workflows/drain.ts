/** Rows in, runs done: how long that takes, and what it costs the server. */
import type pg from "pg";
import { withClient } from "../with-client.ts";

interface Drain {
  readonly seconds: number;
  readonly walBytes: number;
  readonly transactions: number;
}

/** Inserts so many rows, fifty clients' worth at once, and waits until every run is done. */
export async function insertAndWait(url: string, table: string, count: number): Promise<Drain> {
  return withClient(url, async (client) => {
    const before = await costs(client);
    const begin = performance.now();
    for (let left = count; left > 0; left -= 1_000) {
      await client.query(`insert into app.${table} (n) select n from generate_series(1, $1) n`, [
        Math.min(left, 1_000),
      ]);
    }
    while (await unfinished(client)) await pause(10);
    const seconds = (performance.now() - begin) / 1000;
    const { rows } = await client.query<{ failed: string }>(
      "select count(*) as failed from enginejs.workflow_dead_letters",
    );
    if (rows[0]?.failed !== "0") throw new Error(`${rows[0]?.failed} runs failed`);
    const after = await costs(client);
    return { seconds, walBytes: after.wal - before.wal, transactions: after.transactions - before.transactions };
  });
}

export async function unfinished(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ some: boolean }>(
    "select exists (select from enginejs.workflow_events_pending) or exists (select from enginejs.workflow_runs_active) as some",
  );
  return rows[0]?.some === true;
}

async function costs(client: pg.Client): Promise<{ wal: number; transactions: number }> {
  const { rows } = await client.query<{ wal: string; transactions: string }>(
    "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as wal, xact_commit as transactions from pg_stat_database where datname = current_database()",
  );
  return { wal: Number(rows[0]?.wal), transactions: Number(rows[0]?.transactions) };
}

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
