import type { Diagnostic } from "./diagnostic.ts";

/**
 * The only error that EngineJS throws on purpose. It carries every finding of
 * a stage, not the first.
 *
 * @example throw new EngineError([{ code: "EJS1001", severity: "error", message: "…" }])
 */
export class EngineError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], options?: ErrorOptions) {
    super(diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n"), options);
    this.name = "EngineError";
    this.diagnostics = diagnostics;
  }

  /** The code of the first finding. */
  get code(): string {
    return this.diagnostics[0]?.code ?? "EJS1000";
  }
}
