import type { expressionErrors } from "../errors/expression-errors.ts";

/** A half-open piece of an expression's text, in UTF-16 units, as JavaScript counts them. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export type ExpressionErrorCode = keyof typeof expressionErrors;

/** One finding about an expression's text: what, where, what is allowed. */
export interface ExpressionError {
  readonly code: ExpressionErrorCode;
  readonly message: string;
  readonly range: Range;
  readonly hint?: string;
}

/** Makes an error; an absent hint leaves no key behind. */
export const expressionError = (
  code: ExpressionErrorCode,
  message: string,
  range: Range,
  hint?: string,
): ExpressionError => (hint === undefined ? { code, message, range } : { code, message, range, hint });
