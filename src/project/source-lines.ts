import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Diagnostic } from "../errors/diagnostic.ts";

/** Adds to each finding the line that it points into, read from the project's files. */
export function withSourceLines(diagnostics: readonly Diagnostic[], folder: string): readonly Diagnostic[] {
  const files = new Map<string, readonly string[]>();
  const linesOf = (file: string): readonly string[] => {
    const known = files.get(file);
    if (known !== undefined) return known;
    let lines: string[] = [];
    try {
      lines = readFileSync(resolve(folder, file), "utf8").split(/\r?\n/);
    } catch {
      // The file is gone again: the finding goes without its line.
    }
    files.set(file, lines);
    return lines;
  };
  return diagnostics.map((diagnostic) => {
    if (diagnostic.where === undefined || diagnostic.sourceLine !== undefined) return diagnostic;
    const sourceLine = linesOf(diagnostic.where.file)[diagnostic.where.line - 1];
    return sourceLine === undefined ? diagnostic : { ...diagnostic, sourceLine };
  });
}
