/** What the columns of a query become in JSON: what `to_jsonb` makes of them, whatever the time zone of the worker's host. */
import pg from "pg";
import { exactTypes, parseExactly } from "./exact-json.ts";

const { builtins, getTypeParser } = pg.types;

type Parser = (text: string) => unknown;

/** As ISO 8601 says, to the microsecond: `2026-11-20 20:15:03.5+00` has a T and the whole offset in JSON. */
const timestamp: Parser = (text) => text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");

/** As JSON has it, every digit of it; NaN and the infinities are texts there. */
const number: Parser = (text) => (/\d$/.test(text) ? parseExactly(text) : text);

const asText: Parser = (text) => text;

const parsers = new Map<number, Parser>([
  [builtins.INT8, number],
  [builtins.NUMERIC, number],
  [builtins.DATE, asText],
  [builtins.TIMESTAMP, timestamp],
  [builtins.TIMESTAMPTZ, timestamp],
  [builtins.INTERVAL, asText],
  [builtins.BYTEA, asText],
  // point and circle
  [600, asText],
  [718, asText],
]);

/** text[], which the others look like. */
const texts = getTypeParser(1009 as Parameters<typeof getTypeParser>[0]) as Parser;
/** Arrays of those, by the number of the array's type. */
const arrays = new Map<number, Parser>([
  [1016, number],
  [1231, number],
  [1182, asText],
  [1115, timestamp],
  [1185, timestamp],
  [1187, asText],
  [1001, asText],
  [1017, asText],
  [719, asText],
]);

/** For `pg.QueryConfig.types`. */
export const queryTypes: pg.CustomTypesConfig = {
  getTypeParser(type: number, format?: "text" | "binary") {
    const parser = parsers.get(type);
    if (parser !== undefined) return parser;
    const item = arrays.get(type);
    if (item !== undefined) return (text: string) => each(texts(text), item);
    return exactTypes.getTypeParser(type, format as "text");
  },
};

/** Of an array in an array as well; null stays. */
const each = (value: unknown, item: Parser): unknown => {
  if (Array.isArray(value)) return value.map((inner) => each(inner, item));
  return typeof value === "string" ? item(value) : value;
};
