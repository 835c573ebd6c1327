/** Findings as text for people: by lint, the gravest first. */
import type { styleText } from "node:util";
import type { Finding, Level } from "./finding.ts";
import type { Lint } from "./lint.ts";

type Style = Parameters<typeof styleText>[0];
const styleOf: Readonly<Record<Level, Style>> = { error: "red", warn: "yellow", info: "blue" };

/**
 * Lines without breaks.
 *
 *     error  rls-disabled  a table that others than its owner may read or write has no row level security.
 *       Whoever holds the right sees and changes every row of it. …
 *       - app.invoice has no row level security: it is open, every row, to anon (select).
 *           alter table app.invoice enable row level security;
 *       enable it, then write a policy … (https://…)
 */
export function describeFindings(
  findings: readonly Finding[],
  lints: readonly Lint[],
  style: (style: Style, text: string) => string,
): string[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.level} ${finding.id}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].flatMap((group) => {
    const [{ id, level, why, advice, reference } = group[0] as Finding] = group;
    const title = lints.find((lint) => lint.id === id)?.title ?? "";
    return [
      `${style(styleOf[level], level)}  ${style("bold", id)}  ${title}`,
      `  ${why}`,
      ...group.flatMap(({ what, fix }) => [
        `  - ${oneLine(what)}`,
        ...(fix === null ? [] : [`      ${style("cyan", printable(fix))}`]),
      ]),
      `  Fix: ${advice} ${style("gray", reference)}`,
      "",
    ];
  });
}

/** A name may hold what a terminal would act on. */
const printable = (text: string): string => text.replaceAll(/(?!\n)\p{Cc}/gu, "?");
const oneLine = (text: string): string => text.replaceAll(/\p{Cc}/gu, "?");

/** `2 errors, 1 warning, 14 of level info` */
export function countFindings(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const parts = [
    [count("error"), count("error") === 1 ? "error" : "errors"],
    [count("warn"), count("warn") === 1 ? "warning" : "warnings"],
    [count("info"), "of level info"],
  ] as const;
  return parts
    .filter(([n]) => n > 0)
    .map(([n, name]) => `${n} ${name}`)
    .join(", ");
}
