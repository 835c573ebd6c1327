/** What a dry run has done to the database, before it is rolled back. */
import type pg from "pg";
import { coreText } from "../../database/core-sql.ts";
import type { WrittenRows } from "./dry-run-client.ts";

export interface DryRunEvent {
  readonly model: string;
  readonly action: string;
  readonly recordId: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly changed: readonly string[] | null;
  /** Workflows that it would start; the conditional ones where their condition holds. */
  readonly workflows: readonly { readonly name: string; readonly conditional: boolean }[];
  /** The rules that spoke about this row and command. */
  readonly rules: readonly RuleLine[];
}

export interface RuleLine {
  readonly rule: string;
  readonly effect: string;
  readonly verdict: boolean | null;
}

export interface DryRunEffects {
  /** Rows written, by table. */
  readonly rows: readonly WrittenRows[];
  /** Events that would be in the outbox. */
  readonly events: readonly DryRunEvent[];
}

const eventsText = coreText("queries/dry_run_events.sql");

interface Asked {
  readonly actor: string | null;
  readonly tenant: string | null;
  /** The last event before. */
  readonly beyond: string;
  readonly rows: readonly WrittenRows[];
}

/**
 * Reads events and counts, then asks the rules: about a new row while it is there, about all others as they were before
 * ("what may be touched" is asked of the row as it was). Goes back to the savepoint `untouched` for that.
 */
export async function readEffects(client: pg.ClientBase, asked: Asked): Promise<DryRunEffects> {
  const { rows } = asked;
  const { rows: events } = await client.query<Omit<DryRunEvent, "rules">>(eventsText, [asked.beyond]);
  const rules = new Map<object, readonly RuleLine[]>();
  for (const event of events) if (event.action === "create") rules.set(event, await rulesOf(client, event, asked));
  await client.query("rollback to savepoint untouched");
  for (const event of events) if (event.action !== "create") rules.set(event, await rulesOf(client, event, asked));
  return { rows, events: events.map((event) => ({ ...event, rules: rules.get(event) ?? [] })) };
}

async function rulesOf(
  client: pg.ClientBase,
  event: Omit<DryRunEvent, "rules">,
  { actor, tenant }: Asked,
): Promise<readonly RuleLine[]> {
  // Starts of workflows and messages of queues are events of no row: `workflow:close-month`, `queue:stock-moves`.
  if (event.model.includes(":")) return [];
  const { rows } = await client.query<RuleLine>(
    "select rule, effect, verdict from enginejs.explain($1, $2, $3, $4, $5) where effect <> 'verdict' order by ordinal",
    [actor, tenant, event.model, event.action, event.recordId],
  );
  return rows;
}
