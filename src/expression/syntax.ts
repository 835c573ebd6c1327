/**
 * The untyped tree of an expression: what `parse()` gives, `print()` takes and
 * the builder makes.
 */
import type { Range } from "./expression-error.ts";

/** The range of what was never written as text: the builder makes it. */
export const NOWHERE: Range = { start: 0, end: 0 };

export type BinarySyntaxOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%" | "in";

interface Ranged {
  readonly range: Range;
}

export interface NullSyntax extends Ranged {
  readonly kind: "null";
}
export interface BoolSyntax extends Ranged {
  readonly kind: "bool";
  readonly value: boolean;
}
export interface IntSyntax extends Ranged {
  readonly kind: "int";
  readonly value: bigint;
}
/** Digits as written, without exponent: `-1.50`. */
export interface DecimalSyntax extends Ranged {
  readonly kind: "decimal";
  readonly text: string;
}
export interface StringSyntax extends Ranged {
  readonly kind: "string";
  readonly value: string;
}
export interface ListSyntax extends Ranged {
  readonly kind: "list";
  readonly items: readonly Syntax[];
}
export interface NameSyntax extends Ranged {
  readonly kind: "name";
  readonly name: string;
}
export interface MemberSyntax extends Ranged {
  readonly kind: "member";
  readonly target: Syntax;
  readonly name: string;
  readonly nameRange: Range;
}
/** A function: `size(x)`, `now()`. */
export interface CallSyntax extends Ranged {
  readonly kind: "call";
  readonly name: string;
  readonly nameRange: Range;
  readonly arguments: readonly Syntax[];
}
/** A method, quantifiers included: `rows.exists(x, …)`. */
export interface MethodSyntax extends Ranged {
  readonly kind: "method";
  readonly target: Syntax;
  readonly name: string;
  readonly nameRange: Range;
  readonly arguments: readonly Syntax[];
}
export interface UnarySyntax extends Ranged {
  readonly kind: "unary";
  readonly operator: "!" | "-";
  readonly operand: Syntax;
}
export interface BinarySyntax extends Ranged {
  readonly kind: "binary";
  readonly operator: BinarySyntaxOperator;
  readonly left: Syntax;
  readonly right: Syntax;
}
/** `&&` and `||` are associative: a chain is one node, so that a long one is not deep. */
export interface LogicalSyntax extends Ranged {
  readonly kind: "logical";
  readonly operator: "&&" | "||";
  readonly operands: readonly Syntax[];
}
export interface ConditionalSyntax extends Ranged {
  readonly kind: "conditional";
  readonly condition: Syntax;
  readonly then: Syntax;
  readonly otherwise: Syntax;
}

export type Syntax =
  | NullSyntax
  | BoolSyntax
  | IntSyntax
  | DecimalSyntax
  | StringSyntax
  | ListSyntax
  | NameSyntax
  | MemberSyntax
  | CallSyntax
  | MethodSyntax
  | UnarySyntax
  | BinarySyntax
  | LogicalSyntax
  | ConditionalSyntax;

/** Words that CEL reserves: no variable may have such a name. Any of them may be a member: `row.in`. */
export const RESERVED_WORDS: ReadonlySet<string> = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

/** Whether a name needs no backticks. */
export const isPlainName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
