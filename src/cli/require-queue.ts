import type pg from "pg";
import { didYouMean } from "../errors/suggestion.ts";
import { projectError } from "../project/project-error.ts";

/**
 * Checks that there is a queue of this name, or that a workflow has ever received from one.
 *
 * @throws EJS1055
 */
export async function requireQueue(client: pg.Client, name: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select name from enginejs.workflow_queues
     union select definition #>> '{trigger,queue}' from enginejs.workflow_definitions where definition #>> '{trigger,kind}' = 'queue'
     order by name`,
  );
  const names = rows.map((row) => row.name);
  if (names.includes(name)) return;
  const known = names.length === 0 ? "The database holds no queues." : `Queues: ${names.join(", ")}.`;
  throw projectError("EJS1055", `No queue is called "${name}".`, {
    hint: didYouMean(name, names) + known,
  });
}
