import { printable } from "./render-diagnostics.ts";
import type { Terminal } from "./terminal.ts";

/** Prints rows under a line of headings, each column as wide as its widest value; "-" for what is null. */
export function printTable(
  terminal: Terminal,
  headings: readonly string[],
  rows: readonly (readonly (string | null)[])[],
): void {
  const cells = rows.map((row) => row.map((value) => (value === null || value === "" ? "-" : printable(value))));
  const widths = headings.map((heading, i) => Math.max(heading.length, ...cells.map((row) => (row[i] ?? "").length)));
  const line = (values: readonly string[]) =>
    values
      .map((value, i) => value.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  terminal.print(terminal.style("gray", line(headings)));
  for (const row of cells) terminal.print(line(row));
}
