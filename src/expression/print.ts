/**
 * Untyped tree → canonical text, the form in which the IR keeps an expression.
 * `print(parse(text))` is a fixpoint: parsing and printing it again changes nothing.
 */
import { isPlainName, type Syntax } from "./syntax.ts";

const CONDITIONAL = 1;
const UNARY = 7;
const POSTFIX = 8;
const PRECEDENCE: Readonly<Record<string, number>> = {
  "||": 2,
  "&&": 3,
  "==": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  in: 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "%": 6,
};

/** Told where in the text each node ended up; parentheses around it are not counted. */
export type OnPrinted = (node: Syntax, start: number, end: number) => void;

/**
 * Prints the canonical text of an expression.
 *
 * @example print(parse("a&&(b &&c)").syntax) // "a && b && c"
 */
export function print(syntax: Syntax, onPrinted?: OnPrinted): string {
  const printer = new Printer(onPrinted);
  printer.node(syntax, 0);
  return printer.text;
}

class Printer {
  text = "";
  private readonly onPrinted: OnPrinted | undefined;

  constructor(onPrinted: OnPrinted | undefined) {
    this.onPrinted = onPrinted;
  }

  node(node: Syntax, minimum: number): void {
    const parenthesised = precedence(node) < minimum;
    if (parenthesised) this.text += "(";
    const start = this.text.length;
    this.bare(node);
    this.onPrinted?.(node, start, this.text.length);
    if (parenthesised) this.text += ")";
  }

  private bare(node: Syntax): void {
    switch (node.kind) {
      case "null":
        this.text += "null";
        return;
      case "bool":
      case "int":
        this.text += String(node.value);
        return;
      case "decimal":
        this.text += node.text;
        return;
      case "string":
        this.text += printString(node.value);
        return;
      case "list":
        this.text += "[";
        this.list(node.items);
        this.text += "]";
        return;
      case "name":
        this.text += printMemberName(node.name);
        return;
      case "member":
        this.node(node.target, POSTFIX);
        this.text += `.${printMemberName(node.name)}`;
        return;
      case "call":
        this.text += `${node.name}(`;
        this.list(node.arguments);
        this.text += ")";
        return;
      case "method":
        this.node(node.target, POSTFIX);
        this.text += `.${node.name}(`;
        this.list(node.arguments);
        this.text += ")";
        return;
      case "unary":
        this.text += node.operator;
        // `-(1)` and not `-1`, which is a constant; `-(-x)` because CEL reads `--x` as x.
        this.node(node.operand, isNumber(node.operand) ? Number.POSITIVE_INFINITY : POSTFIX);
        return;
      case "binary": {
        const own = precedence(node);
        this.node(node.left, own);
        this.text += ` ${node.operator} `;
        this.node(node.right, own + 1);
        return;
      }
      case "logical": {
        const own = precedence(node);
        flatten(node).forEach((operand, index) => {
          if (index > 0) this.text += ` ${node.operator} `;
          this.node(operand, own + 1);
        });
        return;
      }
      case "conditional":
        this.node(node.condition, CONDITIONAL + 1);
        this.text += " ? ";
        this.node(node.then, CONDITIONAL + 1);
        this.text += " : ";
        this.node(node.otherwise, CONDITIONAL);
        return;
      default:
        node satisfies never;
    }
  }

  private list(items: readonly Syntax[]): void {
    items.forEach((item, index) => {
      if (index > 0) this.text += ", ";
      this.node(item, 0);
    });
  }
}

function precedence(node: Syntax): number {
  switch (node.kind) {
    case "conditional":
      return CONDITIONAL;
    case "logical":
    case "binary":
      return PRECEDENCE[node.operator] ?? 0;
    case "unary":
      return UNARY;
    case "int":
      return node.value < 0n ? UNARY : POSTFIX;
    case "decimal":
      return node.text.startsWith("-") ? UNARY : POSTFIX;
    default:
      return POSTFIX;
  }
}

const isNumber = (node: Syntax): boolean => node.kind === "int" || node.kind === "decimal";

/** The builder nests what the parser keeps flat. */
function flatten(node: Syntax & { kind: "logical" }): Syntax[] {
  return node.operands.flatMap((operand) =>
    operand.kind === "logical" && operand.operator === node.operator ? flatten(operand) : [operand],
  );
}

const printMemberName = (name: string): string => (isPlainName(name) ? name : `\`${name}\``);

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\" };

/** A string constant in double quotes; what an editor would not show is escaped. */
export function printString(value: string): string {
  const body = value.replace(
    /["\\\p{Cc}\u2028\u2029\ufeff]/gu,
    (character) => ESCAPES[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
  return `"${body}"`;
}
