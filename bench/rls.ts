/**
 * What row level security costs: lists, single rows and counts of a million documents of a thousand tenants, under the
 * compiled policies, beside the same query with the filter written out by hand and no row level security, and beside a
 * policy as it is often first written (functions not wrapped, no index; shown).
 *
 * Each case in two forms: as a request (begin_request, the query and the commit in one pipeline, on both sides) and bare
 * (role and actor set once per connection, only the query is timed). Both sides are checked to return the same rows, and
 * no plan of ours may read a whole large table.
 *
 * By hand is what a careful application sends: a prepared statement that is given the tenant and the actor as parameters,
 * so that neither side has constants to plan with. In requests somebody else asks each time, and pgbench makes no ids:
 * there `bench.id(…)` makes them out of numbers where they stand, one or two microseconds each. The document of a `get` is
 * another one each time, on both sides the same expression.
 *
 * Turns of a second in pairs, the ratio being the median of the pairs' ratios; `half between` tells the spread: a machine
 * that does other things moves single figures by a quarter, and both of a pair alike.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { enginejs, startBenchServer } from "./bench-server.ts";
import { driver, load } from "./load.ts";
import { type Bench, moreIsBetter, type Result } from "./measure.ts";
import { cases, queries, type RlsCase, type RlsQuery } from "./rls/cases.ts";
import { nestedPlans } from "./rls/nested-plans.ts";
import { pairedTurns } from "./rls/paired-turns.ts";
import { writeRlsProject } from "./rls/project.ts";
import { withClient } from "./with-client.ts";

const clients = 4;
const seconds = 1;
/** Of each case in each form: with five cases, three queries and two forms nine minutes. */
const pairs = 9;

interface Size {
  readonly tenants: number;
  readonly documents: number;
}

const bench: Bench = {
  async *run({ smoke, turns: smokePairs, progress }) {
    const size: Size = smoke ? { tenants: 20, documents: 20_000 } : { tenants: 1_000, documents: 1_000_000 };
    const server = await startBenchServer();
    // Below the checkout, so that `import "enginejs"` finds this very version.
    const folder = await mkdtemp(join(import.meta.dirname, ".projects-"));
    try {
      const url = await server.create("rls");
      let filled = false;
      for (const one of cases) {
        progress(`${one.name}: building`);
        await writeRlsProject(folder, one.rule);
        await enginejs("sql", "build", "--project", folder, "--database", url);
        if (!filled) {
          progress(`${size.documents} documents`);
          await fill(url, size);
          filled = true;
        }
        await withClient(url, (client) => setNaivePolicy(client, one));
        for (const query of queries) {
          progress(`${one.name} ${query.name}`);
          yield* measure(url, one, query, size, smoke ? smokePairs : pairs);
        }
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
      await server.stop();
    }
  },
};
export default bench;

async function fill(url: string, { tenants, documents }: Size): Promise<void> {
  await withClient(url, async (client) => {
    // Only for the filling: keys are checked by what makes them.
    await client.query("set session_replication_role = replica");
    const data = await readFile(join(import.meta.dirname, "rls/data.sql"), "utf8");
    await client.query(data.replaceAll(":tenants", String(tenants)).replaceAll(":documents", String(documents)));
    await client.query(await readFile(join(import.meta.dirname, "rls/naive.sql"), "utf8"));
    await client.query("set session_replication_role = origin");
    await client.query("vacuum analyze");
    await client.query("checkpoint");
  });
}

async function setNaivePolicy(client: pg.Client, { naive }: RlsCase): Promise<void> {
  await client.query("drop policy if exists naive on bench.naive");
  await client.query(`create policy naive on bench.naive for select using (${naive})`);
}

/** A person of a tenant, a document of it: at random for each transaction. */
const pick = ({ tenants, documents }: Size) =>
  ({ t: [1, tenants], u: [1, 10], n: [0, Math.floor(documents / tenants) - 1] }) as const;
const tenant = "bench.id(1, :t)";
const actor = "bench.id(2, (:t - 1) * 10 + :u)";
const document = (tenants: number): string => `bench.id(6, :n::bigint * ${tenants} + :t - 1)`;

const fixed = { t: 7, u: 3 };
const fixedText = (text: string, { tenants }: Size): string =>
  text
    .replaceAll("$tenant", `bench.id(1, ${fixed.t})`)
    .replaceAll("$actor", `bench.id(2, ${(fixed.t - 1) * 10 + fixed.u})`)
    .replaceAll("$document", `bench.id(6, ${2 * tenants + fixed.t - 1})`);

async function* measure(url: string, one: RlsCase, query: RlsQuery, size: Size, pairs: number): AsyncIterable<Result> {
  const ours = query.text("app.document");
  const byHand = query.text("bench.document", one.byHand);
  const naive = query.text("bench.naive");
  await requireSameRows(url, ours, byHand, naive, size);
  const wholeTables = await nestedPlans(url, fixedText(ours, size), begin);
  if (wholeTables.length > 0) {
    throw new Error(`${one.name} ${query.name}: the plan reads ${wholeTables.join(", ")} as a whole`);
  }

  const text = (sql: string) =>
    sql.replaceAll("$tenant", tenant).replaceAll("$actor", actor).replaceAll("$document", document(size.tenants));
  const asRequest = (sql: string) => () =>
    load({
      url,
      seconds,
      clients,
      pick: pick(size),
      statements: [
        "begin",
        `select enginejs.begin_request('enginejs_user', ${actor}, ${tenant}, null, 5000, 'bench')`,
        text(sql),
        "commit",
      ],
    });
  // The actor stays the same for the connection: what is timed is the query alone.
  const bare = (sql: string) => () =>
    load({
      url,
      seconds,
      clients,
      pick: { n: pick(size).n },
      given: { tenant: fixedIds.tenant, actor: fixedIds.actor },
      statements: [
        sql
          .replaceAll("$tenant", ":tenant")
          .replaceAll("$actor", ":actor")
          .replaceAll("$document", document(size.tenants).replaceAll(":t", String(fixed.t))),
      ],
      settings: {
        role: "enginejs_user",
        "enginejs.actor_id": fixedIds.actor,
        "enginejs.tenant_id": fixedIds.tenant,
        "enginejs.roles": "{member}",
      },
    });
  for (const [form, run] of [
    ["", asRequest],
    [", bare", bare],
  ] as const) {
    const { spread, ...figures } = await pairedTurns(pairs, run(ours), run(byHand));
    yield {
      case: `${one.name} ${query.name}${form}`,
      ...figures,
      peerName: "by hand",
      unit: `statements/s, ${driver}`,
      ...(pairs > 1 && { notes: { "half between": spread } }),
    };
  }
  const naiveFigure = await bare(naive)();
  const oursFigure = await bare(ours)();
  yield {
    case: `${one.name} ${query.name} vs naive policy`,
    ours: oursFigure,
    peer: naiveFigure,
    peerName: "naive policy",
    unit: `statements/s, ${driver}`,
    ratio: moreIsBetter(oursFigure, naiveFigure),
  };
}

const id = (kind: number, n: number): string => `${kind}0000000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const fixedIds = { tenant: id(1, fixed.t), actor: id(2, (fixed.t - 1) * 10 + fixed.u) };

const begin = `select enginejs.begin_request('enginejs_user', '${fixedIds.actor}', '${fixedIds.tenant}', null, null, 'bench')`;

/** Nothing is compared that does not give the same answer, and an empty one proves nothing. */
async function requireSameRows(url: string, ours: string, byHand: string, naive: string, size: Size): Promise<void> {
  await withClient(url, async (client) => {
    const answers: string[] = [];
    for (const sql of [ours, byHand, naive]) {
      await client.query("begin");
      await client.query(begin);
      const { rows } = await client.query(fixedText(sql, size));
      await client.query("rollback");
      answers.push(JSON.stringify(rows));
    }
    if (new Set(answers).size !== 1)
      throw new Error(`different answers to ${ours}:\n${answers.join("\n").slice(0, 2000)}`);
    if (answers[0] === '[{"count":"0"}]') throw new Error(`${ours}: nothing is counted`);
  });
}
