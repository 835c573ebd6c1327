/**
 * Counts a comparison on the rows that are there. One transaction, rolled back:
 *
 *     functions and views of the old build ─▶ every condition for every actor ─▶ those of the new build ─▶ the same once more
 *
 * One snapshot, so that both see the same rows. Nothing but functions and new views is made in it: no table is locked
 * against anybody.
 */
import type pg from "pg";
import { type AccessChange, type AccessComparison, AccessScan, type Scanned } from "../../dsl-to-sql/index.ts";
import type { System } from "../../model/index.ts";
import { coreText } from "../core-sql.ts";
import { type CountedActor, type PickedActors, pickActors } from "./pick-actors.ts";

export interface CountLimits {
  /** Of more rows than this that an actor could reach, a part is looked at. */
  readonly rows: number;
  readonly maxActors: number;
  readonly perRole: number;
  /** Of one statement, in milliseconds. */
  readonly statementTimeout: number;
  /** Of all of it; then those who stand for their role have been counted, or not even they. */
  readonly budget: number;
}

/** What one actor may do with the rows of one entity: a character for each row, `1` for yes. */
interface Bits {
  /** By change: before and after. */
  readonly verdicts: readonly { readonly before: string; readonly after: string }[];
  /** By change and cause: the rows of which it speaks. */
  readonly causes: readonly (readonly string[])[];
}

export interface CountedRows extends Bits {
  readonly actor: CountedActor;
  /** Whoever has the same here was counted on the same rows in the same order. */
  readonly reach: string;
  /** One of so many rows was looked at. */
  readonly every: number;
  readonly rows: number;
}

/** What came of counting one entity. */
export interface CountedEntity {
  readonly entity: string;
  readonly changes: readonly AccessChange[];
  readonly counted: readonly CountedRows[];
  /** Whether there is any row at all. */
  readonly empty: boolean;
  /** Whether everybody was counted. */
  readonly everybody: boolean;
  /** Why nothing, or not all, was counted. */
  readonly problem?: string;
}

/** Not inside a transaction of the caller's. Never throws for what the database says: what cannot be counted is told. */
export async function countAccess(
  client: pg.ClientBase,
  comparison: AccessComparison,
  limits: CountLimits,
  onProgress: (doing: string) => void,
): Promise<readonly CountedEntity[]> {
  const counting = new Counting(client, comparison, limits, onProgress);
  try {
    await client.query("begin isolation level repeatable read");
    return await counting.run();
  } catch (error) {
    return counting.failed(messageOf(error));
  } finally {
    // A connection that is lost says so at the next statement of the build.
    await client.query("rollback").catch(() => undefined);
  }
}

class Task {
  readonly entity: string;
  readonly changes: readonly AccessChange[];
  readonly scan: AccessScan;
  readonly before: readonly Scanned[];
  readonly after: readonly Scanned[];
  readonly found: Found[] = [];
  empty = false;
  problem: string | undefined;

  constructor(entity: string, comparison: AccessComparison) {
    this.entity = entity;
    this.changes = comparison.changes.filter((change) => change.entity === entity);
    this.scan = new AccessScan(comparison, entity);
    this.before = this.conditions("before");
    this.after = this.conditions("after");
  }

  /** The verdicts of all changes, and behind them what widens on that side. */
  private conditions(side: "before" | "after"): Scanned[] {
    const verdicts = this.changes.map((change) => ({ operation: change.operation, sql: change[side] }));
    const causes = this.changes.flatMap(({ operation, causes }) =>
      causes.flatMap(({ widens }) => (widens?.side === side ? [{ operation, sql: widens.sql }] : [])),
    );
    return [...verdicts, ...causes];
  }

  bitsOf({ before, after }: Found): Bits {
    let nextBefore = this.changes.length;
    let nextAfter = this.changes.length;
    return {
      verdicts: this.changes.map((_, i) => ({ before: before[i] ?? "", after: after?.[i] ?? "" })),
      causes: this.changes.map(({ causes }) =>
        causes.map(({ widens }) => {
          if (widens === undefined) return "";
          return (widens.side === "before" ? before[nextBefore++] : after?.[nextAfter++]) ?? "";
        }),
      ),
    };
  }
}

interface Attempt<T> {
  readonly value?: T;
  readonly code?: unknown;
  readonly problem?: string;
}

const DUPLICATE_TABLE = "42P07";
const UNDEFINED_TABLE = "42P01";

interface Found {
  readonly actor: CountedActor;
  readonly every: number;
  readonly rows: number;
  readonly before: readonly string[];
  after?: readonly string[];
}

class Counting {
  private readonly client: pg.ClientBase;
  private readonly comparison: AccessComparison;
  private readonly limits: CountLimits;
  private readonly onProgress: (doing: string) => void;
  private readonly tasks: readonly Task[];
  private readonly started = Date.now();
  /** Why a view could not be made. */
  private unmade: string | undefined;

  constructor(
    client: pg.ClientBase,
    comparison: AccessComparison,
    limits: CountLimits,
    onProgress: (doing: string) => void,
  ) {
    this.client = client;
    this.comparison = comparison;
    this.limits = limits;
    this.onProgress = onProgress;
    const entities = [...new Set(comparison.changes.map(({ entity }) => entity))];
    this.tasks = entities.map((entity) => new Task(entity, comparison));
  }

  async run(): Promise<CountedEntity[]> {
    const { client, comparison, limits } = this;
    await client.query("set local role enginejs_reader");
    await client.query(
      "select set_config('statement_timeout', $1, true), set_config('lock_timeout', '3000', true), set_config('jit', 'off', true)",
      [String(limits.statementTimeout)],
    );
    await this.make(comparison.functions.before);
    const picked = await pickActors(client, comparison, limits);
    for (const task of this.tasks) await this.before(task, picked);
    await this.make(comparison.functions.after);
    for (const task of this.tasks) await this.after(task);
    return this.tasks.map((task) => resultOf(task, picked));
  }

  failed(problem: string): CountedEntity[] {
    const nobody = { actors: [], everybody: false, outside: [], everybodyOutside: false };
    return this.tasks.map((task) => ({ ...resultOf(task, nobody), counted: [], empty: false, problem }));
  }

  /**
   * What cannot be made (it reads a table that is not there yet) fails where it is asked. A view that is there stays: making
   * it anew would wait for whoever reads it.
   */
  private async make(functions: readonly string[]): Promise<void> {
    for (const sql of functions) {
      const { code, problem } = await this.attempt(() => this.client.query(sql));
      if (problem !== undefined && code !== DUPLICATE_TABLE) this.unmade = problem;
    }
  }

  private async before(task: Task, picked: PickedActors): Promise<void> {
    const { client, comparison } = this;
    const outcome = await this.attempt(() => client.query<{ rows: string }>(task.scan.anyRow()));
    task.empty = outcome.value?.rows[0]?.rows === "0";
    if (outcome.problem !== undefined) task.problem = outcome.problem;
    if (task.empty || task.problem !== undefined) return;
    const concerned =
      task.scan.reach === "tenant"
        ? picked.actors.filter(({ kind }) => kind !== "anonymous")
        : [...picked.actors, ...picked.outside];
    const limit = Math.max(1_000, Math.min(this.limits.rows, Math.floor(2_000_000 / Math.max(1, concerned.length))));
    const most = Math.min(limit, this.limits.rows);
    for (const [index, actor] of concerned.entries()) {
      // The other half is for the same once more.
      if (Date.now() - this.started > this.limits.budget / 2) {
        task.problem = `time was up after ${index} of ${concerned.length} actors`;
        return;
      }
      this.onProgress(`counting who may do what: ${task.entity}, ${index + 1} of ${concerned.length} actors`);
      const counted = await this.attempt(async () => {
        await this.become(actor, comparison.before.model.system);
        const few = await this.rows(task.scan.rows(most + 1));
        const rows = few > most ? await this.rows(task.scan.rows()) : few;
        const every = rows > most ? Math.ceil(rows / most) : 1;
        return { actor, every, rows, before: await this.bits(task.scan, task.before, every) };
      });
      if (counted.value !== undefined) task.found.push(counted.value);
      else task.problem = counted.problem;
      if (task.problem !== undefined) return;
    }
  }

  private async after(task: Task): Promise<void> {
    for (const found of task.found) {
      this.onProgress(`counting who may do what: ${task.entity}`);
      if (Date.now() - this.started > this.limits.budget) {
        task.problem ??= "time was up";
        return;
      }
      const counted = await this.attempt(async () => {
        await this.become(found.actor, this.comparison.after.model.system);
        return this.bits(task.scan, task.after, found.every);
      });
      if (counted.value === undefined) {
        task.problem = counted.problem;
        return;
      }
      found.after = counted.value;
    }
  }

  private async rows(sql: string): Promise<number> {
    return Number((await this.client.query<{ rows: string }>(sql)).rows[0]?.rows ?? 0);
  }

  private async bits(scan: AccessScan, conditions: readonly Scanned[], every: number): Promise<string[]> {
    const { rows } = await this.client.query<Record<string, string>>(scan.bits(conditions, every));
    return conditions.map((_, i) => rows[0]?.[`c${i}`] ?? "");
  }

  private async become({ kind, id, tenant, role }: CountedActor, system: System): Promise<void> {
    const roles = role === undefined ? null : rolesGivenBy(role, system);
    await this.client.query(coreText("queries/become_counted.sql"), [kind, id, tenant, roles]);
  }

  /** In a savepoint, which takes the actor's settings back too. */
  private async attempt<T>(run: () => Promise<T>): Promise<Attempt<T>> {
    const { client } = this;
    await client.query("savepoint counting");
    try {
      const value = await run();
      await client.query("release savepoint counting");
      return { value };
    } catch (error) {
      await client.query("rollback to savepoint counting");
      const { code } = error as { code?: unknown };
      return { code, problem: (code === UNDEFINED_TABLE ? this.unmade : undefined) ?? messageOf(error) };
    }
  }
}

/** What a role counts as: itself, and those that it includes. One that a build does not know is none. */
function rolesGivenBy(role: string, { roles }: System): string[] {
  const tenants = roles.filter(({ of }) => of === "tenant");
  const known = tenants.find(({ name }) => name === role);
  if (known === undefined) return [];
  return tenants.map(({ name }) => name).filter((name) => name === role || known.includes.includes(name));
}

function resultOf(task: Task, picked: PickedActors): CountedEntity {
  const { entity, changes, empty, problem, found } = task;
  return {
    entity,
    changes,
    empty,
    everybody: picked.everybody && (task.scan.reach === "tenant" || picked.everybodyOutside),
    counted: found
      .filter(({ after }) => after !== undefined)
      .map((one) => ({
        actor: one.actor,
        reach: reachOf(task.scan, one.actor),
        every: one.every,
        rows: one.rows,
        ...task.bitsOf(one),
      })),
    ...(problem === undefined ? {} : { problem }),
  };
}

const reachOf = ({ reach }: AccessScan, { id, tenant }: CountedActor): string =>
  reach === "everybody" ? reach : reach === "tenant" ? String(tenant) : `${tenant} ${id}`;

const messageOf = (error: unknown): string => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === "57014" ? "time was up" : String(message);
};
