/** What zod finds in a process file, as findings: what is wrong, where, what may stand there, and what was probably meant. */
import type { z } from "zod";
import { nearest } from "../errors/nearest.ts";
import { durationText } from "./duration.ts";
import { processNodes } from "./file-graph.ts";
import { formsAt, keyWordsAt, membersAt, valueAt, wordsAt } from "./format-members.ts";
import { processFile } from "./process-file.ts";
import type { Path, ProcessSource } from "./process-source.ts";

type Issue = z.core.$ZodIssue;

/** Reports all that the format has against a file, each thing once. */
export function reportIssues(source: ProcessSource, issues: readonly Issue[]): void {
  const findings = new FormatFindings(source);
  const all = issues.flatMap((issue) => findings.meant(issue));
  const misspelt = all.flatMap((issue) => (issue.code === "unrecognized_keys" ? findings.unknownMembers(issue) : []));
  for (const issue of all) {
    const path = issue.path as Path;
    // A member that is only misspelt is not missing as well.
    if (misspelt.some((other) => other.length === path.length && other.every((part, i) => part === path[i]))) continue;
    findings.report(issue);
  }
}

class FormatFindings {
  private readonly source: ProcessSource;
  private readonly value: unknown;

  constructor(source: ProcessSource) {
    this.source = source;
    this.value = source.value();
  }

  /** Of a union that a value can be meant as one form of: what is wrong with it as that form. */
  meant(issue: Issue): readonly Issue[] {
    if (issue.code !== "invalid_union") return [issue];
    const path = issue.path as Path;
    const found = valueAt(this.value, path);
    if (typeof found !== "object" || found === null || formsAt(processFile, this.value, path).length !== 1)
      return [issue];
    // The other forms refuse the value as a whole.
    const inner = issue.errors.filter((issues) => issues.every((each) => !isWhole(each)));
    const [only, ...others] = inner;
    if (only === undefined || others.length > 0) return [issue];
    return only.flatMap((each) => this.meant({ ...each, path: [...path, ...each.path] } as Issue));
  }

  report(issue: Issue): void {
    const path = issue.path as Path;
    const found = valueAt(this.value, path);
    if (issue.code === "unrecognized_keys") return;
    if (issue.code === "invalid_key") {
      const { what, hint } = split(keyWordsAt(processFile, this.value, path) ?? "a name");
      this.say(path, `"${String(path.at(-1))}" is no name there: it must be ${what}`, hint, true);
      return;
    }
    if (path.at(-1) === "op") {
      this.unknownOperation(path, found);
      return;
    }
    const wanted = wordsAt(processFile, this.value, path) ?? "of its format";
    if (found === undefined) {
      const of = path.length === 1 ? "The process" : path.slice(0, -1).join(".");
      const hint = `${this.misspelt(path)}It is ${wanted}.`;
      this.source.reportAs("EJS2503", `${of}: it has no "${String(path.at(-1))}".`, path, { hint });
      return;
    }
    if (issue.code === "custom") {
      const { hint } = (issue.params ?? {}) as { readonly hint?: string };
      this.say(path, issue.message, hint ?? split(wanted).hint);
      return;
    }
    const { what, found: given } = sizeOf(issue, found) ?? { what: split(wanted).what, found: shown(found) };
    this.say(path, `it must be ${what}, not ${given}`, this.hint(issue, path, found, wanted));
  }

  /** Reports members that the format does not have; the places of those that were probably meant. */
  unknownMembers({ keys, path: place }: Extract<Issue, { code: "unrecognized_keys" }>): readonly Path[] {
    const path = place as Path;
    const known = membersAt(processFile, this.value, path);
    const there = valueAt(this.value, path) as object;
    // What is there already was not meant.
    const free = known.filter((name) => !Object.hasOwn(there, name));
    return keys.flatMap((key): Path[] => {
      const near = nearest(key, free);
      const like = near ?? nearest(key, known);
      const hint = `${like === undefined ? "" : `Did you mean "${like}"? `}There are: ${known.join(", ")}.`;
      this.say(path, `there is no member "${key}"`, hint, true, [...path, key]);
      return near === undefined ? [] : [[...path, near]];
    });
  }

  private hint(issue: Issue, path: Path, found: unknown, wanted: string): string | undefined {
    const near = typeof found === "string" ? nearest(found, valuesOf(issue)) : undefined;
    if (near !== undefined) return `Did you mean "${near}"?`;
    if (typeof found === "object" && found !== null && wanted.startsWith("the name of a type")) {
      return 'Types stand in $defs: write "$defs": {"Name": {…}} at the top of the file, and "Name" here.';
    }
    const length = typeof found === "string" && wanted.startsWith("a duration") ? shortLength(found) : undefined;
    if (length !== undefined) return `Did you mean "${length}"?`;
    if (typeof found === "string" && found !== "" && /^a list, each item ("|a name|the name)/.test(wanted)) {
      const name = path.at(-1);
      return `Put it into brackets: ${typeof name === "string" ? `"${name}": ` : ""}[${JSON.stringify(found)}].`;
    }
    return split(wanted).hint;
  }

  /** What is there in place of a member by which a form is known, where it is nearly called like it. */
  private misspelt(path: Path): string {
    const name = String(path.at(-1));
    const known = membersAt(processFile, this.value, path.slice(0, -1));
    const there = Object.keys(valueAt(this.value, path.slice(0, -1)) ?? {}).filter((key) => !known.includes(key));
    const near = nearest(name, there);
    return near === undefined ? "" : `Did you mean "${name}" by "${near}"? `;
  }

  private say(path: Path, message: string, hint: string | undefined, key = false, where = path): void {
    const at = path.length === 0 ? "The process" : path.join(".");
    this.source.reportAs("EJS2503", `${at}: ${message}.`, where, { hint, key });
  }

  private unknownOperation(path: Path, op: unknown): void {
    const names = Object.keys(processNodes);
    const near = typeof op === "string" ? nearest(op, names) : undefined;
    const meant = op === undefined ? this.misspelt(path) : near === undefined ? "" : `Did you mean "${near}"? `;
    const id = String(path.at(-2));
    const message = op === undefined ? `${id} has no operation.` : `${id}: there is no operation ${shown(op)}.`;
    this.source.report("EJS2503", message, path, { hint: `${meant}Operations: ${names.join(", ")}.` });
  }
}

/** Whether an issue is about a value as a whole, which is then of another form. */
const isWhole = ({ code, path }: Issue): boolean =>
  path.length === 0 && (code === "invalid_type" || code === "invalid_value");

/** The texts that a value may be. */
function valuesOf(issue: Issue): readonly string[] {
  if (issue.code === "invalid_value") return issue.values.map(String);
  if (issue.code !== "invalid_union") return [];
  const options = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  return [...options, ...issue.errors.flat().flatMap(valuesOf)];
}

const SHORT = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `-2d`, as TypeScript models write it, in ISO 8601: `-P2D`. */
function shortLength(text: string): string | undefined {
  const [, sign = "", count, unit = ""] = /^([-+]?)(\d{1,12})\s?(ms|[smhdw])$/.exec(text) ?? [];
  if (count === undefined) return undefined;
  return durationText((sign === "-" ? -1 : 1) * Number(count) * SHORT[unit as keyof typeof SHORT]);
}

/** `the name of a type in $defs: "Order"`: what it is, and how one looks. */
function split(words: string): { readonly what: string; readonly hint: string | undefined } {
  const [what = words, ...examples] = words.split(/: (?=["{[])/);
  return { what, hint: examples.length === 0 ? undefined : `Such as ${examples.join(": ")}.` };
}

/** Limits that the words of a schema do not say. */
function sizeOf(issue: Issue, found: unknown): { readonly what: string; readonly found: string } | undefined {
  if (issue.code !== "too_small" && issue.code !== "too_big") return undefined;
  const limit = issue.code === "too_small" ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
  if (Array.isArray(found)) return { what: `a list of ${limit}`, found: `of ${found.length}` };
  if (typeof found !== "string" || found === "") return undefined;
  return { what: `a text of ${limit} characters`, found: `of ${found.length}` };
}

/** A value as people call it. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}
