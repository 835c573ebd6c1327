/** What administrators do to a server while workers are at work: each for a moment, and always taken back. */
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "./storm-random.ts";
import { stormWorkflows } from "./storm-workflows.ts";
import type { StormWorld } from "./storm-world.ts";

export const meddlings = ["read-only", "mean settings", "rewrite a table", "cancel statements", "pause"] as const;
export type Meddling = (typeof meddlings)[number];

const meanSettings = [
  "statement_timeout = '200ms'",
  "lock_timeout = '20ms'",
  "idle_in_transaction_session_timeout = '50ms'",
  "idle_session_timeout = '500ms'",
];

/** Sessions of workers begin with the role's settings: those that are open are ended. */
const endSessions = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'storm_worker'";

export async function meddle(
  world: StormWorld,
  what: Meddling,
  random: Random,
  entity: "team" | "customer",
): Promise<void> {
  switch (what) {
    case "read-only":
    case "mean settings": {
      const setting = what === "read-only" ? "default_transaction_read_only = on" : random.oneOf(meanSettings);
      await world.rows(`alter role storm_worker set ${setting}`);
      await world.rows(endSessions);
      await delay(1_000 + random.below(3_000));
      await world.rows("alter role storm_worker reset all");
      await world.rows(endSessions);
      return;
    }
    case "rewrite a table": {
      const tables = await world.rows<{ name: string }>(
        `select c.oid::regclass::text as name from pg_class c
         where c.relkind = 'r' and (c.relnamespace = 'enginejs'::regnamespace and c.relname like 'workflow_%'
           or c.oid = 'graphile_worker._private_jobs'::regclass)`,
      );
      const name = random.oneOf(tables)?.name;
      if (name !== undefined) await world.rows(random.below(2) === 0 ? `vacuum full ${name}` : `reindex table ${name}`);
      return;
    }
    case "cancel statements":
      await world.rows(
        `select pg_cancel_backend(pid) from pg_stat_activity
         where application_name like 'enginejs%' and pid <> pg_backend_pid() and random() < 0.6`,
      );
      return;
    case "pause": {
      // Ticks of a pause are passed over: that one is left alone.
      const names = stormWorkflows.filter(({ trigger }) => trigger.kind !== "interval").map(({ name }) => name);
      const name = entity === "team" ? "errand" : (random.oneOf(names) ?? "errand");
      await world.rows("select enginejs.pause_workflow($1, 'a storm')", [name]);
      await delay(200 + random.below(1_500));
      await world.rows("select enginejs.resume_workflow($1)", [name]);
      return;
    }
    default:
      what satisfies never;
  }
}
