import { nearest } from "./nearest.ts";

/**
 * The hint for a misspelt name: what was most likely meant, and what there is.
 *
 * @example suggestion("totl", ["id", "total"], "Invoice has") // 'Did you mean "total"? Invoice has: id, total.'
 */
export function suggestion(name: unknown, names: Iterable<string>, lead: string): string {
  const all = [...names];
  return `${didYouMean(name, all)}${lead}: ${all.join(", ") || "none"}.`;
}

/** The first half of it, with a space behind; empty where nothing is near. */
export function didYouMean(name: unknown, names: Iterable<string>): string {
  const near = typeof name === "string" ? nearest(name, names) : undefined;
  return near === undefined ? "" : `Did you mean "${near}"? `;
}
