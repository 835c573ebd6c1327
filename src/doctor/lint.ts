/** The lints: one file of SQL each, in `sql/doctor/`, whose header says what it finds, why that matters, and how to mend it. */
import { readdirSync, readFileSync } from "node:fs";

export interface Lint {
  /** The file's name: `rls-disabled`. Ids are kept for good: people's ignore lists hold them. */
  readonly id: string;
  /** What it finds, in one sentence. */
  readonly title: string;
  readonly why: string;
  /** In words; a finding has a statement as well, where one can be written down. */
  readonly fix: string;
  readonly reference: string;
  /** One select: level, kind, object, what, fix. */
  readonly sql: string;
}

const folder = new URL("../../sql/doctor/", import.meta.url);

/** All lints, by their ids. */
export function readLints(): Lint[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => parseLint(file.slice(0, -".sql".length), readFileSync(new URL(file, folder), "utf8")));
}

/**
 * Reads the header: `-- id: title`, `-- Why: …`, `-- Fix: …`, `-- See: address`; a line that begins with more blanks goes on with the one before.
 *
 * @throws TypeError where a part is missing
 */
function parseLint(id: string, sql: string): Lint {
  const parts = new Map<string, string>();
  let current = "";
  for (const line of sql.split("\n")) {
    const [, blanks = "", text = ""] = /^--( +)(.*)$/.exec(line) ?? [];
    if (blanks === "") break;
    const [, label, rest = ""] = (blanks.length === 1 ? /^([A-Za-z-]+): (.*)$/.exec(text) : null) ?? [];
    current = label ?? current;
    parts.set(current, label === undefined ? `${parts.get(current) ?? ""} ${text}` : rest);
  }
  const part = (label: string): string => {
    const found = parts.get(label);
    if (found === undefined) throw new TypeError(`sql/doctor/${id}.sql has no "-- ${label}: …" in its header`);
    return found;
  };
  return { id, title: part(id), why: part("Why"), fix: part("Fix"), reference: part("See"), sql };
}
