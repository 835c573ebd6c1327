import { describe, expect, test } from "vitest";
import { LIMITS, parse, print } from "../../src/expression/index.ts";
import { Generator } from "./support/generate.ts";
import { Random } from "./support/random.ts";
import { catalog } from "./support/shop.ts";

const canonical = (text: string): string => {
  const parsed = parse(text);
  if (!parsed.ok) throw new Error(parsed.errors.map((error) => error.message).join("; "));
  return print(parsed.syntax);
};
const errorsOf = (text: string) => {
  const parsed = parse(text);
  return parsed.ok ? [] : parsed.errors.map(({ code, range }) => [code, text.slice(range.start, range.end)]);
};

describe("canonical text", () => {
  test.each([
    ["row.ownerId==actor.id||'billing' in actor.roles", 'row.ownerId == actor.id || "billing" in actor.roles'],
    ["a && (b && c) || d", "a && b && c || d"],
    ["a && (b || c)", "a && (b || c)"],
    ["(a ? b : c) ? d : e", "(a ? b : c) ? d : e"],
    ["a ? b : (c ? d : e)", "a ? b : c ? d : e"],
    ["a - (b - c) - d", "a - (b - c) - d"],
    ["(a == b) == c", "a == b == c"],
    ["a == (b == c)", "a == (b == c)"],
    ["!(a == b)", "!(a == b)"],
    ["!(a.b)", "!a.b"],
    ["-1 - -1", "-1 - -1"],
    ["-(1)", "-(1)"],
    ["-(a + b)", "-(a + b)"],
    ["(-1).size()", "(-1).size()"],
    ["(a + b).size()", "(a + b).size()"],
    ["-9223372036854775808", "-9223372036854775808"],
    ["0x1F + 007", "31 + 7"],
    [".5 + 1.5e3 + 1.50 + 25e-4", "0.5 + 1500.0 + 1.50 + 0.0025"],
    ["[ 1,2 , 'x' ]", '[1, 2, "x"]'],
    ["a // a comment\n  .b", "a.b"],
    ["row.in.null.true", "row.in.null.true"],
    ["row.`message-id`.`plain`", "row.`message-id`.plain"],
    [String.raw`'it\'s' + "\x41\u0042\U0001F600\103\n"`, '"it\'s" + "AB😀C\\n"'],
    [String.raw`"\ud83d\ude00"`, '"😀"'],
    ["rows.exists(x, x.a > 1).size( )", "rows.exists(x, x.a > 1).size()"],
  ])("%s", (text, expected) => {
    expect(canonical(text)).toBe(expected);
    expect(canonical(expected)).toBe(expected);
  });

  test("is a fixpoint on random expressions", () => {
    const seed = 4711;
    const generator = new Generator(new Random(seed), catalog, ["00000000-0000-4000-8000-000000000001"]);
    for (let i = 0; i < 2_000; i++) {
      const once = canonical(generator.expression(4));
      expect(canonical(once)).toBe(once);
    }
  });

  test("tells where each node is printed", () => {
    const parsed = parse("(a+b).size()");
    const pieces: string[] = [];
    if (parsed.ok) {
      const text = print(parsed.syntax);
      print(parsed.syntax, (_, start, end) => pieces.push(text.slice(start, end)));
    }
    expect(pieces).toEqual(["a", "b", "a + b", "(a + b).size()"]);
  });
});

describe("errors", () => {
  test.each([
    ["", [["EJS2005", ""]]],
    ["a b", [["EJS2005", "b"]]],
    ["a ==", [["EJS2005", ""]]],
    ["(a", [["EJS2005", ""]]],
    ["a === b", [["EJS2007", "==="]]],
    ["a and b", [["EJS2007", "and"]]],
    ["not a", [["EJS2007", "not"]]],
    ["a = 1", [["EJS2007", "="]]],
    ["a ? b", [["EJS2005", ""]]],
    ["a[0].b", [["EJS2007", "["]]],
    ["{a: 1}", [["EJS2007", "{"]]],
    ["a?.b", [["EJS2007", "?."]]],
    ["a ?? b", [["EJS2007", "??"]]],
    ["let", [["EJS2005", "let"]]],
    ["1u", [["EJS2004", "1u"]]],
    ["9223372036854775808", [["EJS2004", "9223372036854775808"]]],
    ["-9223372036854775809", [["EJS2004", "-9223372036854775809"]]],
    ["1e999", [["EJS2004", "1e999"]]],
    ['"abc', [["EJS2002", '"abc']]],
    [
      '"a\nb"',
      [
        ["EJS2002", '"a'],
        ["EJS2005", "b"],
        ["EJS2002", '"'],
      ],
    ],
    [String.raw`"\q"`, [["EJS2002", "\\q"]]],
    [String.raw`"\U00110000"`, [["EJS2002", "\\U"]]],
    [
      "a # b",
      [
        ["EJS2001", "#"],
        ["EJS2005", "b"],
      ],
    ],
    [
      "😀",
      [
        ["EJS2001", "😀"],
        ["EJS2005", ""],
      ],
    ],
  ])("%j", (text, expected) => {
    expect(errorsOf(text)).toEqual(expected);
  });

  test("all of them, not the first", () => {
    expect(errorsOf('f(a,, b) && (c d) && "x')).toEqual([
      ["EJS2005", ","],
      ["EJS2005", "d"],
      ["EJS2002", '"x'],
    ]);
  });

  test("in the order of the text, inside of it", () => {
    for (const text of [
      "((((",
      "a.(b).c)",
      "f(]x[)",
      "? : ? :",
      "in in in",
      "!!!",
      "-",
      "..a",
      "a.",
      "1.a.2",
      "`",
      "'",
    ]) {
      const parsed = parse(text);
      expect(parsed.ok).toBe(false);
      if (parsed.ok) continue;
      const starts = parsed.errors.map((error) => error.range.start);
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
      for (const { range } of parsed.errors) {
        expect(range.start).toBeLessThanOrEqual(range.end);
        expect(range.end).toBeLessThanOrEqual(text.length);
      }
    }
  });
});

describe("hostile texts", () => {
  test.each([
    ["NUL in a string", '"a\0b"', "EJS2003"],
    ["NUL by escape", '"a\\u0000b"', "EJS2003"],
    ["NUL outside", "a\0b", "EJS2001"],
    ["half a surrogate pair", '"\ud800"', "EJS2003"],
    ["half a surrogate pair by escape", '"\\ud800"', "EJS2003"],
    ["half a surrogate pair outside", "\udc00", "EJS2001"],
    ["too long", " ".repeat(LIMITS.length + 1), "EJS2006"],
    ["deep parentheses", "(".repeat(5_000), "EJS2006"],
    ["deep negation", `${"!".repeat(5_000)}a`, "EJS2006"],
    ["deep signs", `${"- ".repeat(5_000)}a`, "EJS2006"],
    ["deep lists", "[".repeat(5_000), "EJS2006"],
    ["deep members", `a${".b".repeat(5_000)}`, "EJS2006"],
    ["deep conditions", "a ? b : ".repeat(1_500), "EJS2006"],
    ["a long sum", `a${"+a".repeat(5_000)}`, "EJS2006"],
    ["many parts", `[${"1,".repeat(5_000)}1]`, "EJS2006"],
    ["deep calls", "f(".repeat(5_000), "EJS2006"],
  ])("%s", (_, text, code) => {
    const parsed = parse(text);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.errors.map((error) => error.code)).toContain(code);
  });

  test("a long chain of || is flat", () => {
    const text = Array.from({ length: 500 }, (_, i) => `a${i}`).join(" || ");
    expect(canonical(text)).toBe(text);
  });

  test("any string survives printing", () => {
    for (const value of [
      "'",
      '"',
      "\\",
      "\\\\'",
      "$$",
      "$a$",
      "--",
      "/*",
      "\u2028",
      "\u0007",
      "a\r\nb",
      "\ufeff",
      "`",
      "\u{10ffff}",
    ]) {
      const parsed = parse(JSON.stringify(value));
      expect(parsed.ok && parsed.syntax).toMatchObject({ kind: "string", value });
      const printed = parsed.ok ? print(parsed.syntax) : "";
      expect(parse(printed)).toMatchObject({ ok: true, syntax: { value } });
      for (const unseen of "\n\r\u2028\u0007\ufeff") expect(printed).not.toContain(unseen);
    }
  });

  test("random garbage ends in a result", () => {
    const random = new Random(99);
    const pieces = [
      ..."()[]{}.,?:!-+*/%<>=&|'\"\\`",
      "a",
      "1",
      "1.5",
      " in ",
      "null",
      "&&",
      "||",
      "==",
      "\n",
      "😀",
      "\0",
    ];
    for (let i = 0; i < 5_000; i++) {
      const text = Array.from({ length: random.below(25) }, () => random.pick(pieces)).join("");
      const parsed = parse(text);
      if (parsed.ok) expect(canonical(print(parsed.syntax))).toBe(print(parsed.syntax));
      else expect(parsed.errors.length).toBeGreaterThan(0);
    }
  });
});
