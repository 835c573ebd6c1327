/** The tokens of a text, read one after another, and what is said where another one was expected. */
import { type ExpressionError, expressionError } from "./expression-error.ts";
import type { Token } from "./lex.ts";

const FOREIGN_OPERATORS: Readonly<Record<string, string>> = {
  "===": "==",
  "!==": "!=",
  "<>": "!=",
  "=": "==",
  "&": "&&",
  "|": "||",
  "??": "has(x) ? x : y",
  and: "&&",
  or: "||",
  is: "== null",
  like: 'startsWith("…"), contains("…") or matches("…")',
  instanceof: "has(x)",
};

export class TokenReader {
  readonly errors: ExpressionError[];
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[], errors: readonly ExpressionError[]) {
    this.tokens = tokens;
    this.errors = [...errors];
  }

  /** The next token; the last one is `end` and is never passed. */
  get current(): Token {
    return this.tokens[Math.min(this.at, this.tokens.length - 1)] as Token;
  }

  atEnd(): boolean {
    return this.current.kind === "end";
  }

  advance(): void {
    this.at++;
  }

  peek(ahead: number): Token | undefined {
    return this.tokens[this.at + ahead];
  }

  isSymbol(text: string): boolean {
    return this.current.kind === "symbol" && this.current.text === text;
  }

  /** Goes on past a symbol, where it is the next token. */
  take(text: string): Token | undefined {
    if (!this.isSymbol(text)) return undefined;
    const token = this.current;
    this.at++;
    return token;
  }

  /** Says what stands here in place of what was expected. */
  unexpected(expected: string): void {
    const { range } = this.current;
    // One error per place: what follows a misplaced token is a consequence of it.
    if (this.errors.some((e) => e.range.start === range.start && e.range.end === range.end)) return;
    const found = describe(this.current);
    const foreign = this.current.kind === "symbol" || this.current.kind === "name" ? this.current.text : "";
    const instead = Object.hasOwn(FOREIGN_OPERATORS, foreign) ? FOREIGN_OPERATORS[foreign] : undefined;
    if (instead === undefined) this.report("EJS2005", `Expected ${expected}, found ${found}.`, range);
    else this.report("EJS2007", `"${foreign}" is no operator of the language.`, range, `Write ${instead}.`);
  }

  report(...error: Parameters<typeof expressionError>): void {
    this.errors.push(expressionError(...error));
  }

  /** Skips to the next `,` or closing bracket of this level. */
  recover(): void {
    let open = 0;
    for (; this.current.kind !== "end"; this.at++) {
      if (this.current.kind !== "symbol") continue;
      if ("([{".includes(this.current.text)) open++;
      else if (")]}".includes(this.current.text)) {
        if (open === 0) return;
        open--;
      } else if (this.current.text === "," && open === 0) return;
    }
  }
}

function describe(token: Token): string {
  switch (token.kind) {
    case "end":
      return "the end";
    case "int":
      return `the number ${token.value}`;
    case "decimal":
      return `the number ${token.text}`;
    case "string":
      return "a string";
    case "name":
    case "symbol":
      return `"${token.text}"`;
    default:
      return token satisfies never;
  }
}
