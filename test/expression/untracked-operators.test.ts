// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings are source texts that hold template literals
import { describe, expect, test } from "vitest";
import { findUntrackedOperators } from "../../src/expression/index.ts";

const found = (source: string) =>
  findUntrackedOperators(source).map(({ operator, start, end }) => `${operator} ${source.slice(start, end)}`);

describe("operators over symbols", () => {
  test.each([
    ["({ row, actor }) => row.a.eq(1) || actor.hasRole('x')", ["|| row.a.eq(1) || actor.hasRole('x')"]],
    ["({ row }) => row.a.eq(1) && true", ["&& row.a.eq(1) && true"]],
    ["({ row }) => row.a ?? 1", ["?? row.a ?? 1"]],
    ["({ row }) => !row.a", ["! !row.a"]],
    ["({ row }) => row.a ? 1 : 2", ["?: row.a ? 1 : 2"]],
    ["({ row }) => row.a === null", ["=== row.a === null"]],
    ["({ row }) => 1 !== row.a", ["!== 1 !== row.a"]],
    ["({ row }) => [row.a == 1, row.a != 1]", ["== row.a == 1", "!= row.a != 1"]],
    ["({ row }) => row.a < 1 && row.b", ["&& row.a < 1 && row.b", "< row.a < 1"]],
    ["({ row }) => row.a + row.b - 1", ["- row.a + row.b - 1", "+ row.a + row.b"]],
    ["({ row }) => -row.a", ["- -row.a"]],
    ["({ row }) => 'x' in row", ["in 'x' in row"]],
    ["({ row }) => row.a.eq(`${row.b}!`)", ["template literal `${row.b}!`"]],
    ["({ row }) => { if (row.a.eq(1)) return row.b; return row.c }", ["if if (row.a.eq(1)) return row.b;"]],
    ["({ row }) => { switch (row.a) { case 1: return row.b } }", ["switch switch (row.a) { case 1: return row.b }"]],
    ["({ row }) => { for (const l of row.lines) l.x(); }", ["loop for (const l of row.lines) l.x();"]],
    ["({ row }) => { while (row.a) { } }", ["loop while (row.a) { }"]],
    ["({ row }) => { do { } while (row.a) }", ["loop do { } while (row.a)"]],
    ["({ row }) => { for (; row.a;) { } }", ["loop for (; row.a;) { }"]],
    ["({ lines }) => lines.exists(l => l.paid && l.x)", ["&& l.paid && l.x"]],
    ["({ lines }) => sum(lines.map(({ a, b }) => a * b))", ["* a * b"]],
    ["({ row: { team: { lead } }, ...rest }) => lead || rest.x", ["|| lead || rest.x"]],
    ["r => r.a || r.b", ["|| r.a || r.b"]],
    ["function ({ row }) { return row.a || row.b }", ["|| row.a || row.b"]],
    ["when({ row }) { return row.a || row.b }", ["|| row.a || row.b"]],
    ["async ({ row }) => row.a || row.b", ["|| row.a || row.b"]],
    ["({ row }) => { const t = row.total; const { x: [y] } = t; return y > 1 }", ["> y > 1"]],
    ["({ row }) => { let t; t = row.total; return t > 1 }", ["> t > 1"]],
    ["({ row }) => { let t = row.a; t += 1; t ||= 2; return t }", ["+ t += 1", "|| t ||= 2"]],
    ["({ row }) => { const own = x => x.eq(1) && true; return own(row.a) }", ["&& x.eq(1) && true"]],
    ["({ row }) => { return own(row.a); function own(x) { return x || 1 } }", ["|| x || 1"]],
    ["({ row }) => { const own = () => row.a.eq(1); return own() || row.b }", ["|| own() || row.b"]],
    ["({ row }) => helper(row) || row.b", ["|| helper(row) || row.b"]],
    ["({ actor }) => ROLES.map(r => actor.hasRole(r)).reduce((a, b) => a || b)", ["|| a || b"]],
    ["({ row }) => { let a; for (const x of [1]) { if (a) break; a = row.b } }", ["if if (a) break;"]],
    ["({ row }) => [row.a, row.b].map(x => x || 1)", ["|| x || 1"]],
    ["({ row }, n = row.a || 1) => n", ["|| row.a || 1"]],
  ])("%s", (source, expected) => {
    expect(found(source)).toEqual(expected);
  });

  test("each says what to write instead", () => {
    const [error] = findUntrackedOperators("({ row, actor }) => row.a.eq(1) || actor.hasRole('x')");
    expect(error).toEqual({
      code: "EJS2042",
      operator: "||",
      start: 20,
      end: 53,
      message: '"||" on a symbol runs while the model is built: it is not part of the expression.',
      hint: "Write a.or(b).",
    });
    expect(findUntrackedOperators("({ row }) => row.a ? 1 : 2")[0]?.hint).toBe("Write when(condition, a, b).");
  });
});

describe("constants from outside and local ones are left alone", () => {
  test.each([
    "({ row, actor }) => row.a.eq(1).or(actor.hasRole('x'))",
    "({ row }) => LIMIT > 3 ? row.a.eq(1) : row.b.eq(2)",
    "({ row }) => strict && row.a.eq(1)",
    "({ row }) => row.a.eq(limits.max > 3 && limits.x || 5)",
    "({ row }) => row.a.eq(`x${LIMIT}`)",
    "({ row }) => row.a.eq(-1 + 2 * LIMIT)",
    "({ row }) => row[PREFIX + 'x'].eq(1)",
    "({ row }) => { if (strict) return row.a; return row.b }",
    "({ actor }) => ['a', 'b'].map(r => actor.hasRole(r + '!')).reduce((a, b) => a.or(b))",
    "({ actor }) => ROLES.filter(r => r !== 'x').map(r => actor.hasRole(r)).reduce((a, b) => a.or(b))",
    "({ row }) => { let a = row.a; for (const r of ['x', 'y']) { if (r === 'x') a = a.or(row.b.eq(r + 1)); } return a }",
    "({ row }) => { for (let i = 0; i < 3; i++) use(row.a, i + 1); return row.b }",
    "({ row }) => { { const row = 3; if (row > 2) return 1 } return 2 }",
    "({ row }) => [1, 2].some(row => row > 1)",
    "({ row }) => { const f = n => n > 1; return f(2) ? row.a : row.b }",
    "({ row }) => row?.a.eq(1)",
    "({ row, actor: { id } }) => row.a.eq(id)",
    "({ row }) => typeof row",
    "() => a || b",
    "function () { [native code] }",
    "class A { m(row) { return row || 1 } }",
    "not ( javascript",
    "",
  ])("%s", (source) => {
    expect(found(source)).toEqual([]);
  });
});
