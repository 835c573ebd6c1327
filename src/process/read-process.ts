/** From the text of a process file to what it says; all that is wrong with the file by itself is found here. */
import type { z } from "zod";
import { nearest } from "../errors/nearest.ts";
import { type ProcessFile, processFile, processNodes, uses } from "./process-file.ts";
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

function report(source: ProcessSource, issue: Issue): void {
  const path = issue.path as Path;
  const at = path.length === 0 ? "The process" : path.join(".");
  const say = (message: string, where: Path = path, hint?: string, key = false) =>
    source.report("EJS2503", `${at}: ${message}.`, where, { ...(hint === undefined ? {} : { hint }), key });
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = keysAt(source, path);
      for (const key of issue.keys) {
        const near = nearest(key, known);
        const meant = near === undefined ? "" : `Did you mean "${near}"? `;
        say(`there is no member "${key}"`, [...path, key], `${meant}There are: ${known.join(", ")}.`, true);
      }
      return;
    }
    case "invalid_type": {
      const missing = valueAt(source.value(), path) === undefined;
      say(missing ? `it has no ${String(path.at(-1))}` : `it is not ${withArticle(issue.expected)}`);
      return;
    }
    case "invalid_union":
      if (path.at(-1) === "op") unknownOperation(source, path);
      else say(unionOf(issue));
      return;
    case "invalid_value": {
      const values = issue.values.map(String);
      const found = String(valueAt(source.value(), path));
      const near = nearest(found, values);
      say(
        `it is ${values.map((value) => `"${value}"`).join(" or ")}`,
        path,
        near === undefined ? undefined : `Did you mean "${near}"?`,
      );
      return;
    }
    case "invalid_key":
      say(`"${String(path.at(-1))}" is no name there`, path, issue.issues[0]?.message, true);
      return;
    default:
      say(issue.message.replace(/\.$/, ""));
  }
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

const unionOf = ({ errors }: Issue & { code: "invalid_union" }): string =>
  [...new Set(errors.flat().map(({ message }) => message.replace(/\.$/, "")))].join("; or ") ||
  "it is of no known form";

const withArticle = (type: string): string => (/^[aeio]/.test(type) ? `an ${type}` : `a ${type}`);

/** The members that an object at a place may have. */
function keysAt(source: ProcessSource, path: Path): readonly string[] {
  if (path.length === 0) return Object.keys(processFile.shape);
  const op = (valueAt(source.value(), path) as { readonly op?: unknown } | undefined)?.op;
  if (path.at(-2) === "nodes" && typeof op === "string" && Object.hasOwn(processNodes, op)) {
    return Object.keys(processNodes[op as keyof typeof processNodes].shape);
  }
  if (path[0] === "uses") return Object.keys(uses.shape);
  if (path[0] === "execution") return ["model", "timeout"];
  if (path.at(-1) === "retry") return ["attempts", "backoff", "initial", "max"];
  return path.includes("cases") ? ["port", "when"] : [];
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? (at as Record<string | number, unknown>)[part] : undefined),
    value,
  );
}
