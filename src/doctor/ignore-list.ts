/** What is not to be reported: a lint, or a lint for one object or several. */
import { nearest } from "../errors/nearest.ts";
import { projectError } from "../project/project-error.ts";
import type { Finding } from "./finding.ts";
import type { Lint } from "./lint.ts";

/**
 * Sorts findings into those that are left and those that an entry names: `rls-disabled`, `rls-disabled:app.country`,
 * `policy-to-public:app.*`. A star stands for anything; the object is written as findings show it.
 *
 * @throws EJS1002 for an entry whose lint does not exist
 */
export function applyIgnoreList(
  findings: readonly Finding[],
  entries: readonly string[],
  lints: readonly Lint[],
): { readonly left: Finding[]; readonly ignored: Finding[]; readonly unused: string[] } {
  const rules = entries.map((entry) => {
    const [, id = "", object] = /^([^:]*)(?::(.*))?$/s.exec(entry) ?? [];
    requireLint(id, lints);
    return { entry, id, pattern: object === undefined ? undefined : patternOf(object) };
  });
  const used = new Set<string>();
  const isIgnored = ({ id, object }: Finding): boolean => {
    const matching = rules.filter(
      (rule) => rule.id === id && (rule.pattern === undefined || rule.pattern.test(object)),
    );
    for (const { entry } of matching) used.add(entry);
    return matching.length > 0;
  };
  const ignored = findings.filter(isIgnored);
  const left = findings.filter((finding) => !ignored.includes(finding));
  return { left, ignored, unused: entries.filter((entry) => !used.has(entry)) };
}

/** The lint of that id, or EJS1002 with the nearest one. */
export function requireLint(id: string, lints: readonly Lint[]): Lint {
  const found = lints.find((lint) => lint.id === id);
  if (found !== undefined) return found;
  const near = nearest(
    id,
    lints.map((lint) => lint.id),
  );
  const hint =
    near === undefined ? `The lints are: ${lints.map((lint) => lint.id).join(", ")}.` : `Did you mean "${near}"?`;
  throw projectError("EJS1002", `There is no lint "${id}".`, { hint });
}

const patternOf = (text: string): RegExp =>
  new RegExp(`^${text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`, "s");
