import { compilePattern } from "../../expression/pattern.ts";
import type { Site } from "../site.ts";
import { type Report, shown } from "./report.ts";

/** A field's pattern as text; undefined where there is none, or after a report where it is outside the portable subset. */
export function patternText(
  pattern: unknown,
  site: Site | undefined,
  path: string,
  report: Report,
): string | undefined {
  if (pattern === undefined) return undefined;
  const source = pattern instanceof RegExp ? pattern.source : pattern;
  if (typeof source !== "string") {
    const hint = "It takes a regular expression: .pattern(/^[0-9]{5}$/).";
    report.error("EJS2106", `${path}: .pattern() does not take ${shown(pattern)}.`, { site, hint });
    return undefined;
  }
  if (pattern instanceof RegExp && pattern.flags !== "") {
    const hint = "Write the letters of both cases: [A-Za-z].";
    report.error("EJS2106", `${path}: the pattern has the flags "${pattern.flags}", none can be kept.`, { site, hint });
    return undefined;
  }
  const compiled = compilePattern(source);
  if (compiled.ok) return source;
  report.add("EJS2028", `${path}: the pattern ${shown(source)} is outside the portable subset: ${compiled.message}.`, {
    site,
    hint: "Literals, ., classes, groups, |, * + ? {m,n}, ^ and $: they mean the same in PostgreSQL.",
  });
  return undefined;
}
