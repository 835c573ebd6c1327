/**
 * What one expression may cost. Texts come from models, but later also from
 * the studio and from clients, so that no text may tie up compiler or database.
 */
export const LIMITS = {
  /** UTF-16 units of the text. */
  length: 16_384,
  /** Nodes of one text. */
  nodes: 2_048,
  /** Nesting of nodes and parentheses. */
  depth: 64,
  /** Quantifiers inside each other, in one text. */
  quantifiers: 4,
  /** Quantifiers inside each other once virtual fields are put in place. */
  expandedQuantifiers: 6,
  /** Nodes once virtual fields are put in place: two uses in each of n fields would double n times. */
  expandedNodes: 10_000,
  /** Significant digits of a decimal constant. */
  decimalDigits: 200,
  /** Characters of a pattern, and its states once repetitions are written out. */
  patternLength: 500,
  patternStates: 2_000,
} as const;
