/** What may be kept as the result of a step: JSON that PostgreSQL takes, and not too much of it. */
import { workflowError } from "../errors/workflow-error.ts";
import { parseExactly, stringifyExactly } from "./exact-json.ts";
import type { Run } from "./run.ts";

/** Of the result of one step, in characters of its JSON. */
export const LARGEST_RESULT = 16 * 2 ** 20;
/** Of all results of a run: a claim has them in one value, of which PostgreSQL makes none larger than 255 MB. */
const LARGEST_RUN = 128 * 2 ** 20;

/** How much a run has kept so far, by its results. */
const kept = new WeakMap<object, number>();

/**
 * The result as later steps will read it, also after a restart.
 *
 * @throws EJS6020 where it cannot be kept
 */
export function keepableResult(run: Pick<Run, "definition" | "results">, path: string, output: unknown): unknown {
  // Nearly all that steps give which give nothing.
  if (output === undefined || output === null) return null;
  const refuse = (why: string, cause?: unknown) =>
    workflowError("EJS6020", `Workflow ${run.definition.workflow.name}, step ${path}: ${why}.`, { cause });
  let text: string | undefined;
  try {
    text = stringifyExactly(output);
  } catch (error) {
    throw refuse(`its result is no JSON: ${(error as Error).message}`, error);
  }
  // A function or a symbol.
  if (text === undefined) return null;
  if (text.length > LARGEST_RESULT) throw refuse(`its result is larger than 16 MB: ${megabytes(text.length)}`);
  if (hasUnkeepableText(text)) throw refuse("its result holds the character U+0000 or half of a surrogate pair");
  const before = kept.get(run.results) ?? JSON.stringify(run.results).length;
  if (before + text.length > LARGEST_RUN) {
    throw refuse(`with it the results of the run are larger than 128 MB: ${megabytes(before + text.length)}`);
  }
  kept.set(run.results, before + text.length);
  return parseExactly(text);
}

const megabytes = (length: number): string => `${Math.round(length / 2 ** 20)} MB`;

/** JSON.stringify writes half of a pair as its number, and a whole one as it is. */
function hasUnkeepableText(json: string): boolean {
  return json.includes("\\u") && /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(json);
}
