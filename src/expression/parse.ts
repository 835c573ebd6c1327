/**
 * Text → untyped tree. CEL's grammar with our profile: no maps, no indexing, no
 * raw and triple-quoted strings; any word may be a member; `` `…` `` quotes one.
 * Collects every error: after one it goes on at the next `,` or closing bracket.
 */
import { type ExpressionError, expressionError, type Range } from "./expression-error.ts";
import { lex } from "./lex.ts";
import { LIMITS } from "./limits.ts";
import { type BinarySyntaxOperator, RESERVED_WORDS, type Syntax } from "./syntax.ts";
import { TokenReader } from "./token-reader.ts";

export type ParseResult =
  | { readonly ok: true; readonly syntax: Syntax }
  | { readonly ok: false; readonly errors: readonly ExpressionError[] };

/**
 * Parses one expression.
 *
 * @example parse('row.ownerId == actor.id || "billing" in actor.roles')
 */
export function parse(text: string): ParseResult {
  if (text.length > LIMITS.length) {
    const range = { start: 0, end: text.length };
    const message = `The expression has ${text.length} characters; at most ${LIMITS.length} are allowed.`;
    return { ok: false, errors: [expressionError("EJS2006", message, range)] };
  }
  const { tokens, errors } = lex(text);
  const reader = new TokenReader(tokens, errors);
  const syntax = new Parser(reader).parseAll();
  const sorted = reader.errors.toSorted((a, b) => a.range.start - b.range.start);
  return sorted.length === 0 && syntax !== undefined ? { ok: true, syntax } : { ok: false, errors: sorted };
}

const MAX_INT = 2n ** 63n - 1n;
const LEVELS: readonly (readonly string[])[] = [
  ["==", "!=", "<", "<=", ">", ">=", "in"],
  ["+", "-"],
  ["*", "/", "%"],
];
/** Thrown to leave the recursion when a limit is passed; never leaves this file. */
class LimitReached extends Error {}

// `Omit` over a union would merge its members.
type Unranged<T> = T extends unknown ? Omit<T, "range"> : never;

class Parser {
  private readonly tokens: TokenReader;
  private nodes = 0;
  private nesting = 0;
  /** Depth of each node: a chain of `+` is deep without any recursion of the parser. */
  private readonly depths = new WeakMap<Syntax, number>();

  constructor(tokens: TokenReader) {
    this.tokens = tokens;
  }

  parseAll(): Syntax | undefined {
    try {
      const syntax = this.parseConditional();
      while (!this.tokens.atEnd()) {
        this.tokens.unexpected("the end of the expression");
        this.tokens.advance();
        if (!this.tokens.atEnd()) this.parseConditional();
      }
      return syntax;
    } catch (error) {
      if (error instanceof LimitReached) return undefined;
      throw error;
    }
  }

  private limit(message: string, range: Range): never {
    this.tokens.report("EJS2006", message, range);
    throw new LimitReached();
  }

  private tooDeep(range: Range): never {
    return this.limit(`The expression is nested more than ${LIMITS.depth} levels deep.`, range);
  }

  private node(fields: Unranged<Syntax>, range: Range, children: readonly Syntax[] = []): Syntax {
    if (++this.nodes > LIMITS.nodes) this.limit(`The expression has more than ${LIMITS.nodes} parts.`, range);
    const depth = 1 + Math.max(0, ...children.map((child) => this.depths.get(child) ?? 0));
    if (depth > LIMITS.depth) this.tooDeep(range);
    const node = { ...fields, range } as Syntax;
    this.depths.set(node, depth);
    return node;
  }

  private parseConditional(): Syntax {
    if (++this.nesting > LIMITS.depth) this.tooDeep(this.tokens.current.range);
    const condition = this.parseLogical("||");
    let result = condition;
    if (this.tokens.take("?") !== undefined) {
      const then = this.parseConditional();
      if (this.tokens.take(":") === undefined) {
        this.tokens.unexpected('":" and the other value of "? :"');
        this.tokens.recover();
      } else {
        const otherwise = this.parseConditional();
        result = this.node({ kind: "conditional", condition, then, otherwise }, span(condition, otherwise), [
          condition,
          then,
          otherwise,
        ]);
      }
    }
    this.nesting--;
    return result;
  }

  private parseLogical(operator: "&&" | "||"): Syntax {
    const next = () => (operator === "||" ? this.parseLogical("&&") : this.parseBinary(0));
    const first = next();
    if (!this.tokens.isSymbol(operator)) return first;
    const operands = flatten(first, operator);
    let last = first;
    while (this.tokens.take(operator) !== undefined) {
      last = next();
      operands.push(...flatten(last, operator));
    }
    return this.node({ kind: "logical", operator, operands }, span(first, last), operands);
  }

  private parseBinary(level: number): Syntax {
    const operators = LEVELS[level];
    if (operators === undefined) return this.parseUnary();
    let left = this.parseBinary(level + 1);
    for (;;) {
      const token = this.tokens.current;
      if (token.kind === "end" || token.kind === "string" || !("text" in token)) return left;
      if (!operators.includes(token.text) || (token.kind === "name" && token.quoted)) return left;
      this.tokens.advance();
      const right = this.parseBinary(level + 1);
      const operator = token.text as BinarySyntaxOperator;
      left = this.node({ kind: "binary", operator, left, right }, span(left, right), [left, right]);
    }
  }

  private parseUnary(): Syntax {
    const token = this.tokens.current;
    if (token.kind !== "symbol" || (token.text !== "!" && token.text !== "-")) return this.parsePostfix();
    if (token.text === "-" && this.isNegativeNumber()) return this.parsePostfix();
    this.tokens.advance();
    if (++this.nesting > LIMITS.depth) this.tooDeep(token.range);
    const operand = this.parseUnary();
    this.nesting--;
    return this.node({ kind: "unary", operator: token.text, operand }, { ...token.range, end: operand.range.end }, [
      operand,
    ]);
  }

  /** `-1` is a constant (so that the least int can be written), `-1.size()` is not. */
  private isNegativeNumber(): boolean {
    const number = this.tokens.peek(1);
    if (number?.kind !== "int" && number?.kind !== "decimal") return false;
    const after = this.tokens.peek(2);
    return !(after?.kind === "symbol" && (after.text === "." || after.text === "["));
  }

  private parsePostfix(): Syntax {
    let target = this.parsePrimary();
    for (;;) {
      const start = target.range.start;
      if (this.tokens.isSymbol("?.")) {
        this.tokens.report(
          "EJS2007",
          '"?." is not needed.',
          this.tokens.current.range,
          'Write ".": what follows null is null.',
        );
      } else if (this.tokens.isSymbol("[")) {
        const { range } = this.tokens.current;
        this.tokens.report("EJS2007", "Lists and rows are not indexed.", range, 'Write row.name, or "x" in list.');
        this.tokens.advance();
        this.parseArguments("]");
        continue;
      } else if (!this.tokens.isSymbol(".")) return target;
      this.tokens.advance();
      const name = this.tokens.current;
      if (name.kind !== "name") {
        this.tokens.unexpected("the name of a member");
        this.tokens.recover();
        return target;
      }
      this.tokens.advance();
      if (this.tokens.take("(") === undefined) {
        const member = { kind: "member", target, name: name.text, nameRange: name.range } as const;
        target = this.node(member, { start, end: name.range.end }, [target]);
      } else {
        const { items, end } = this.parseArguments(")");
        const method = { kind: "method", target, name: name.text, nameRange: name.range, arguments: items } as const;
        target = this.node(method, { start, end }, [target, ...items]);
      }
    }
  }

  private parseArguments(closer: ")" | "]"): { items: Syntax[]; end: number } {
    const items: Syntax[] = [];
    if (!this.tokens.isSymbol(closer)) {
      do {
        items.push(this.parseConditional());
        if (!this.tokens.isSymbol(",") && !this.tokens.isSymbol(closer)) {
          this.tokens.unexpected(`"," or "${closer}"`);
          this.tokens.recover();
        }
      } while (this.tokens.take(",") !== undefined);
    }
    const closing = this.tokens.take(closer);
    if (closing === undefined) this.tokens.unexpected(`"${closer}"`);
    return { items, end: closing?.range.end ?? this.tokens.current.range.start };
  }

  private parsePrimary(): Syntax {
    const token = this.tokens.current;
    const { range } = token;
    switch (token.kind) {
      case "int":
        this.tokens.advance();
        if (token.value > MAX_INT) {
          this.tokens.report("EJS2004", `${token.value} is larger than ${MAX_INT}.`, range);
        }
        return this.node({ kind: "int", value: token.value }, range);
      case "decimal":
        this.tokens.advance();
        return this.node({ kind: "decimal", text: token.text }, range);
      case "string":
        this.tokens.advance();
        return this.node({ kind: "string", value: token.value }, range);
      case "name":
        return this.parseName(token.text, token.quoted, range);
      case "symbol":
        if (token.text === "-") return this.parseNegativeNumber(range);
        if (token.text === "(") return this.parseGroup();
        if (token.text === "[") {
          this.tokens.advance();
          const { items, end } = this.parseArguments("]");
          return this.node({ kind: "list", items }, { start: range.start, end }, items);
        }
        if (token.text === "{") {
          this.tokens.report("EJS2007", "The language has no maps and messages.", range);
          this.tokens.advance();
          this.tokens.recover();
          this.tokens.take("}");
          return this.node({ kind: "null" }, range);
        }
        break;
      case "end":
        break;
      default:
        return token satisfies never;
    }
    this.tokens.unexpected("a value");
    if (token.kind === "symbol" && !")]},:".includes(token.text)) this.tokens.advance();
    return this.node({ kind: "null" }, range);
  }

  private parseNegativeNumber(minus: Range): Syntax {
    this.tokens.advance();
    const token = this.tokens.current;
    this.tokens.advance();
    const range = { start: minus.start, end: token.range.end };
    if (token.kind === "decimal") return this.node({ kind: "decimal", text: `-${token.text}` }, range);
    const value = token.kind === "int" ? -token.value : 0n;
    if (value < -MAX_INT - 1n) {
      this.tokens.report("EJS2004", `${value} is less than ${-MAX_INT - 1n}.`, range);
    }
    return this.node({ kind: "int", value }, range);
  }

  private parseGroup(): Syntax {
    this.tokens.advance();
    const inner = this.parseConditional();
    if (this.tokens.take(")") === undefined) {
      this.tokens.unexpected('")"');
      this.tokens.recover();
      if (this.tokens.take(")") === undefined && this.tokens.current.kind === "end") return inner;
    }
    return inner;
  }

  private parseName(name: string, quoted: boolean, range: Range): Syntax {
    this.tokens.advance();
    if (!quoted) {
      if (name === "null") return this.node({ kind: "null" }, range);
      if (name === "true" || name === "false") return this.node({ kind: "bool", value: name === "true" }, range);
      if (RESERVED_WORDS.has(name)) {
        this.tokens.report("EJS2005", `Expected a value, found the reserved word "${name}".`, range);
      } else if (name === "not") {
        this.tokens.report("EJS2007", '"not" is no operator of the language.', range, "Write !.");
        return this.parseUnary();
      }
    }
    if (this.tokens.take("(") === undefined) return this.node({ kind: "name", name }, range);
    const { items, end } = this.parseArguments(")");
    return this.node({ kind: "call", name, nameRange: range, arguments: items }, { start: range.start, end }, items);
  }
}

const span = (first: Syntax, last: Syntax): Range => ({ start: first.range.start, end: last.range.end });

const flatten = (node: Syntax, operator: "&&" | "||"): Syntax[] =>
  node.kind === "logical" && node.operator === operator ? [...node.operands] : [node];
