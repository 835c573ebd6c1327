/**
 * Findings as text for people:
 *
 *     domain/invoice.model.ts:21:34  EJS2103  Invoice.subtotal: InvoiceLine has no field "totl".
 *         sum(lines.map(l => l.totl))
 *                              ^^^^   Did you mean "total" (money)?
 */
import { styleText } from "node:util";
import type { Diagnostic } from "../errors/diagnostic.ts";

interface RenderOptions {
  readonly color?: boolean;
}

/** By file and place, then those that have none; ends with a line break. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: RenderOptions = {}): string {
  return sorted(diagnostics)
    .map((diagnostic) => `${renderDiagnostic(diagnostic, options)}\n`)
    .join("");
}

/** One finding, without a line break at its end. */
export function renderDiagnostic(diagnostic: Diagnostic, { color = false }: RenderOptions = {}): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const { where, severity, hint } = diagnostic;
  const head = [
    ...(where === undefined ? [] : [paint("cyan", printable(`${where.file}:${where.line}:${where.column}`))]),
    paint(severity === "error" ? "red" : "yellow", diagnostic.code),
    severity === "warning" ? `warning: ${indented(diagnostic.message)}` : indented(diagnostic.message),
  ].join("  ");
  const lines = [head];
  const excerpt = where === undefined || diagnostic.sourceLine === undefined ? undefined : excerptOf(diagnostic);
  if (excerpt !== undefined) {
    lines.push(`    ${excerpt.text}`);
    const carets = `    ${" ".repeat(excerpt.before)}${paint("red", "^".repeat(excerpt.carets))}`;
    // A long hint, or one beside a caret far to the right, would wrap: it gets a line of its own.
    const besideCarets =
      hint !== undefined && !hint.includes("\n") && excerpt.before + excerpt.carets + hint.length < 130;
    lines.push(besideCarets ? `${carets}   ${printable(hint)}` : carets);
    if (hint !== undefined && !besideCarets) lines.push(`    ${indented(hint)}`);
  } else if (hint !== undefined) lines.push(`    ${indented(hint)}`);
  return lines.join("\n");
}

const widestExcerpt = 140;

/** The source line without its indent, cut around the place where it is very long. */
function excerptOf({
  where,
  sourceLine = "",
}: Diagnostic): { text: string; before: number; carets: number } | undefined {
  if (where === undefined || sourceLine.trim() === "") return undefined;
  const indent = sourceLine.length - sourceLine.trimStart().length;
  const column = Math.max(where.column - 1, indent);
  let start = indent;
  if (column - start > widestExcerpt - 40) start = column - 60;
  const cutLeft = start > indent;
  const text = sourceLine.slice(start, start + widestExcerpt).trimEnd();
  const length = Math.max(1, Math.min(where.length ?? 1, text.length - (column - start)));
  return {
    text: printable(`${cutLeft ? "…" : ""}${text}`),
    before: column - start + (cutLeft ? 1 : 0),
    carets: length,
  };
}

function sorted(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const compare = (a: Diagnostic, b: Diagnostic): number => {
    if (a.where === undefined || b.where === undefined)
      return Number(a.where === undefined) - Number(b.where === undefined);
    if (a.where.file !== b.where.file) return a.where.file < b.where.file ? -1 : 1;
    return a.where.line - b.where.line || a.where.column - b.where.column;
  };
  return [...diagnostics].sort(compare);
}

/** Further lines of a text stand below its first one, indented. */
const indented = (text: string): string => printableLines(text, "    ");

/** The same of a text of several lines. */
export const printableLines = (text: string, indent = ""): string =>
  text.split("\n").map(printable).join(`\n${indent}`);

/** Names and source lines are foreign text: none may move the cursor or change a colour. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/\t/g, " ").replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}
