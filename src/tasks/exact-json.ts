/**
 * JSON whose numbers stay what they are. JavaScript's have 53 bits; bigint and numeric of PostgreSQL have more. A number that
 * JavaScript cannot hold is kept as its text, in the form that JSON.stringify writes back as the same number (JSON.rawJSON): so it goes
 * unchanged from an event or a row through every step. So does one that ends in zeros behind its point: 10.00 of a numeric would be 10.
 * Only where a task's code looks at it must it become something else.
 */
import pg from "pg";
import { cutJson } from "./cut-json.ts";

/** Not in TypeScript's library yet. */
const { isRawJSON, rawJSON } = JSON as unknown as {
  readonly isRawJSON: (value: unknown) => value is ExactNumber;
  readonly rawJSON: (text: string) => ExactNumber;
};

interface ExactNumber {
  readonly rawJSON: string;
}

/**
 * A number of sixteen digits, with an exponent of three, or with a last zero behind its point: others always survive. It is
 * looked for where a number may begin, in every text that comes; what looks so inside of a string costs time only.
 */
const RISKY = /(?:^|[:,[\s])-?\d(?:[\d.]{15}|[\d.]*[eE][+-]?\d{3}|\d*\.\d*0(?=[\s,\]}]|$))/;

/** A number whose scale JavaScript would lose. */
const SCALED = /\.\d*0$/;

/**
 * As JSON.parse; numbers that it would change or shorten, and whole ones beyond 2^53, are exact ones. What is nested so deeply that
 * JavaScript's stack is too small for it is cut off there (see `cutJson`): it may be one run's, and the text that of many runs.
 */
export function parseExactly(text: string): unknown {
  if (!RISKY.test(text)) return JSON.parse(text);
  try {
    return JSON.parse(text, exactNumber as never);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return JSON.parse(cutJson(text), exactNumber as never);
  }
}

function exactNumber(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== "number" || source === undefined) return value;
  return !SCALED.test(source) && isHeld(source, value) ? value : rawJSON(source);
}

/** Whether JavaScript has the number itself, whatever its notation. */
function isHeld(source: string, value: number): boolean {
  const isOurs = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
  return isOurs && sameNumber(source, String(value));
}

/** As JSON.stringify; a BigInt, which that refuses, is a number. */
export function stringifyExactly(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError) || !error.message.includes("BigInt")) throw error;
    return JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? rawJSON(String(part)) : part));
  }
}

/**
 * For code that is not ours: each exact number as its text, but as a number where only its scale is lost. The same value where there is
 * none.
 *
 * @param numbersAt paths at and below which they are numbers, as JavaScript has them
 */
export const exactNumbersAsText = <T>(value: T, numbersAt: readonly (readonly PropertyKey[])[] = []): T =>
  replaced(value, ({ rawJSON: text }, path) =>
    isHeld(text, Number(text)) || numbersAt.some((at) => at.every((key, i) => String(key) === path[i]))
      ? Number(text)
      : text,
  ) as T;

/** Whether a value is a number that JavaScript would change. */
export const isExactNumber = (value: unknown): boolean => isRawJSON(value);

/** A value as it stands in a text, such as a header: 10.00 with its zeros. */
export const exactText = (value: unknown): string => (isRawJSON(value) ? value.rawJSON : String(value));

/**
 * For schemas in memory, which let no integer pass that JavaScript cannot hold: such a one is the largest that passes. What is said of its
 * bounds beyond that, the database has checked.
 */
export const exactNumbersForSchema = <T>(value: T): T =>
  replaced(value, ({ rawJSON: text }) => {
    const number = Number(text);
    return Number.isInteger(number)
      ? Math.max(Math.min(number, Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER)
      : number;
  }) as T;

type Replace = (exact: ExactNumber, path: readonly string[]) => unknown;

function replaced(value: unknown, by: Replace, path: readonly string[] = []): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isRawJSON(value)) return by(value, path);
  if (Array.isArray(value)) {
    const made = value.map((each, i) => (typeof each === "object" ? replaced(each, by, [...path, String(i)]) : each));
    return made.some((each, i) => each !== value[i]) ? made : value;
  }
  // What node-postgres makes of other types, such as a Date, stays what it is.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  let made: Record<string, unknown> | undefined;
  for (const [key, each] of Object.entries(value)) {
    if (typeof each !== "object") continue;
    const other = replaced(each, by, [...path, key]);
    if (other === each) continue;
    made ??= { ...value };
    made[key] = other;
  }
  return made ?? value;
}

/** Whether two decimal notations are the same number: 1.50 and 15e-1. */
function sameNumber(one: string, other: string): boolean {
  return one === other || normalized(one) === normalized(other);
}

function normalized(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  // Not /0+$/, which starts anew at each zero: its time grows with the square of the digits.
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  const significant = digits.slice(0, end);
  if (significant === "") return "0";
  return `${sign}${significant}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length)}`;
}

const JSON_TYPES: readonly number[] = [pg.types.builtins.JSON, pg.types.builtins.JSONB];

/** How connections of the worker read json and jsonb; everything else is read as ever. */
export const exactTypes: pg.CustomTypesConfig = {
  getTypeParser: ((type: number, format?: "text" | "binary") =>
    JSON_TYPES.includes(type) && format !== "binary"
      ? parseExactly
      : pg.types.getTypeParser(type, format as "text")) as typeof pg.types.getTypeParser,
};
