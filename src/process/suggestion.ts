import { nearest } from "../errors/nearest.ts";

/** `Did you mean "total"? Order has: id, total.` */
export function suggestion(name: string, names: readonly string[], lead: string): string {
  const near = nearest(name, names);
  return `${near === undefined ? "" : `Did you mean "${near}"? `}${lead}: ${names.join(", ") || "none"}.`;
}
