import { describe, expect, test } from "vitest";
import { EngineError } from "../../src/errors/engine-error.ts";
import {
  check,
  createSymbols,
  date,
  duration,
  type ExpressionSymbol,
  has,
  isSymbol,
  max,
  member,
  min,
  now,
  parse,
  print,
  siteOf,
  sum,
  toText,
  when,
} from "../../src/expression/index.ts";
import { environment } from "./support/shop.ts";

const { row, actor, limit } = createSymbols(["row", "actor", "limit"]);

/** The text of a symbol, which must be canonical already. */
function textOf(value: unknown): string {
  const { text } = toText(value);
  const parsed = parse(text);
  expect(parsed.ok && print(parsed.syntax)).toBe(text);
  return text;
}

describe("what is recorded", () => {
  test.each<[ExpressionSymbol, string]>([
    [row.ownerId.eq(actor.id).or(actor.hasRole("billing")), 'row.ownerId == actor.id || "billing" in actor.roles'],
    [row.a.ne(1).and(row.b.lt(2), row.c.le(3)), "row.a != 1 && row.b < 2 && row.c <= 3"],
    [row.a.lte(1).or(row.b.gt(2).and(row.c.ge(3))), "row.a <= 1 || row.b > 2 && row.c >= 3"],
    [row.a.or(row.b).and(row.c), "(row.a || row.b) && row.c"],
    [row.a.and(row.b).and(row.c.and(row.d)), "row.a && row.b && row.c && row.d"],
    [row.a.gte(1).not(), "!(row.a >= 1)"],
    [row.a.not().not(), "!(!row.a)"],
    [row.a.isNull().or(row.b.notNull()), "row.a == null || row.b != null"],
    [row.a.eq(null), "row.a == null"],
    [row.status.in("draft", "sent"), 'row.status in ["draft", "sent"]'],
    [row.status.in(["draft"]), 'row.status in ["draft"]'],
    [row.status.in("draft"), 'row.status in ["draft"]'],
    [row.team.id.in(actor.teams), "row.team.id in actor.teams"],
    [row.team.id.in(actor.claims.teams), "row.team.id in actor.claims.teams"],
    [actor.can("Invoice", "pay"), '"Invoice.pay" in actor.permissions'],
    [actor.can("invoice", "pay").not(), '!("Invoice.pay" in actor.permissions)'],
    [actor.can("reports.export"), '"reports.export" in actor.permissions'],
    [
      row.ancestors("parent").exists((f: ExpressionSymbol) => f.id.eq(row.id)),
      'row.ancestors("parent").exists(f, f.id == row.id)',
    ],
    [row.selfAndAncestors("parent").size().gt(1), 'row.selfAndAncestors("parent").size() > 1'],
    // What is not called is a field.
    [row.ancestors.gt(row.can), "row.ancestors > row.can"],
    [row.a.plus(1).times(row.b.minus(2)).dividedBy(3).mod(4), "(row.a + 1) * (row.b - 2) / 3 % 4"],
    [row.a.minus(row.b.minus(row.c)), "row.a - (row.b - row.c)"],
    [row.a.eq(-1), "row.a == -1"],
    [
      row.name.lowerAscii().startsWith("a").and(row.name.size().gt(1)),
      'row.name.lowerAscii().startsWith("a") && row.name.size() > 1',
    ],
    [row.name.endsWith("x").or(row.name.contains("y")), 'row.name.endsWith("x") || row.name.contains("y")'],
    [row.name.matches("^[0-9]+$"), 'row.name.matches("^[0-9]+$")'],
    [row.name.matches(/^a\.b$/), 'row.name.matches("^a\\\\.b$")'],
    [sum(row.lines.map((l: ExpressionSymbol) => l.total)), "row.lines.map(l, l.total).sum()"],
    [row.lines.sum((l: ExpressionSymbol) => l.total), "row.lines.map(l, l.total).sum()"],
    [
      min(row.lines.map((l: ExpressionSymbol) => l.a)).lt(max(row.lines.map((m: ExpressionSymbol) => m.a))),
      "row.lines.map(l, l.a).min() < row.lines.map(m, m.a).max()",
    ],
    [
      row.lines.filter((l: ExpressionSymbol) => l.paid).all((l: ExpressionSymbol) => l.qty.gt(0)),
      "row.lines.filter(l, l.paid).all(l, l.qty > 0)",
    ],
    [when(row.paid, 0, row.total), "row.paid ? 0 : row.total"],
    [when(when(row.a, row.b, row.c), 1, when(row.d, 2, 3)), "(row.a ? row.b : row.c) ? 1 : row.d ? 2 : 3"],
    [row.startsAt.plus(duration("36h")).gt(now()), 'row.startsAt + duration("36h") > now()'],
    [row.dueOn.eq(date("2026-06-01")).and(has(row.team)), 'row.dueOn == date("2026-06-01") && has(row.team)'],
    [row.at.gt(new Date(Date.UTC(2026, 5, 1))), 'row.at > timestamp("2026-06-01T00:00:00.000Z")'],
    [row["message-id"].eq("x"), 'row.`message-id` == "x"'],
    [limit.eq(1), "limit == 1"],
  ])("%#", (symbol, expected) => {
    expect(textOf(symbol)).toBe(expected);
  });

  test.each<[unknown, string]>([
    [1, "1"],
    [-1, "-1"],
    [0.1, "0.1"],
    [-2.5, "-2.5"],
    [1e-7, "0.0000001"],
    [1.25e-9, "0.00000000125"],
    [9007199254740991, "9007199254740991"],
    [123n, "123"],
    [-(2n ** 63n), "-9223372036854775808"],
    [true, "true"],
    [null, "null"],
    [["a", 1], '["a", 1]'],
    ["'\"\\\n$$", '"\'\\"\\\\\\n$$"'],
  ])("constant %#", (value, expected) => {
    expect(textOf(value)).toBe(expected);
  });
});

describe("members and methods: what is called is a method", () => {
  test("a field may have a method's name", () => {
    for (const name of [
      "size",
      "in",
      "map",
      "all",
      "min",
      "max",
      "sum",
      "exists",
      "and",
      "or",
      "not",
      "eq",
      "then",
      "name",
      "length",
      "constructor",
      "toString",
      "apply",
      "call",
      "prototype",
      "__proto__",
    ]) {
      expect(textOf(row[name])).toBe(`row.${name}`);
      expect(textOf(row[name].eq(1))).toBe(`row.${name} == 1`);
      expect(textOf(member(row, name).size())).toBe(`row.${name}.size()`);
    }
    expect(textOf(row.size.size().gt(row.in.in))).toBe("row.size.size() > row.in.in");
  });

  test("what is no method cannot be called", () => {
    expect(() => row.total()).toThrow(/"total" is no method/);
    expect(() => row.total.gtt(1)).toThrow(
      expect.objectContaining({
        diagnostics: [
          expect.objectContaining({
            code: "EJS2043",
            hint: expect.stringMatching(/^Did you mean .gt\(\)\? Methods: eq, ne/),
          }),
        ],
      }),
    );
    expect(() => row()).toThrow(/"row" is no method/);
    expect(() => row.eq(1).foo()).toThrow(EngineError);
  });

  test("methods refuse other numbers of arguments", () => {
    for (const wrong of [
      () => row.a.eq(),
      () => row.a.eq(1, 2),
      () => row.a.not(1),
      () => row.a.and(),
      () => row.a.exists(),
      () => row.a.exists(row.b),
      () => row.a.matches(/x/i),
    ]) {
      expect(wrong).toThrow(expect.objectContaining({ code: "EJS2015" }));
    }
  });
});

describe("variables of quantifiers", () => {
  type S = ExpressionSymbol;
  test.each<[string, ExpressionSymbol, string]>([
    ["the parameter's name", row.as.exists((line: S) => line.b), "row.as.exists(line, line.b)"],
    [
      "of a function",
      row.as.exists(function named(line: S) {
        return line.b;
      }),
      "row.as.exists(line, line.b)",
    ],
    ["none where it is destructured", row.as.exists(({ b, c }: S) => b.eq(c)), "row.as.exists(x, x.b == x.c)"],
    ["not one of the environment", row.as.exists((actor: S) => actor.b), "row.as.exists(x, x.b)"],
    [
      "not a reserved word",
      row.as.exists((package_: S, let_: S) => package_.b ?? let_),
      "row.as.exists(package_, package_.b)",
    ],
    ["nested, the same", row.as.exists((l: S) => l.bs.exists((l: S) => l.c)), "row.as.exists(l, l.bs.exists(x, x.c))"],
    [
      "nested, of both",
      row.as.exists((l: S) => l.bs.exists((m: S) => l.c.eq(m.c))),
      "row.as.exists(l, l.bs.exists(m, l.c == m.c))",
    ],
    [
      "side by side, the same",
      row.as.exists((l: S) => l.b).and(row.as.all((l: S) => l.c)),
      "row.as.exists(l, l.b) && row.as.all(l, l.c)",
    ],
    ["with a dollar", row.as.exists(($l: S) => $l.b), "row.as.exists(x, x.b)"],
  ])("%s", (_, symbol, expected) => {
    expect(textOf(symbol)).toBe(expected);
  });

  test("a part recorded outside is renamed inside", () => {
    const paid = row.lines.filter((l: S) => l.paid);
    const text = textOf(
      row.others.exists((l: S) =>
        paid
          .size()
          .gt(l.n)
          .and(paid.exists((m: S) => m.n.eq(l.n))),
      ),
    );
    expect(text).toBe(
      "row.others.exists(l, row.lines.filter(x, x.paid).size() > l.n && row.lines.filter(x, x.paid).exists(m, m.n == l.n))",
    );
  });

  test("a name that the environment has beside the symbols is not taken", () => {
    const { row } = createSymbols(["row"], { taken: ["l"] });
    expect(textOf(row.lines.exists((l: S) => l.paid))).toBe("row.lines.exists(x, x.paid)");
  });

  test("one that has left its callback is told by the checker", () => {
    let leaked: S;
    row.lines.exists((l: S) => {
      leaked = l;
      return l.paid;
    });
    const result = check(toText(leaked.qty.gt(1)).text, environment);
    expect(result).toMatchObject({ ok: false, errors: [{ code: "EJS2011" }] });
  });
});

describe("misuse", () => {
  test.each<[string, () => unknown]>([
    ["a template literal", () => `${row.a}`],
    ["+", () => row.a + 1],
    ["<", () => row.a < 1],
    // biome-ignore lint/suspicious/noDoubleEquals: what is tried here
    ["==", () => row.a == 1],
    ["String()", () => String(row.a)],
    ["toString()", () => row.a.toString()],
    ["JSON", () => JSON.stringify({ toJSON: row.toJSON })],
    ["spread of an object", () => ({ ...row })],
    ["spread of an array", () => [...row.lines]],
    [
      "for of",
      () => {
        for (const _ of row.lines) break;
      },
    ],
    ["in", () => "a" in row],
    [
      "assignment",
      () => {
        row.a = 1;
      },
    ],
    ["delete", () => delete row.a],
    ["Object.keys", () => Object.keys(row)],
  ])("%s throws", (_, use) => {
    expect(use).toThrow(expect.objectContaining({ code: "EJS2040" }));
  });

  test("awaiting one throws instead of waiting for ever", async () => {
    await expect((async () => row.a)()).rejects.toThrow(/"then" is no method/);
  });

  test.each([
    undefined,
    () => 1,
    Symbol("x"),
    { a: 1 },
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 60,
    new Date(Number.NaN),
    new Map(),
  ])("no constant, %#", (value) => {
    expect(() => row.a.eq(value)).toThrow(expect.objectContaining({ code: "EJS2041" }));
  });

  test("what PostgreSQL cannot hold is refused at once", () => {
    expect(() => row.a.eq("\0")).toThrow(expect.objectContaining({ code: "EJS2003" }));
    expect(() => row.a.eq("\ud800")).toThrow(expect.objectContaining({ code: "EJS2003" }));
    expect(() => row.a.eq(2n ** 63n)).toThrow(expect.objectContaining({ code: "EJS2004" }));
  });

  test("one that doubles for ever is refused", () => {
    let symbol = row.a;
    for (let i = 0; i < 60; i++) symbol = symbol.and(symbol);
    expect(() => toText(symbol)).toThrow(expect.objectContaining({ code: "EJS2006" }));
    let chain = row.a;
    for (let i = 0; i < 20_000; i++) chain = chain.plus(1);
    expect(() => toText(chain)).toThrow(expect.objectContaining({ code: "EJS2006" }));
  });

  test("is seen by isSymbol, and by nothing else", () => {
    expect(isSymbol(row.a)).toBe(true);
    expect([() => 1, {}, null, "row"].map(isSymbol)).toEqual([false, false, false, false]);
  });
});

describe("sites", () => {
  test("lead from a range of the text to the access", () => {
    let count = 0;
    const symbols = createSymbols(["row"], { captureSite: () => ({ access: ++count }) });
    count = 0;
    // 1 lines, 2 exists (of the call: 3 x, 4 qyt, 5 gt, 6 its call), …
    const written = toText(symbols.row.lines.exists((l: ExpressionSymbol) => l.qyt.gt(1)));
    const result = check(written.text, environment);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    const [error] = result.errors;
    const at = written.text.indexOf("qyt");
    expect(error?.range).toEqual({ start: at, end: at + 3 });
    const pieces = written.sites.map(({ start, end }) => written.text.slice(start, end));
    expect(pieces).toEqual(["row.lines.exists(l, l.qyt > 1)", "row.lines", "row", "l.qyt > 1", "l.qyt", "l"]);
    const site = siteOf(written, error?.range ?? { start: 0, end: 0 });
    expect(site).toEqual(written.sites.find(({ start, end }) => written.text.slice(start, end) === "l.qyt")?.site);
  });

  test("nothing is captured where nobody asks", () => {
    expect(toText(row.a.eq(1)).sites).toEqual([]);
  });
});
