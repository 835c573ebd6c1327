/**
 * Canonical text: the same model is the same bytes, and its hash names it.
 */

/**
 * JSON with the keys of every object in code-unit order, two spaces of indent and a newline at the end.
 * Arrays keep their order: where order carries no meaning, the IR's maker sorts.
 *
 * @example canonicalText({ b: 1, a: undefined }) // '{\n  "b": 1\n}\n'
 */
export function canonicalText(value: unknown): string {
  return `${JSON.stringify(sorted(value), null, 2)}\n`;
}

/** The same value with its keys in the canonical order, as a build that was stored comes back: what is printed of it is the same. */
export const canonical = <T>(value: T): T => sorted(value) as T;

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  // None stands in the IR; nodes of SQL, which are compared by this text, hold some.
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, v]) => [key, sorted(v)]));
}

/** SHA-256 of the canonical text, hexadecimal: the model's name for a build. */
export async function modelHash(value: unknown): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonicalText(value)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
