/** What befalls workers and PostgreSQL during the storm. */
import { setTimeout as delay } from "node:timers/promises";
import { type Meddling, meddle, meddlings } from "./storm-meddling.ts";
import type { Random } from "./storm-random.ts";
import type { StormWorld } from "./storm-world.ts";

const deck = [
  "kill",
  "kill",
  "kill and start two",
  "cut",
  "cut",
  "cut",
  "restart fast",
  "restart immediate",
  "restart immediate",
  "freeze until replaced",
  "freeze shortly",
  "old snapshot",
  ...meddlings,
] as const;
type Adversary = (typeof deck)[number];

export interface Damage {
  readonly counts: ReadonlyMap<Adversary, number>;
}

/** How many workers there are. */
export const WORKERS = 3;

/** One after the other, in an order that the seed decides, until told to stop. What was frozen is woken then. */
export async function rage(
  world: StormWorld,
  random: Random,
  signal: AbortSignal,
  entity: "team" | "customer",
): Promise<Damage> {
  const counts = new Map<Adversary, number>();
  const frozen = new Set<Promise<void>>();
  const meddled = new Map<Meddling, Promise<void>>();
  let cards: Adversary[] = [];
  while (!signal.aborted) {
    if (cards.length === 0) cards = random.shuffled(deck);
    const adversary = cards.pop() ?? "kill";
    counts.set(adversary, (counts.get(adversary) ?? 0) + 1);
    if (process.env.SHOW_STORM) console.log(`${new Date().toISOString()} ${adversary}`);
    switch (adversary) {
      case "kill":
      case "kill and start two": {
        const victim = random.oneOf(world.workers);
        if (victim !== undefined) await victim.kill();
        while (world.workers.length < WORKERS + (adversary === "kill" ? 0 : 1)) world.startWorker();
        break;
      }
      case "cut":
        await world
          .rows(
            `select pg_terminate_backend(pid) from pg_stat_activity
             where application_name like 'enginejs%' and pid <> pg_backend_pid() and random() < 0.6`,
          )
          .catch(() => undefined);
        break;
      case "restart fast":
        await world.server.restart("fast", random.below(1_500));
        break;
      case "restart immediate":
        await world.server.restart("immediate", random.below(1_500));
        break;
      case "freeze until replaced":
      case "freeze shortly": {
        // One at a time, so that somebody is always there.
        if (frozen.size > 0) break;
        const long = adversary === "freeze until replaced";
        const freezing = freeze(world, random, long ? 16_000 + random.below(3_000) : 300 + random.below(4_000), signal);
        frozen.add(freezing);
        void freezing.finally(() => frozen.delete(freezing));
        break;
      }
      case "old snapshot":
        void world
          .as(async (client) => {
            await client.query("begin isolation level repeatable read");
            await client.query("select count(*) from enginejs.workflow_events");
            await delay(6_000, undefined, { signal });
          }, 0)
          .catch(() => undefined);
        break;
      default: {
        // Beside whatever comes next; each kind one at a time, because it takes back what it did.
        if (meddled.has(adversary)) break;
        const meddling = meddle(world, adversary, random, entity);
        meddled.set(adversary, meddling);
        void meddling.finally(() => meddled.delete(adversary)).catch(() => undefined);
      }
    }
    await delay(600 + random.below(2_200), undefined, { signal }).catch(() => undefined);
  }
  await Promise.all([...frozen, ...meddled.values()]);
  return { counts };
}

/** A process that stands still, holding whatever it holds, and goes on when another has long taken its place. */
async function freeze(world: StormWorld, random: Random, milliseconds: number, signal: AbortSignal): Promise<void> {
  const victim = random.oneOf(world.workers);
  if (victim === undefined) return;
  world.freeze(victim);
  world.startWorker();
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
  world.wake(victim);
}
