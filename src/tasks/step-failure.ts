/** What went wrong in a step: whether another attempt could mend it, and the words that the outbox keeps. */
import { z } from "zod";
import { sqlState } from "../database/sql-state.ts";
import { NonRetryableError } from "../dsl/non-retryable-error.ts";
import { withoutSecrets } from "../dsl/setting.ts";
import { EngineError } from "../errors/engine-error.ts";
import { REFUSED_AS_CUT } from "./cut-json.ts";
import { RetryLater } from "./retry-later.ts";

export interface StepFailure {
  readonly retryable: boolean;
  readonly message: string;
  /** The next attempt comes no sooner, in milliseconds. */
  readonly afterMs: number;
}

/** Findings that no repetition mends. EJS6002 is not among them: another worker may have the task. */
const finalCodes = new Set([
  "EJS6001",
  "EJS6003",
  "EJS6004",
  "EJS6005",
  "EJS6006",
  "EJS6008",
  "EJS6009",
  "EJS6010",
  "EJS6012",
  "EJS6013",
  "EJS6014",
  "EJS6015",
  "EJS6019",
  "EJS6016",
  "EJS6017",
  "EJS6018",
  "EJS6020",
  "EJS6022",
  "EJS6023",
  "EJS6024",
]);

export function stepFailure(error: unknown): StepFailure {
  return {
    retryable: !isFinal(error),
    message: messageOf(error),
    afterMs: error instanceof RetryLater ? error.afterMs : 0,
  };
}

function isFinal(error: unknown): boolean {
  if (error instanceof EngineError) return finalCodes.has(error.code);
  // By name as well: a task file may have its own copy of the package.
  if (error instanceof NonRetryableError || (error instanceof Error && error.name === "NonRetryableError")) return true;
  // By name as well, and for the same reason: a plugin's package may have its own zod.
  if (error instanceof z.ZodError || (error instanceof Error && error.name === "ZodError")) return true;
  const code = sqlState(error);
  // Refused (42501), an API error of ours (EJ4xx), wrong values (class 22), a constraint (class 23). 40001 and 40P01,
  // lost connections and the like may go well the next time.
  return (
    code !== undefined && (code === "42501" || code.startsWith("EJ4") || code.startsWith("22") || code.startsWith("23"))
  );
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return keepable(textOf(error));
  const code = sqlState(error);
  const why = code === "22P05" ? `: ${REFUSED_AS_CUT}` : "";
  if (code !== undefined) return keepable(`${error.message}${why} (SQLSTATE ${code})`);
  // Of our own the cause is in the message; "fetch failed" says why only there.
  return keepable(error instanceof EngineError ? error.message : withCauses(error, 3));
}

/** `fetch failed (connect ECONNREFUSED 127.0.0.1:9)`: with what an error says that it comes from. */
function withCauses(error: unknown, depth: number): string {
  if (!(error instanceof Error)) return textOf(error);
  const own = String(error.message || error.name);
  const several = error instanceof AggregateError ? error.errors.slice(0, 3) : [];
  const causes = [...several, ...(error.cause === undefined || error.cause === null ? [] : [error.cause])];
  if (causes.length === 0 || depth === 0) return own;
  const inner = causes.map((cause) => withCauses(cause, depth - 1)).filter((text) => !own.includes(text));
  return inner.length === 0 ? own : `${own} (${inner.join("; ")})`;
}

/** What was thrown that is no error; it may be anything, also what cannot be said. */
function textOf(thrown: unknown): string {
  try {
    return typeof thrown === "object" && thrown !== null ? JSON.stringify(thrown) : String(thrown);
  } catch {
    return `${typeof thrown} that cannot be shown`;
  }
}

/** What PostgreSQL can keep of a text: no zero character, and no half of a character, also where it is cut. */
const keepable = (text: string): string =>
  withoutSecrets(text).slice(0, 2000).toWellFormed().replaceAll("\0", "\u2400");
