/** A place in a file of the user's project: a path relative to the project, line and column counted from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** How many characters the place covers; 0 or absent where only its beginning is known. */
  readonly length?: number;
}

/**
 * One finding about a user's input, in the tone of the whole project: what,
 * where, what is allowed, the nearest match, how to mend it.
 */
export interface Diagnostic {
  /** A code of the registry, `EJS2103`. */
  readonly code: string;
  readonly severity: "error" | "warning";
  /** One sentence that names the thing and the value: `Invoice.subtotal: InvoiceLine has no field "totl".` */
  readonly message: string;
  readonly where?: SourceLocation;
  /** The line that `where` points into, for the caret under it. */
  readonly sourceLine?: string;
  /** What is allowed, the nearest match, how to mend it. */
  readonly hint?: string;
}
