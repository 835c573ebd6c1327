/** Text → tokens. Reports every malformed token and goes on behind it. */
import { type ExpressionError, expressionError, type Range } from "./expression-error.ts";
import { LIMITS } from "./limits.ts";
import { isPlainName } from "./syntax.ts";

export type Token =
  | { readonly kind: "int"; readonly value: bigint; readonly range: Range }
  | { readonly kind: "decimal"; readonly text: string; readonly range: Range }
  | { readonly kind: "string"; readonly value: string; readonly range: Range }
  | { readonly kind: "name"; readonly text: string; readonly quoted: boolean; readonly range: Range }
  | { readonly kind: "symbol"; readonly text: string; readonly range: Range }
  | { readonly kind: "end"; readonly range: Range };

const SYMBOLS = ["===", "!==", "&&", "||", "==", "!=", "<=", ">=", "<>", "??", "?.", "=>", ..."()[]{}.,:?!<>+-*/%=&|"];
const SPACE = /[ \t\n\r\f]+|\/\/[^\n]*/y;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const QUOTED_NAME = /`([^`\p{Cc}\p{Cs}]+)`/uy;
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
  "`": "`",
  "?": "?",
};
const NUMERIC_ESCAPE = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})/y;

/** Cuts a text into tokens; the last one is always `end`. */
export function lex(text: string): { tokens: readonly Token[]; errors: readonly ExpressionError[] } {
  const tokens: Token[] = [];
  const errors: ExpressionError[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  while (at < text.length) {
    const start = at;
    const space = take(SPACE);
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const number = take(NUMBER);
    if (number !== null) {
      at += number[0].length;
      const suffix = take(NAME);
      if (suffix !== null) at += suffix[0].length;
      const range = { start, end: at };
      const token = suffix === null ? readNumber(number[0], range) : undefined;
      if (token === undefined) {
        errors.push(expressionError("EJS2004", `${text.slice(start, at)} is not a number of the language.`, range));
      }
      tokens.push(token ?? { kind: "int", value: 0n, range });
      continue;
    }
    const name = take(NAME);
    if (name !== null) {
      at += name[0].length;
      tokens.push({ kind: "name", text: name[0], quoted: false, range: { start, end: at } });
      continue;
    }
    const quoted = take(QUOTED_NAME);
    if (quoted !== null) {
      at += quoted[0].length;
      const inner = quoted[1] ?? "";
      tokens.push({ kind: "name", text: inner, quoted: !isPlainName(inner), range: { start, end: at } });
      continue;
    }
    const quote = text[at];
    if (quote === '"' || quote === "'") {
      const read = readString(text, at, errors);
      at = read.end;
      tokens.push({ kind: "string", value: read.value, range: { start, end: at } });
      continue;
    }
    const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, at));
    if (symbol !== undefined) {
      at += symbol.length;
      tokens.push({ kind: "symbol", text: symbol, range: { start, end: at } });
      continue;
    }
    // A whole code point, so that an emoji is one error and not two.
    at += String.fromCodePoint(text.codePointAt(at) ?? 0).length;
    errors.push(
      expressionError("EJS2001", `Unexpected character ${JSON.stringify(text.slice(start, at))}.`, { start, end: at }),
    );
  }
  tokens.push({ kind: "end", range: { start: text.length, end: text.length } });
  return { tokens, errors };
}

function readNumber(source: string, range: Range): Token | undefined {
  if (/^0x/i.test(source)) return { kind: "int", value: BigInt(source), range };
  if (/^[0-9]+$/.test(source)) {
    return source.length > LIMITS.decimalDigits ? undefined : { kind: "int", value: BigInt(source), range };
  }
  const text = plainDecimal(source);
  return text === undefined ? undefined : { kind: "decimal", text, range };
}

/**
 * The digits of a decimal without exponent and leading zeros; trailing zeros stay,
 * PostgreSQL's numeric keeps them too. Undefined where it has too many digits.
 *
 * @example plainDecimal("1.5e3") // "1500.0", plainDecimal(".50") // "0.50"
 */
function plainDecimal(source: string): string | undefined {
  const match = /^(-?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,9}))?$/.exec(source);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  if (whole.length + fraction.length === 0) return undefined;
  const shift = Number(exponent);
  if (Math.abs(shift) + whole.length + fraction.length > LIMITS.decimalDigits) return undefined;
  const digits = whole + fraction + "0".repeat(Math.max(0, shift - fraction.length));
  const scale = Math.max(0, fraction.length - shift);
  const padded = digits.padStart(scale + 1, "0");
  const head = padded.slice(0, padded.length - scale).replace(/^0+(?=[0-9])/, "");
  // A decimal keeps its point: "1500" would be read as an int.
  return `${sign}${head}.${scale === 0 ? "0" : padded.slice(padded.length - scale)}`;
}

function readString(text: string, start: number, errors: ExpressionError[]): { value: string; end: number } {
  const quote = text[start];
  let value = "";
  let at = start + 1;
  for (;;) {
    const character = text[at];
    if (character === undefined || character === "\n" || character === "\r") {
      errors.push(expressionError("EJS2002", `The string has no closing ${quote}.`, { start, end: at }));
      break;
    }
    if (character === quote) {
      at++;
      break;
    }
    if (character !== "\\") {
      value += character;
      at++;
      continue;
    }
    const escaped = readEscape(text, at + 1);
    if (escaped === undefined) {
      const end = Math.min(at + 2, text.length);
      errors.push(expressionError("EJS2002", `Unknown escape ${text.slice(at, end)}.`, { start: at, end }));
      at = end;
      continue;
    }
    value += escaped.value;
    at = escaped.end;
  }
  const refusal = refuseText(value);
  if (refusal !== undefined) errors.push(expressionError("EJS2003", refusal, { start, end: at }));
  return { value, end: at };
}

function readEscape(text: string, at: number): { value: string; end: number } | undefined {
  const simple = SIMPLE_ESCAPES[text[at] ?? ""];
  if (simple !== undefined) return { value: simple, end: at + 1 };
  NUMERIC_ESCAPE.lastIndex = at;
  const match = NUMERIC_ESCAPE.exec(text);
  if (match === null) return undefined;
  const code =
    match[4] === undefined ? Number.parseInt(match[1] ?? match[2] ?? match[3] ?? "", 16) : Number.parseInt(match[4], 8);
  if (code > 0x10ffff) return undefined;
  // A pair of \uXXXX halves joins into one character, as in JSON.
  return { value: code > 0xffff ? String.fromCodePoint(code) : String.fromCharCode(code), end: at + match[0].length };
}

/** Why PostgreSQL's text cannot hold a string, or undefined where it can. */
export function refuseText(value: string): string | undefined {
  if (value.includes("\0")) return "The string holds a NUL character, which PostgreSQL's text cannot hold.";
  if (!value.isWellFormed()) return "The string holds half a surrogate pair, which PostgreSQL's text cannot hold.";
  return undefined;
}
