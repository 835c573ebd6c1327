/** Collects the findings of a build: all of them, each once, in the order of the files. */
import type { Diagnostic, SourceLocation } from "../../errors/diagnostic.ts";
import type { modelErrors } from "../../errors/model-errors.ts";
import { errorRegistry } from "../../errors/registry.ts";
import type { Site } from "../site.ts";
import type { SourcePositions } from "./source-position.ts";

export interface FindingOptions {
  /** The call that is wrong. */
  readonly site?: Site | undefined;
  /** The word among the call's arguments that is wrong; a path where the word alone is not enough: `["actions", "send"]`. */
  readonly word?: string | readonly string[] | undefined;
  /** The place, where it is known better than by the call. */
  readonly where?: SourceLocation | undefined;
  readonly hint?: string | undefined;
}

export class Report {
  readonly positions: SourcePositions;
  private readonly findings: Diagnostic[] = [];

  constructor(positions: SourcePositions) {
    this.positions = positions;
  }

  /** Reports an error of the model. */
  error(code: keyof typeof modelErrors, message: string, options: FindingOptions = {}): void {
    this.add(code, message, options);
  }

  /** Reports an error of another stage, such as the expression language's; without a hint it gets the registry's. */
  add(code: string, message: string, options: FindingOptions): void {
    const { site, word, where, hint = errorRegistry[code]?.hint } = options;
    const place = where ?? (site === undefined ? undefined : this.place(site, word));
    this.findings.push({
      code,
      severity: "error",
      message,
      ...(place === undefined ? {} : { where: place }),
      ...(hint === undefined ? {} : { hint }),
    });
  }

  get failed(): boolean {
    return this.findings.length > 0;
  }

  /** Sorted by place, without repetitions: a rule that two entities use is wrong once. */
  diagnostics(): readonly Diagnostic[] {
    const groups = new Map<string, Diagnostic[]>();
    for (const finding of [...this.findings].sort(compare)) {
      const { code, where } = finding;
      const key = JSON.stringify([code, where, where === undefined ? finding.message : parts(finding.message).what]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [finding]);
      else if (!group.some(({ message }) => message === finding.message)) group.push(finding);
    }
    return [...groups.values()].map(oneOf);
  }

  private place(site: Site, word: FindingOptions["word"]): SourceLocation {
    if (word === undefined) return this.positions.at(site);
    return this.positions.ofWord(site, ...(typeof word === "string" ? [word] : word));
  }
}

/** `Invoice, policy "own": there is no role "x".`: whose finding it is, and what was found. */
function parts(message: string): { readonly whose: string; readonly what: string } {
  const end = message.indexOf(": ");
  return end < 0 ? { whose: "", what: message } : { whose: message.slice(0, end), what: message.slice(end + 2) };
}

/** One finding for all that say the same of the same place; the others are named in it. */
function oneOf([first, ...others]: readonly Diagnostic[]): Diagnostic {
  const finding = first as Diagnostic;
  const [next, ...more] = [...new Set(others.map(({ message }) => parts(message).whose))];
  if (next === undefined) return finding;
  const rest = more.length === 0 ? "" : ` and ${more.length} more`;
  return { ...finding, message: `${finding.message} (The same: ${next}${rest}.)` };
}

function compare(a: Diagnostic, b: Diagnostic): number {
  return (
    order(a.where?.file ?? "", b.where?.file ?? "") ||
    (a.where?.line ?? 0) - (b.where?.line ?? 0) ||
    (a.where?.column ?? 0) - (b.where?.column ?? 0) ||
    order(a.code, b.code) ||
    order(a.message, b.message)
  );
}

/** By code unit, not by locale: the same order on every machine. */
export const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A value of the user's in a message: short, on one line. */
export function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "object" && value !== null) {
    const isFlat = Object.values(value).every(
      (part) => part === null || ["string", "number", "boolean"].includes(typeof part),
    );
    if (Array.isArray(value) ? !isFlat : !isFlat || Object.keys(value).length === 0)
      return Array.isArray(value) ? "a list" : "an object";
  }
  const text = typeof value === "symbol" ? "a symbol" : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Declarations by name, and of one name by place: the order in which the files were loaded is without meaning. */
export function inOrder<T extends { readonly name: unknown; readonly site: Site | undefined }>(all: readonly T[]): T[] {
  return [...all].sort(
    (a, b) =>
      order(String(a.name), String(b.name)) ||
      order(a.site?.file ?? "", b.site?.file ?? "") ||
      (a.site?.line ?? 0) - (b.site?.line ?? 0) ||
      (a.site?.column ?? 0) - (b.site?.column ?? 0),
  );
}
