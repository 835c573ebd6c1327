/** Who writes during the storm: raw SQL, as nobody, in every way in which rows come to be. */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { ids } from "./invoicing-database.ts";
import type { Random } from "./storm-random.ts";
import { turnWorkflows } from "./storm-workflows.ts";
import { isLost, type StormWorld } from "./storm-world.ts";

/** What became of what was written, as far as the writer knows. */
export interface Written {
  /** PostgreSQL has said that they are committed. */
  readonly committed: string[];
  readonly rolledBack: string[];
  /** The connection was lost before the answer came. */
  readonly unknown: string[];
}

export interface WriterOptions {
  readonly world: StormWorld;
  readonly random: Random;
  readonly name: string;
  /** Names of customers that start something; none: teams. */
  readonly shapes: readonly string[];
  readonly signal: AbortSignal;
  /** No more is written while so much waits. */
  readonly most: number;
}

/** Writes until told to stop. */
export async function write(options: WriterOptions): Promise<Written> {
  const writer = new Writer(options);
  while (!options.signal.aborted) await writer.write();
  return writer.written;
}

class Writer {
  readonly written: Written = { committed: [], rolledBack: [], unknown: [] };
  private readonly options: WriterOptions;
  private client: pg.Client | undefined;
  private count = 0;
  private readonly numbers = new Map<string, number>();

  constructor(options: WriterOptions) {
    this.options = options;
  }

  /** One transaction. */
  async write(): Promise<void> {
    const { random, world, most } = this.options;
    const emails: string[] = [];
    let ended: "committed" | "rolledBack" | "unknown" = "rolledBack";
    try {
      this.client ??= await world.server.connect();
      const { rows } = await this.client.query(
        "select (select count(*) from enginejs.workflow_events_pending) + (select count(*) from enginejs.workflow_runs_active) as n",
      );
      if (Number(rows[0].n) > most) {
        await delay(200);
        return;
      }
      await this.client.query("begin");
      await this.transaction(this.client, emails);
      if (random.below(10) === 0) {
        await this.client.query("rollback");
      } else {
        ended = "unknown";
        await this.client.query("commit");
        ended = "committed";
      }
      await delay(20 + random.below(120));
    } catch (error) {
      if (!isLost(error)) throw error;
      await this.client?.end().catch(() => undefined);
      this.client = undefined;
      await delay(100);
    } finally {
      this.written[ended].push(...emails);
    }
  }

  private async transaction(client: pg.Client, emails: string[]): Promise<void> {
    const { random, shapes } = this.options;
    switch (random.below(7)) {
      case 0:
        return this.insert(client, emails, 2 + random.below(15));
      case 1: {
        // Written late: ids that the relay has passed long since.
        await this.insert(client, emails, 1);
        return delay(500 + random.below(2_500));
      }
      case 2: {
        await this.insert(client, emails, 1);
        await client.query("savepoint part");
        const dropped: string[] = [];
        await this.insert(client, dropped, 3);
        await client.query("rollback to savepoint part");
        this.written.rolledBack.push(...dropped);
        return;
      }
      case 3:
        return this.upsert(client, emails);
      case 4:
        if (shapes.length > 0) return this.startTurns(client);
        return this.insert(client, emails, 1);
      default:
        return this.insert(client, emails, 1);
    }
  }

  private async insert(client: pg.Client, emails: string[], rows: number): Promise<void> {
    const { random, shapes } = this.options;
    const made = Array.from({ length: rows }, () => this.email());
    if (shapes.length === 0) {
      await client.query("insert into app.team (tenant_id, name) select $1, unnest($2::text[])", [ids.tenant, made]);
    } else {
      const names = made.map(() => random.oneOf(shapes));
      const { rows: inserted } = await client.query<{ id: string; name: string }>(
        "insert into app.customer (tenant_id, name, email) select $1, unnest($2::text[]), unnest($3::text[]) returning id, name",
        [ids.tenant, names, made],
      );
      // For half of those that wait for one the signal is there before them.
      for (const { id, name } of inserted) {
        if (name === "listener" && random.below(2) === 0) {
          await client.query("select enginejs.workflow_signal('go', $1)", [id]);
        }
      }
    }
    emails.push(...made);
  }

  /** The second one is an update, that nobody asked for. */
  private async upsert(client: pg.Client, emails: string[]): Promise<void> {
    const { random, shapes } = this.options;
    const email = this.email();
    const [table, columns] = shapes.length === 0 ? ["team", "name"] : ["customer", "email, name"];
    const values = shapes.length === 0 ? [email] : [email, random.oneOf(shapes)];
    const text = `insert into app.${table} (tenant_id, id, ${columns}) values ($1, $2, ${values.map((_, i) => `$${i + 3}`).join(", ")})
      on conflict on constraint ${table}_pkey do update set updated_at = clock_timestamp()`;
    const { rows } = await client.query<{ id: string }>("select enginejs.uuid_v7() as id");
    for (let i = 0; i < 2; i++) await client.query(text, [ids.tenant, rows[0]?.id, ...values]);
    emails.push(email);
  }

  /** Keys of this writer alone, so that its commits are their order. */
  private async startTurns(client: pg.Client): Promise<void> {
    const { random, name } = this.options;
    for (const workflow of turnWorkflows) {
      const key = `${name}-${workflow}-${random.below(2)}`;
      const n = (this.numbers.get(key) ?? 0) + 1;
      this.numbers.set(key, n);
      await client.query("select enginejs.workflow_start($1, $2)", [workflow, JSON.stringify({ key, n })]);
    }
  }

  private email(): string {
    this.count += 1;
    return `${this.options.name}-${this.count}`;
  }
}

/** Tells those who wait for a signal, each once, however often the connection is lost. */
export async function sendSignals(world: StormWorld, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await world
      .rows(
        `select enginejs.workflow_signal(w.name, w.key) from enginejs.workflow_waits w
         where w.kind = 'signal' and w.outcome is null and w.since < clock_timestamp() - interval '200 ms'`,
      )
      .catch((error: unknown) => {
        if (!isLost(error)) throw error;
      });
    await delay(300);
  }
}
