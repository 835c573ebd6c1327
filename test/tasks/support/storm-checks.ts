/** What must be true after a storm, whatever happened in it. */
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { Shape } from "./storm-workflows.ts";
import { turnWorkflows } from "./storm-workflows.ts";
import type { Beginning, StormWorld } from "./storm-world.ts";
import type { Written } from "./storm-writers.ts";

interface Ended {
  readonly workflow: string;
  readonly status: string;
  readonly email: string;
  readonly runs: number;
  readonly error: string | null;
}

/** Everything that is not at its end yet; empty when the storm is over. */
export async function leftOver(world: StormWorld): Promise<string[]> {
  const rows = await world.rows<{ what: string; n: number }>(`
    select 'pending' as what, count(*)::int as n from enginejs.workflow_events_pending
    union all select 'held', count(*) from enginejs.workflow_events_held
    union all select 'active: ' || status, count(*) from enginejs.workflow_runs_active group by status
    union all select 'parked', count(*) from enginejs.workflow_runs_parked
    union all select 'turns', count(*) from enginejs.workflow_turns
    union all select 'waits', count(*) from enginejs.workflow_waits
    union all select 'signals', count(*) from enginejs.workflow_signals
    union all select 'jobs', count(*) from graphile_worker._private_jobs
    union all select 'outbox: ' || status, count(*) from enginejs.workflow_events_outbox
      where status in ('pending', 'processing') group by status`);
  return rows.filter(({ n }) => n > 0).map(({ what, n }) => `${n} ${what}`);
}

/** Each row that a shape begins with, however it was written, has its run, ended as expected, and its effects once. */
export async function expectRunsAndEffects(
  world: StormWorld,
  shapes: readonly Shape[],
  written: readonly Written[],
  /** Teams begin every shape, customers the one of their name. */
  entity: "team" | "customer",
): Promise<number> {
  const names = shapes.map(({ name }) => name);
  const rows = await world.rows<{ email: string; shape: string }>(
    entity === "team"
      ? "select t.name as email, unnest($1::text[]) as shape from app.team t where t.name like 'w%-%'"
      : "select email, name as shape from app.customer where name = any ($1)",
    [names],
  );
  const there = new Set(rows.map(({ email }) => email));
  expect(written.flatMap(({ committed }) => committed).filter((email) => !there.has(email))).toEqual([]);
  expect(written.flatMap(({ rolledBack }) => rolledBack).filter((email) => there.has(email))).toEqual([]);

  const runs = await world.rows<Ended>(
    `select r.workflow, r.status, e.after ->> case when e.model = 'Team' then 'name' else 'email' end as email, count(*)::int as runs,
       max(r.error) as error
     from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
     where r.workflow = any ($1) group by 1, 2, 3`,
    [names],
  );
  const ends = new Map(shapes.map(({ name, ends }) => [name, ends]));
  const expected = rows.map(({ email, shape }) => `${shape} ${email} ${ends.get(shape)} 1`);
  const actual = runs.map(({ workflow, email, status, runs }) => `${workflow} ${email} ${status} ${runs}`);
  const wanted = new Set(expected);
  const wrong = runs.filter((_, i) => !wanted.has(actual[i] ?? ""));
  expectSame(
    actual,
    expected,
    wrong
      .map(({ workflow, error }) => `${workflow}: ${error}`)
      .slice(0, 5)
      .join("\n"),
  );

  const effects = await world.rows<{ name: string; email: string; n: number }>(
    "select name, email, count(*)::int as n from app.customer where name <> all ($1) and email like 'w%-%' group by 1, 2",
    [names],
  );
  const all = shapes.flatMap(({ name, effects }) => effects.map((effect) => ({ name, effect })));
  expectSame(
    effects.map(({ name, email, n }) => `${name} ${email} ${n}`),
    // "of an errand" may come of several shapes.
    [
      ...count(
        rows.flatMap((row) =>
          all.filter(({ name }) => name === row.shape).map(({ effect }) => `${effect} ${row.email}`),
        ),
      ),
    ].map(([effect, n]) => `${effect} ${n}`),
  );
  return rows.length;
}

/** Those that take turns have all ended well, each once. */
export async function expectTurns(world: StormWorld): Promise<void> {
  const rows = await world.rows<{ workflow: string; status: string; key: string; n: number }>(
    `select r.workflow, r.status, e.input ->> 'key' as key, (e.input -> 'n')::int as n
     from enginejs.workflow_runs r join enginejs.workflow_events e on e.id = r.event_id and e.segment = r.segment
     where r.workflow = any ($1)`,
    [turnWorkflows],
  );
  expect(rows.filter(({ status }) => status !== "done")).toEqual([]);
  expect(new Set(rows.map(({ workflow, key, n }) => `${workflow} ${key} ${n}`)).size).toBe(rows.length);
  // By key, no number begins after a greater one has.
  const greatest = new Map<string, number>();
  const wrong: Beginning[] = [];
  for (const beginning of world.beginnings()) {
    const { key, n } = beginning.about as { key?: string; n?: number };
    if (key === undefined || n === undefined || !key.includes("in-order") || world.byZombie(beginning)) continue;
    if (n < (greatest.get(key) ?? 0)) wrong.push(beginning);
    greatest.set(key, Math.max(n, greatest.get(key) ?? 0));
  }
  expect(wrong).toEqual([]);
}

/** What exceeds its limit, looked at again and again until told to stop. */
export async function watchLimits(world: StormWorld, signal: AbortSignal): Promise<string[]> {
  const exceeded: string[] = [];
  while (!signal.aborted) {
    const rows = await world
      .rows<{ key: string; n: number }>(
        `select concurrency_key as key, count(*)::int as n from enginejs.workflow_turns
         where workflow = 'few-at-once' and state = 'begun' group by 1 having count(*) > 2`,
      )
      .catch(() => []);
    exceeded.push(...rows.map(({ key, n }) => `${n} of ${key}`));
    await delay(300);
  }
  return exceeded;
}

/** Every second had its tick, and each tick its run. */
export async function expectTicks(world: StormWorld): Promise<void> {
  const ticks = await world.rows<{ at: number; status: string | null }>(
    `select extract(epoch from t.tick_at)::int as at, r.status from enginejs.workflow_ticks t
     left join enginejs.workflow_runs r on r.id = t.run_id
     where t.workflow = 'ticking' and t.tick_at < clock_timestamp() - interval '10 s' order by 1`,
  );
  expect(ticks.filter(({ status }) => status !== "done")).toEqual([]);
  const first = ticks[0]?.at ?? 0;
  expect(ticks.map(({ at }) => at)).toEqual(ticks.map((_, i) => first + i));
}

/**
 * Each outside step that has a result has begun under its own key, and the result is that of one of its beginnings; none has
 * begun again after that result was kept, but by a process that had stood still meanwhile.
 */
export async function expectKeysAndCheckpoints(world: StormWorld): Promise<{ kept: number; begun: number }> {
  const kept = await world.rows<{ key: string; token: string; at: number }>(
    `select run_id || ':' || step as key, output ->> 'token' as token, extract(epoch from finished_at)::float8 * 1000 as at
     from enginejs.workflow_run_steps where output ? 'token'`,
  );
  const beginnings = world.beginnings();
  const byKey = Map.groupBy(beginnings, ({ key }) => key);
  const results = new Map(kept.map((each) => [each.key, each]));
  expect(kept.filter(({ key, token }) => !byKey.get(key)?.some((beginning) => beginning.token === token))).toEqual([]);
  const again = beginnings.filter((beginning) => {
    const result = results.get(beginning.key);
    return result !== undefined && beginning.at > result.at + 5 && !world.byZombie(beginning);
  });
  expect(again).toEqual([]);
  // Nothing ever began for what was not committed.
  const runs = new Set((await world.rows<{ id: string }>("select id from enginejs.workflow_runs")).map(({ id }) => id));
  expect(beginnings.filter(({ key }) => !runs.has(key.split(":")[0] ?? ""))).toEqual([]);
  return { kept: kept.length, begun: beginnings.length };
}

/** Readable where there are thousands. */
function expectSame(actual: readonly string[], expected: readonly string[], about = ""): void {
  const [given, wanted] = [new Set(actual), new Set(expected)];
  const differences = {
    missing: expected.filter((line) => !given.has(line)).slice(0, 20),
    unexpected: actual.filter((line) => !wanted.has(line)).slice(0, 20),
  };
  expect(differences, about).toEqual({ missing: [], unexpected: [] });
  expect(actual.length).toBe(wanted.size);
}

function count(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}
