/**
 * How a command ends:
 *
 * | code | when |
 * |---|---|
 * | 0 | done, also where there was nothing to do |
 * | 1 | findings in the project, a refused change, wider access without a consent, or `--check` found that something would change |
 * | 2 | wrong use: unknown command or option, no project here |
 * | 3 | the database cannot be reached, is too old, or the role lacks a right |
 */
import type { Diagnostic } from "../errors/diagnostic.ts";

export const exitCode = { ok: 0, findings: 1, usage: 2, database: 3 } as const;

const usageCodes = new Set(["EJS1001", "EJS1002", "EJS1003", "EJS1060", "EJS1061"]);

/** The code for findings: that of the first one's stage. */
export function exitCodeOf(diagnostics: readonly Diagnostic[]): number {
  const code = diagnostics[0]?.code ?? "";
  if (usageCodes.has(code)) return exitCode.usage;
  return /^EJS40[01]/.test(code) ? exitCode.database : exitCode.findings;
}
