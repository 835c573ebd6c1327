/** When a policy is in force: its flag, its first and its last moment, written before its own condition. */
import { suggestion } from "../../errors/suggestion.ts";
import { createSymbols, formatTimestamp, isSymbol, member, parseTimestamp } from "../../expression/index.ts";
import type { Given, PolicyClause } from "../policy.ts";
import type { BuildContext } from "./build-context.ts";
import { shown } from "./report.ts";

/** Puts conditions before the one that a callback has returned. */
export type Wrap = (condition: unknown) => unknown;

/** What the options add to the policy's conditions; undefined where there are none. */
export function policyWindow(clause: PolicyClause, what: string, context: BuildContext): Wrap | undefined {
  const terms: unknown[] = [];
  const flag = flagOf(clause.flag, what, context);
  if (flag !== undefined) terms.push(member(symbolsAt(clause.flag).flags, flag));
  const from = momentOf("from", clause.from, what, context);
  if (from !== undefined) terms.push(symbolsAt(clause.from).request.time.gte(formatTimestamp(from)));
  const until = momentOf("until", clause.until, what, context);
  if (until !== undefined) terms.push(symbolsAt(clause.until).request.time.lt(formatTimestamp(until)));
  if (from !== undefined && until !== undefined && until <= from) {
    const hint = "Exchange the two.";
    context.report.error("EJS2140", `${what}: it ends before it begins.`, { site: clause.until?.site, hint });
  }
  return terms.length === 0 ? undefined : (condition) => joined(terms, condition);
}

/** What is no condition is left alone: it is reported where it is written down. */
function joined([first, ...more]: readonly unknown[], condition: unknown): unknown {
  if (!isSymbol(condition) && typeof condition !== "boolean") return condition;
  return (first as { and(...terms: unknown[]): unknown }).and(...more, condition);
}

const symbolsAt = (given: Given | undefined) =>
  createSymbols(["flags", "request"], given?.site === undefined ? {} : { captureSite: () => given.site });

function flagOf(given: Given | undefined, what: string, { system, report }: BuildContext): string | undefined {
  if (given === undefined) return undefined;
  const names = system.flags.map(({ name }) => name);
  if (typeof given.value === "string" && names.includes(given.value)) return given.value;
  report.error("EJS2114", `${what}: there is no flag ${shown(given.value)}.`, {
    site: given.site,
    word: typeof given.value === "string" ? given.value : undefined,
    hint: suggestion(given.value, names, "Flags"),
  });
  return undefined;
}

/** Microseconds; a day begins at midnight UTC. */
function momentOf(
  option: "from" | "until",
  given: Given | undefined,
  what: string,
  { report }: BuildContext,
): bigint | undefined {
  if (given === undefined) return undefined;
  const { value, site } = given;
  const text = value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value;
  const day = typeof text === "string" && /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text);
  const moment = typeof text === "string" ? parseTimestamp(day ? `${text}T00:00:00Z` : text) : undefined;
  if (moment !== undefined) return moment;
  report.error("EJS2140", `${what}: .${option}() does not take ${shown(value)}.`, {
    site,
    word: typeof value === "string" ? value : undefined,
    hint: `Write a day, which begins at midnight UTC, or a moment: .${option}("2026-12-01"), .${option}("2026-12-01T08:00:00+01:00").`,
  });
  return undefined;
}
