/** From the text of a process file to what it says; all that is wrong with the file by itself is found here. */
import type { z } from "zod";
import { nearest } from "../errors/nearest.ts";
import { fieldName, slugName, taskName } from "../model/names.ts";
import { membersAt } from "./format-members.ts";
import { type ProcessFile, processFile, processNodes } from "./process-file.ts";
import { type Path, ProcessSource } from "./process-source.ts";

export interface ReadProcess {
  readonly source: ProcessSource;
  /** Absent where the file is not of its format. */
  readonly process?: ProcessFile;
}

/** @param file relative to the project */
export function readProcess(file: string, text: string): ReadProcess {
  const source = new ProcessSource(file, text);
  if (source.failed) return { source };
  const result = processFile.safeParse(source.value());
  if (result.success) return { source, process: result.data };
  for (const issue of result.error.issues) report(source, issue);
  return { source };
}

type Issue = z.core.$ZodIssue;

/** Names in words, by their patterns. */
const NAMES = new Map<string, string>([
  [patternOf(fieldName), "letters and digits, a small letter first: dueAt"],
  [patternOf(slugName), "letters and digits, parts joined by - _ or a dot, a small letter first: orders.place"],
  [patternOf(taskName), "as its file below tasks/ is called: send-mail, payments/create-charge"],
]);

function patternOf(name: z.ZodString): string {
  return String(name.def.checks?.map((check) => (check._zod.def as { pattern?: RegExp }).pattern).find(Boolean));
}

/** Kinds of JSON values as people call them. */
const KINDS: Readonly<Record<string, string>> = {
  record: "an object",
  object: "an object",
  int: "a whole number",
  tuple: "a list of two",
  array: "a list",
  string: "a text",
};

function report(source: ProcessSource, issue: Issue): void {
  const path = issue.path as Path;
  const at = path.length === 0 ? "The process" : path.join(".");
  const say = (message: string, where: Path = path, hint?: string, key = false) =>
    source.report("EJS2503", `${at}: ${message}.`, where, { ...(hint === undefined ? {} : { hint }), key });
  const found = valueAt(source.value(), path);
  if (found === undefined && issue.code !== "unrecognized_keys" && issue.code !== "invalid_key") {
    missing(source, path, issue.code === "invalid_value" ? issue.values.map(String) : []);
    return;
  }
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = membersAt(processFile, source.value(), path);
      for (const key of issue.keys) {
        const near = nearest(key, known);
        const meant = near === undefined ? "" : `Did you mean "${near}"? `;
        say(`there is no member "${key}"`, [...path, key], `${meant}There are: ${known.join(", ")}.`, true);
      }
      return;
    }
    case "invalid_type":
      say(`it is not ${KINDS[issue.expected] ?? withArticle(issue.expected)}`);
      return;
    case "too_small":
    case "too_big":
      say(sizeOf(issue));
      return;
    case "invalid_format":
      say(`${JSON.stringify(found)} is no name there`, path, wordsOf(issue));
      return;
    case "invalid_union":
      invalidUnion(source, issue, path, say);
      return;
    case "invalid_value": {
      const values = issue.values.map(String);
      const near = nearest(String(found), values);
      say(listed(values), path, near === undefined ? undefined : `Did you mean "${near}"?`);
      return;
    }
    case "invalid_key": {
      const [inner] = issue.issues;
      const hint = inner?.code === "invalid_format" ? wordsOf(inner) : inner?.message;
      say(`"${String(path.at(-1))}" is no name there`, path, hint, true);
      return;
    }
    default:
      say(issue.message.replace(/\.$/, ""));
  }
}

const listed = (values: readonly string[]): string => `it must be ${oneOf(values)}`;
const oneOf = (values: readonly string[]): string => values.map((value) => `"${value}"`).join(" or ");

/** What a text of a pattern is like: as the format says it, else by the pattern. */
function wordsOf(issue: Extract<Issue, { code: "invalid_format" }>): string | undefined {
  if (!issue.message.startsWith("Invalid")) return sentence(issue.message);
  return sentence(NAMES.get(issue.pattern ?? "") ?? `it is of the pattern ${issue.pattern ?? ""}`);
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;

function sizeOf(issue: Extract<Issue, { code: "too_small" | "too_big" }>): string {
  const small = issue.code === "too_small";
  const limit = small ? issue.minimum : issue.maximum;
  const least = issue.inclusive === false ? (small ? "more than" : "less than") : small ? "at least" : "at most";
  if (issue.origin === "string")
    return `it must have ${least} ${limit === 1 ? "one character" : `${limit} characters`}`;
  if (issue.origin === "array") return `it must be a list of ${least} ${limit}`;
  return `it must be ${least} ${limit}`;
}

/** A member that is not there, with what it could be. */
function missing(source: ProcessSource, path: Path, values: readonly string[]): void {
  if (path.at(-1) === "op") {
    unknownOperation(source, path);
    return;
  }
  const of = path.length === 1 ? "The process" : path.slice(0, -1).join(".");
  source.report("EJS2503", `${of}: it has no ${String(path.at(-1))}.`, path, {
    ...(values.length === 0 ? {} : { hint: `It is ${oneOf(values)}.` }),
  });
}

function invalidUnion(
  source: ProcessSource,
  issue: Extract<Issue, { code: "invalid_union" }>,
  path: Path,
  say: (message: string, where?: Path, hint?: string) => void,
): void {
  if (path.at(-1) === "op") {
    unknownOperation(source, path);
    return;
  }
  const found = valueAt(source.value(), path);
  const options = "options" in issue && Array.isArray(issue.options) ? issue.options : [];
  const inner = issue.errors.flat();
  const values = [
    ...options.map(String),
    ...inner.flatMap((each) => (each.code === "invalid_value" ? each.values.map(String) : [])),
  ];
  const forms = inner.flatMap((each) => (each.code === "invalid_type" ? [KINDS[each.expected] ?? each.expected] : []));
  const near = typeof found === "string" ? nearest(found, values) : undefined;
  const known = [...values.map((value) => `"${value}"`), ...forms];
  say(
    known.length === 0 ? "it is of no known form" : `it must be ${[...new Set(known)].join(" or ")}`,
    path,
    near === undefined ? undefined : `Did you mean "${near}"?`,
  );
}

function unknownOperation(source: ProcessSource, path: Path): void {
  const op = valueAt(source.value(), path);
  const names = Object.keys(processNodes);
  const near = typeof op === "string" ? nearest(op, names) : undefined;
  const meant = near === undefined ? "" : `Did you mean "${near}"? `;
  const id = String(path.at(-2));
  const message = op === undefined ? `${id} has no operation.` : `${id}: there is no operation ${JSON.stringify(op)}.`;
  source.report("EJS2503", message, path, { hint: `${meant}Operations: ${names.join(", ")}.` });
}

const withArticle = (type: string): string => (/^[aeio]/.test(type) ? `an ${type}` : `a ${type}`);

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, part) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, part)
        ? (at as Record<string | number, unknown>)[part]
        : undefined,
    value,
  );
}
