/**
 * What a writer pays for its events: inserts into the compiled InvoiceLine with and without our outbox triggers, by
 * pgbench (8 clients, prepared). Without pgbench on the machine, eight connections of this process do the same, and the
 * unit says so: their own work then hides a part of the difference.
 */
import { enginejs, startBenchServer } from "./bench-server.ts";
import { driver, load } from "./load.ts";
import { type Bench, inTurns, median, moreIsBetter } from "./measure.ts";
import { withClient } from "./with-client.ts";

const clients = 8;
const cases = [
  { name: "1 row", rows: 1 },
  { name: "10 rows", rows: 10 },
  { name: "100 rows", rows: 100 },
];

const statement = (rows: number) => `insert into app.invoice_line (tenant_id, invoice_id, description, quantity, price)
select b.tenant_id, b.id, 'position ' || line, line, 1000 + line
from generate_series(1, ${rows}) as line, bench.invoice as b
where b.n = :pick`;

const bench: Bench = {
  async *run({ smoke, turns: fewest, progress }) {
    const turns = smoke ? 1 : Math.max(11, fewest);
    const server = await startBenchServer();
    try {
      progress("building examples/invoicing twice");
      const ours = await prepare(await server.create("outbox_ours"), true);
      const peer = await prepare(await server.create("outbox_plain"), false);
      for (const { name, rows } of cases) {
        progress(`${name}: ${turns} turns each`);
        // Many short turns: what disturbs the machine for some seconds then hits both sides.
        const seconds = smoke ? 1 : 3;
        const wal = { ours: 0, peer: 0 };
        const measure = (url: string, side: "ours" | "peer") => async () => {
          await settle(url);
          const { perSecond, walPerRow } = await insertFor(url, seconds, rows);
          wal[side] = walPerRow;
          return perSecond;
        };
        const figures = await inTurns(turns, measure(ours, "ours"), measure(peer, "peer"));
        yield {
          case: name,
          ours: median(figures.ours),
          peer: median(figures.peer),
          peerName: "plain insert",
          unit: `statements/s, ${driver}`,
          ratio: moreIsBetter(median(figures.ours), median(figures.peer)),
          notes: { walBytesPerRow: Math.round(wal.ours), peerWalBytesPerRow: Math.round(wal.peer) },
        };
      }
    } finally {
      await server.stop();
    }
  },
};
export default bench;

async function prepare(url: string, events: boolean): Promise<string> {
  await enginejs("sql", "build", "--project", "examples/invoicing", "--database", url);
  await enginejs("seed", "--project", "examples/invoicing", "--database", url);
  await withClient(url, async (client) => {
    await client.query("create schema bench");
    await client.query(
      "create table bench.invoice as select row_number() over (order by id) as n, tenant_id, id from app.invoice limit 1000",
    );
    await client.query("alter table bench.invoice add primary key (n)");
    if (!events) {
      const { rows } = await client.query(
        "select tgname from pg_trigger where tgrelid = 'app.invoice_line'::regclass and tgname ~ '^90_emit'",
      );
      if (rows.length === 0) throw new Error("app.invoice_line has no outbox trigger: nothing would be compared");
      for (const { tgname } of rows)
        await client.query(`drop trigger ${client.escapeIdentifier(tgname)} on app.invoice_line`);
    }
  });
  return url;
}

/**
 * No checkpoint in the middle of a turn. The tables of both sides grow from turn to turn, as they do in life: emptied
 * ones would have to be extended on one side and refilled on the other.
 */
async function settle(url: string): Promise<void> {
  await withClient(url, (client) => client.query("checkpoint"));
}

async function insertFor(
  url: string,
  seconds: number,
  rows: number,
): Promise<{ perSecond: number; walPerRow: number }> {
  return withClient(url, async (client) => {
    const wal = async () =>
      (await client.query<{ lsn: string }>("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as lsn"))
        .rows[0]?.lsn ?? "0";
    const count = async () =>
      Number((await client.query<{ n: string }>("select count(*) as n from app.invoice_line")).rows[0]?.n);
    const [walBefore, rowsBefore] = [Number(await wal()), await count()];
    const perSecond = await load({ url, seconds, clients, pick: { pick: [1, 1000] }, statements: [statement(rows)] });
    return { perSecond, walPerRow: (Number(await wal()) - walBefore) / Math.max(1, (await count()) - rowsBefore) };
  });
}
