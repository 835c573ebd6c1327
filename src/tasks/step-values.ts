import { readValues } from "../dsl-to-sql/workflow/step-scope.ts";
import type { Step } from "./run.ts";

/** What the parameters are made of. */
interface KnownValues {
  readonly run: Pick<Step["run"], "event" | "as">;
  readonly frame: Pick<Step["frame"], "names">;
}

/**
 * The parameters of every statement of a step.
 *
 * @param statement what it does not read is not sent: a loop would send the whole list that it goes over with each item
 */
export function stepValues({ run, frame }: KnownValues, statement?: string) {
  const { before, after, input, recordId } = run.event;
  const reads = statement === undefined ? () => true : readValues(statement);
  const names: Record<string, unknown> = {};
  for (const name in frame.names) if (reads(name)) names[name] = frame.names[name];
  const columns = Object.entries({ before, after, input }).map(([column, value]) =>
    reads(`#${column}`) ? value : null,
  );
  return [...columns, names].map(json).concat(recordId, tenantOf({ run }));
}

/** The tenant that a run is about: its record's, else that of whoever it acts as. */
export const tenantOf = ({ run }: Pick<KnownValues, "run">): string | null =>
  ((run.event.after ?? run.event.before)?.tenant_id ?? run.as.tenant ?? null) as string | null;

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
