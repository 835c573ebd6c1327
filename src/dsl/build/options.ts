/** Looks at the options that a user gave: unknown ones are named, with the nearest known one. */
import { suggestion } from "../../errors/suggestion.ts";
import type { Site } from "../site.ts";
import { type Report, shown } from "./report.ts";

/** Whether a value is a text that can stand in a comment, a message or a log: PostgreSQL's text holds no NUL and no half surrogates. */
export const isCleanText = (value: unknown): value is string =>
  typeof value === "string" && value.isWellFormed() && !/[^\P{Cc}\n\t]/u.test(value);

/** Whether a value is an object that somebody wrote as `{ … }`. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The entries of an option that is an object; reports where it is something else. */
export function entriesOf(
  value: unknown,
  of: string,
  site: Site | undefined,
  report: Report,
): readonly (readonly [string, unknown])[] {
  if (value === undefined) return [];
  if (isPlainObject(value)) return Object.entries(value);
  // `{ __proto__: text() }` sets no member: it replaces the object's prototype.
  const proto = typeof value === "object" && value !== null && !Array.isArray(value);
  const message = proto ? `${of}: "__proto__" cannot be a name.` : `${of} must be an object, not ${shown(value)}.`;
  report.error(proto ? "EJS2102" : "EJS2106", message, { site });
  return [];
}

/** Reports every option that there is not. */
export function checkOptions(
  options: Readonly<Record<string, unknown>>,
  known: readonly string[],
  of: string,
  site: Site | undefined,
  report: Report,
): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const hint = suggestion(name, known, "There are");
    report.error("EJS2105", `${of} has no option ${shown(name)}.`, { site, word: name, hint });
  }
}

/** An option that must be of a type; undefined where it is absent or, after a report, of another one. */
export function optionOf<T extends "string" | "boolean">(
  options: Readonly<Record<string, unknown>>,
  name: string,
  type: T,
  of: string,
  site: Site | undefined,
  report: Report,
): (T extends "string" ? string : boolean) | undefined {
  const value = options[name];
  if (value === undefined || (type === "string" ? isCleanText(value) : typeof value === type)) return value as never;
  const wanted = type === "string" ? "a text without control characters" : "true or false";
  report.error("EJS2106", `${of}: "${name}" must be ${wanted}, not ${shown(value)}.`, {
    site,
    word: name,
  });
  return undefined;
}

/** A description as a part of a node; none where there is none, or after a report. */
export function described(
  text: unknown,
  of: string,
  site: Site | undefined,
  report: Report,
): { readonly description?: string } {
  if (text === undefined) return {};
  if (isCleanText(text)) return { description: text };
  report.error("EJS2106", `${of}: .describe() takes a text without control characters, not ${shown(text)}.`, {
    site,
    hint: 'describe("What it is, for people")',
  });
  return {};
}
