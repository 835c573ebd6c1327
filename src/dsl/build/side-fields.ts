/** Fields with a read rule lie in tables of their own: what that means for the rest of the model. */
import { type Core, ENVIRONMENT, type RowLike, type RowsLike, walk } from "../../expression/index.ts";
import type { Site } from "../site.ts";
import type { BuildContext } from "./build-context.ts";

/** While a row is made, its side tables hold nothing of it yet: a condition over them would refuse every row. */
export function refuseOwnSideFields(
  core: Core | undefined,
  what: string,
  site: Site | undefined,
  { report }: BuildContext,
): void {
  for (const [field, written] of core === undefined ? [] : ownSideFields(core)) {
    const message = `${what}: when a row is made, "${field}" has no value yet: it has a read rule and lies in a table of its own.`;
    const hint = `Leave create out of the policy, or say by .writable() of ${field} who may give it a value.`;
    report.error("EJS2148", message, { site, word: written ? field : undefined, hint });
  }
}

/** The side fields of the row itself that a condition reads: its text names them, or they stand behind its virtual fields. */
function ownSideFields(core: Core): ReadonlyMap<string, boolean> {
  const own = new Set([ENVIRONMENT]);
  const isOwn = (target: RowLike): boolean => target.kind === "row" && own.has(target.binding);
  const behind = new Set<number>();
  const found = new Map<string, boolean>();
  for (const node of walk(core)) {
    if (node.kind === "virtual" && isOwn(node.target)) {
      own.add(node.binding);
      behind.add(node.binding);
    }
    // Among itself and its ancestors the row is one of them.
    if ("rows" in node && "binding" in node) {
      const source = sourceOf(node.rows);
      if (source.kind === "ancestors" && source.self && isOwn(source.target)) own.add(node.binding);
    }
    if (node.kind === "side-column" && node.target.kind === "row" && isOwn(node.target)) {
      found.set(node.field, !behind.has(node.target.binding));
    }
  }
  return found;
}

const sourceOf = (rows: RowsLike): RowsLike => (rows.kind === "filter" ? sourceOf(rows.rows) : rows);
