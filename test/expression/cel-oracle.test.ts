/** The subset that is also plain CEL is read as an independent parser reads it. */
import { parse as parseCel } from "@bufbuild/cel";
import { expect, test } from "vitest";
import { parse, print, type Syntax } from "../../src/expression/index.ts";
import { Generator } from "./support/generate.ts";
import { Random } from "./support/random.ts";
import { catalog } from "./support/shop.ts";

type CelExpr = NonNullable<ReturnType<typeof parseCel>["expr"]>;

/** CEL's tree as text: every operator a call, chains of && and || flat (CEL balances them). */
function celText(expr: CelExpr | undefined): string {
  const { exprKind } = expr ?? { exprKind: { case: undefined } };
  switch (exprKind.case) {
    case "constExpr": {
      const { constantKind } = exprKind.value;
      if (constantKind.case === "nullValue") return "null";
      if (constantKind.case === "stringValue") return JSON.stringify(constantKind.value);
      return String(constantKind.value);
    }
    case "identExpr":
      return exprKind.value.name;
    case "selectExpr":
      return exprKind.value.testOnly
        ? `has(${celText(exprKind.value.operand)}.${exprKind.value.field})`
        : `${celText(exprKind.value.operand)}.${exprKind.value.field}`;
    case "listExpr":
      return `[${exprKind.value.elements.map(celText).join(",")}]`;
    case "callExpr": {
      const { function: name, target, args } = exprKind.value;
      if (name === "_&&_" || name === "_||_") return `${name}(${args.flatMap((arg) => chain(arg, name)).join(",")})`;
      const all = args.map(celText).join(",");
      return target === undefined ? `${name}(${all})` : `${celText(target)}.${name}(${all})`;
    }
    default:
      throw new Error(`not in the shared subset: ${exprKind.case}`);
  }
}

function chain(expr: CelExpr, name: string): string[] {
  const { exprKind } = expr;
  return exprKind.case === "callExpr" && exprKind.value.function === name
    ? exprKind.value.args.flatMap((arg) => chain(arg, name))
    : [celText(expr)];
}

function ourText(syntax: Syntax): string {
  switch (syntax.kind) {
    case "null":
      return "null";
    case "bool":
    case "int":
      return String(syntax.value);
    case "decimal":
      return String(Number(syntax.text));
    case "string":
      return JSON.stringify(syntax.value);
    case "name":
      return syntax.name;
    case "member":
      return `${ourText(syntax.target)}.${syntax.name}`;
    case "list":
      return `[${syntax.items.map(ourText).join(",")}]`;
    case "call":
      return `${syntax.name}(${syntax.arguments.map(ourText).join(",")})`;
    case "method":
      return `${ourText(syntax.target)}.${syntax.name}(${syntax.arguments.map(ourText).join(",")})`;
    case "unary":
      // Their parser leaves double signs out, parentheses or not.
      if (syntax.operand.kind === "unary" && syntax.operand.operator === syntax.operator) {
        return ourText(syntax.operand.operand);
      }
      return `${syntax.operator}_(${ourText(syntax.operand)})`;
    case "logical":
      return `_${syntax.operator}_(${syntax.operands.map(ourText).join(",")})`;
    case "binary": {
      const name = syntax.operator === "in" ? "@in" : `_${syntax.operator}_`;
      return `${name}(${ourText(syntax.left)},${ourText(syntax.right)})`;
    }
    case "conditional":
      return `_?_:_(${[syntax.condition, syntax.then, syntax.otherwise].map(ourText).join(",")})`;
    default:
      return syntax satisfies never;
  }
}

/** Quantifiers are macros that CEL expands while parsing: under other names they stay calls. */
const withoutMacros = (text: string): string =>
  text.replace(/\.(exists|all|filter|map)\(/g, ".$1Rows(").replace(/\bhas\(/g, "hasValue(");

test("random expressions have one reading", () => {
  const generator = new Generator(new Random(2026), catalog, ["00000000-0000-4000-8000-000000000001"]);
  for (let i = 0; i < 800; i++) {
    const given = withoutMacros(generator.expression(4));
    const parsed = parse(given);
    if (!parsed.ok) throw new Error(given);
    // The text as given, and what our printer makes of it.
    for (const text of [given, print(parsed.syntax)]) expect(celText(parseCel(text).expr)).toBe(ourText(parsed.syntax));
  }
});

test.each([
  "a - b - c * -d % e",
  "!a == b && c || !(d || e) && f",
  "a ? b : c ? d : e",
  "a in [1, -2, 2.5] == true",
  "-9223372036854775808",
  "-a.b.c()",
  "a.b.c(d)(e".slice(0, 8),
  String.raw`"\a\b\f\n\r\t\v\\\?\"\'` + String.raw`\x41\u0042\U0001F600\103" + 'x"y'`,
])("%s", (text) => {
  const parsed = parse(text);
  expect(parsed.ok && ourText(parsed.syntax)).toBe(celText(parseCel(text).expr));
});
