/** What has happened to events and runs since the last look. */
import type pg from "pg";
import { coreText } from "../database/core-sql.ts";

interface EventRow {
  readonly id: string;
  readonly created_at: Date;
  readonly model: string;
  readonly action: string;
  readonly record_id: string;
  readonly kind: string | null;
  readonly actor: string | null;
  readonly request: string | null;
}

interface RunRow {
  readonly id: string;
  readonly event: string;
  readonly workflow: string;
  readonly status: string;
  readonly attempts: number;
  readonly failed_step: string | null;
  readonly error: string | null;
  readonly steps: readonly { readonly step: string; readonly output: unknown; readonly at: string }[];
}

export type TailEntry =
  | {
      readonly type: "event";
      readonly at: string;
      readonly id: string;
      readonly model: string;
      readonly action: string;
      readonly recordId: string;
      readonly kind: string | null;
      readonly actor: string | null;
      readonly request: string | null;
    }
  | {
      readonly type: "run";
      readonly at: string;
      readonly id: string;
      readonly event: string;
      readonly workflow: string;
      readonly status: string;
      readonly attempts: number;
      readonly failedStep: string | null;
      readonly error: string | null;
    }
  | {
      readonly type: "step";
      readonly at: string;
      readonly run: string;
      readonly workflow: string;
      readonly step: string;
      readonly output: unknown;
    };

/** What was told of a run. */
interface Followed {
  said: string;
  readonly steps: Set<string>;
}

/** Of an event: so long a transaction may take to commit after it has drawn the event's id, in milliseconds. */
const WINDOW = 60_000;
/** So many events are followed at the same time, the newest. */
const MOST = 500;

export class RunFollower {
  private readonly workflow: string | undefined;
  private after = "0";
  /** When it was first seen, by id: ids commit out of order. */
  private readonly seen = new Map<string, number>();
  /** Their runs by id, of each event that is followed. */
  private readonly events = new Map<string, Map<string, Followed>>();
  private first = true;

  constructor(workflow: string | undefined) {
    this.workflow = workflow;
  }

  /** What was there before is not told, only what becomes of it: the newest events are followed from the start. */
  async begin(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ id: string }>(
      "select id::text from enginejs.workflow_events order by id desc limit $1",
      [MOST / 2],
    );
    for (const { id } of rows.toReversed()) {
      this.seen.set(id, Date.now());
      this.events.set(id, new Map());
    }
    this.after = rows.at(-1)?.id ?? "0";
    await this.look(client);
    this.first = false;
  }

  async look(client: pg.Client): Promise<readonly TailEntry[]> {
    const entries: TailEntry[] = [];
    const { rows: events } = await client.query<EventRow>(coreText("queries/workflow_tail_events.sql"), [
      this.after,
      [...this.seen.keys()],
      MOST,
    ]);
    const now = Date.now();
    for (const event of events) {
      this.seen.set(event.id, now);
      this.events.set(event.id, new Map());
      if (this.workflow === undefined) entries.push(eventEntry(event));
    }
    this.forget(now);
    const { rows: runs } = await client.query<RunRow>(coreText("queries/workflow_tail_runs.sql"), [
      [...this.events.keys()],
      this.workflow ?? null,
    ]);
    for (const run of runs) entries.push(...this.changes(run));
    return entries.toSorted((a, b) => a.at.localeCompare(b.at));
  }

  private *changes(run: RunRow): Iterable<TailEntry> {
    const { id, workflow, status, attempts, error } = run;
    const known = this.events.get(run.event) ?? new Map<string, Followed>();
    this.events.set(run.event, known);
    const followed = known.get(id) ?? { said: "", steps: new Set<string>() };
    known.set(id, followed);
    let last = "";
    for (const { step, output, at } of run.steps) {
      last = new Date(at).toISOString();
      if (followed.steps.has(step)) continue;
      followed.steps.add(step);
      if (!this.first) yield { type: "step", at: last, run: id, workflow, step, output };
    }
    const said = `${status} ${attempts} ${error}`;
    if (followed.said === said) return;
    followed.said = said;
    if (this.first) return;
    const now = new Date().toISOString();
    const at = last > now ? last : now;
    yield { type: "run", at, id, event: run.event, workflow, status, attempts, failedStep: run.failed_step, error };
  }

  /** Ids that no transaction can still commit one before, and events beyond the most. */
  private forget(now: number): void {
    for (const [id, at] of this.seen) {
      if (now - at <= WINDOW) continue;
      this.seen.delete(id);
      if (BigInt(id) > BigInt(this.after)) this.after = id;
    }
    for (const event of this.events.keys()) {
      if (this.events.size > MOST) this.events.delete(event);
    }
  }
}

const eventEntry = (event: EventRow): TailEntry => ({
  type: "event",
  at: event.created_at.toISOString(),
  id: event.id,
  model: event.model,
  action: event.action,
  recordId: event.record_id,
  kind: event.kind,
  actor: event.actor,
  request: event.request,
});
