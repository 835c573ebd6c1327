import { describe, expect, test } from "vitest";
import { expressionErrors } from "../../src/errors/expression-errors.ts";
import {
  type Core,
  check,
  type Environment,
  type ExpressionType,
  entitiesRead,
  LIMITS,
  references,
  toCondition,
  toSql,
  walk,
} from "../../src/expression/index.ts";
import { printExpression } from "../../src/sql-ast/print-expression.ts";
import { catalog, environment, sameRow } from "./support/shop.ts";

function coreOf(text: string, env: Environment = environment, expected?: ExpressionType): Core {
  const result = check(text, env, expected);
  if (!result.ok) throw new Error(result.errors.map((error) => `${error.code} ${error.message}`).join("; "));
  return result.core;
}
const errorsOf = (text: string, env: Environment = environment, expected?: ExpressionType) => {
  const result = check(text, env, expected);
  return result.ok ? [] : result.errors;
};

describe("types and nullability", () => {
  test.each([
    ["row.qty", "int", true],
    ["row.code", "string", false],
    ["row.owner.id", "uuid", true],
    ["row.home.id", "uuid", false],
    ["row.home.plan", "enum", true],
    ["row.team.tenant.id", "uuid", true],
    ["row.tenant.id", "uuid", false],
    ["other.code", "string", true],
    ["row.code == row.title", "bool", true],
    ["row.code == 'a'", "bool", false],
    ["row.title == null", "bool", false],
    ["row.qty == null || row.code > 'a'", "bool", false],
    ["row.lines.size()", "int", false],
    ["row.lines.map(l, l.price).sum()", "decimal", false],
    ["row.lines.map(l, l.price).min()", "decimal", true],
    ["row.lines.exists(l, l.id == row.id)", "bool", false],
    ["row.lines.exists(l, l.paid)", "bool", true],
    ["row.endsAt - row.startsAt", "duration", true],
    ["now() - duration('36h')", "timestamp", false],
    ["1 + 1", "int", false],
    ["1 / 2", "int", false],
    ["1 / row.lines.size()", "int", true],
    ["1 + 1.5", "decimal", false],
    ["row.total", "decimal", false],
    ["row.label", "string", true],
    ["row.paid ? 1 : null", "int", true],
    ["row.home.members.map(m, m.id)", "list", false],
    ["input.sub.m", "int", true],
    ["'a' in actor.roles".replace("a", "admin"), "bool", false],
    ["row.owner", "row", true],
  ])("%s is %s, nullable: %s", (text, kind, nullable) => {
    const core = coreOf(text);
    expect([core.type.kind, core.nullable]).toEqual([kind, nullable]);
  });

  test("a constant takes its type from its context, in both directions", () => {
    const types = (text: string) => {
      const core = coreOf(text);
      return core.kind === "compare" ? [core.left.type.kind, core.right.type.kind] : [];
    };
    expect(types("row.status == 'paid'")).toEqual(["enum", "enum"]);
    expect(types("'paid' == row.status")).toEqual(["enum", "enum"]);
    expect(types("1 < row.amount")).toEqual(["decimal", "decimal"]);
    expect(types("row.amount < 1")).toEqual(["decimal", "decimal"]);
    expect(types("row.qty < 1.5")).toEqual(["decimal", "decimal"]);
    expect(types("row.startsAt < '2026-06-01T00:00:00Z'")).toEqual(["timestamp", "timestamp"]);
    expect(types("(row.paid ? 'draft' : 'sent') == row.status")).toEqual(["enum", "enum"]);
    expect(types("row.status == row.code")).toEqual(["string", "string"]);
    expect(types("row.endsAt - row.startsAt > '36h'")).toEqual(["duration", "duration"]);
  });

  test("the expected type reaches constants and widens ints", () => {
    expect(coreOf("'00000000-0000-4000-8000-00000000000A'", environment, { kind: "uuid" })).toMatchObject({
      value: "00000000-0000-4000-8000-00000000000a",
    });
    expect(coreOf("row.qty", environment, { kind: "decimal" })).toMatchObject({ kind: "convert" });
    expect(coreOf("null", environment, { kind: "date" })).toMatchObject({ type: { kind: "date" }, value: null });
    expect(errorsOf("row.owner", environment, { kind: "uuid" })).toMatchObject([
      { code: "EJS2010", hint: "Write row.owner.id." },
    ]);
    expect(errorsOf("row.qty", environment, { kind: "bool" })).toMatchObject([{ code: "EJS2010" }]);
  });

  test("every node has its range", () => {
    const text = "row.lines.exists(l, l.qty > 1 && !l.paid) || row.team == null";
    const pieces = [...walk(coreOf(text))].map(({ kind, range }) => [kind, text.slice(range.start, range.end)]);
    expect(pieces).toContainEqual(["column", "l.qty"]);
    expect(pieces).toContainEqual(["null-test", "row.team == null"]);
    expect(pieces).toContainEqual(["not", "!l.paid"]);
  });
});

describe("errors name the place, the value and the nearest match", () => {
  test.each([
    ["row.nmae", "EJS2012", "nmae", "Invoice has no field"],
    ["row.team.nam == 'x'", "EJS2012", "nam", 'Did you mean "name" (string)?'],
    ["rwo.qty", "EJS2011", "rwo", 'Did you mean "row"?'],
    ["actor.rolse", "EJS2012", "rolse", 'Did you mean "roles"?'],
    ["input.sub.q", "EJS2012", "q", "input.sub has: m"],
    ["row.status == 'snet'", "EJS2020", "'snet'", 'Did you mean "sent"? Allowed: "draft"'],
    ["'snet' == row.status", "EJS2020", "'snet'", 'Did you mean "sent"?'],
    ["row.status in ['draft', 'snet']", "EJS2020", "'snet'", "Allowed"],
    ["'admn' in actor.roles", "EJS2020", "'admn'", 'Did you mean "admin"?'],
    ["row.ref == 'zz'", "EJS2019", "'zz'", "not a uuid"],
    ["row.startsAt > '2026-02-30T00:00:00Z'", "EJS2019", "'2026-02-30T00:00:00Z'", "timestamp"],
    ["timestamp('2026-06-01T00:00:00')", "EJS2019", "'2026-06-01T00:00:00'", "offset"],
    ["duration('3 hours')", "EJS2019", "'3 hours'", "36h"],
    ["date('2026-13-01')", "EJS2019", "'2026-13-01'", "date"],
    ["row.owner == actor", "EJS2017", "row.owner == actor", "row.owner.id == actor.id"],
    ["row.owner == actor.id", "EJS2017", "row.owner == actor.id", "row.owner.id == actor.id"],
    ["actor != row.owner", "EJS2017", "actor != row.owner", "actor.id != row.owner.id"],
    ["row.team == row.home", "EJS2017", "row.team == row.home", "row.team.id == row.home.id"],
    ["row.lines == null", "EJS2018", "row.lines", "size"],
    ["null == null", "EJS2018", "null == null", "no meaning"],
    ["row.qty < null", "EJS2018", "null", "x == null"],
    ["row.qty in [1, null]", "EJS2018", "null", "x == null ||"],
    ["row.lines.qty", "EJS2013", "qty", "row.lines.exists(x, x.qty"],
    ["row.qty.foo", "EJS2013", "foo", "int"],
    ["row.lines.sum()", "EJS2014", "sum", "row.lines.map(x, x.…).sum()"],
    ["row.title.startWith('a')", "EJS2014", "startWith", 'Did you mean "startsWith"?'],
    ["sise(row.lines)", "EJS2014", "sise", 'Did you mean "size"?'],
    ["startsWith(row.title, 'a')", "EJS2014", "startsWith", "It is a method"],
    ["row.tags.contains('a')", "EJS2014", "contains", "x in row.tags"],
    ["row.meta.map(m, m.x)", "EJS2014", "map", "Where a schema says"],
    ["row.tags.sum()", "EJS2016", "row.tags.sum()", "sum() of string"],
    ["row.tags.sum(1)", "EJS2015", "row.tags.sum(1)", "sum()"],
    ["input.ints.exists(i, i.qty > 1)", "EJS2013", "qty", "int"],
    ["input.ints.avg()", "EJS2014", "avg", "Methods: exists"],
    ["input.lines.sum()", "EJS2014", "sum", "input.lines.map(x, x.…).sum()"],
    ["input.lines.map(l, l.qyt).sum()", "EJS2012", "qyt", 'Did you mean "qty"?'],
    ["now(1)", "EJS2015", "now(1)", "now()"],
    ["row.lines.exists(l)", "EJS2015", "row.lines.exists(l)", "exists(x, condition)"],
    ["row.lines.exists(1, true)", "EJS2015", "1", "names the row"],
    ["row.title.matches(row.code)", "EJS2015", "row.code", "constant"],
    ["row.title.matches('a(?=b)')", "EJS2028", "'a(?=b)'", "look-arounds"],
    ["row.qty == 'a'", "EJS2016", "row.qty == 'a'", "int and string"],
    ["row.dueOn > now()", "EJS2016", "row.dueOn > now()", "date(x)"],
    ["row.ref < row.ref", "EJS2016", "row.ref < row.ref", "ordered"],
    ["row.meta == row.meta", "EJS2016", "row.meta == row.meta", "JSON"],
    ["row.qty + row.title", "EJS2016", "row.qty + row.title", "+ takes"],
    ["-row.title", "EJS2016", "-row.title", "takes int"],
    ["row.lines.map(l, l.paid).sum()", "EJS2016", "row.lines.map(l, l.paid).sum()", "sum() of bool"],
    ["row.qty && true", "EJS2010", "row.qty", "has(row.qty)"],
    ["row.paid ? 1 : 'a'", "EJS2010", "row.paid ? 1 : 'a'", "int and string"],
    ["row.qty in row.lines", "EJS2010", "row.lines", "row.lines.exists"],
    ["row.qty in row.tags", "EJS2010", "row.qty in row.tags", "Cannot look for int"],
    ["actor", "EJS2021", "actor", "actor has: id, roles, teams"],
    ["row.lines", "EJS2021", "row.lines", "row.lines.size()"],
    ["row.team > 1", "EJS2021", "row.team", "row.team.id"],
    ["row.lines.exists(row, true)", "EJS2022", "row", "Taken"],
    ["row.lines.exists(l, l.invoice.lines.exists(l, true))", "EJS2022", "l", "Taken"],
    ["constructor", "EJS2011", "constructor", "There is no"],
    ["actor.constructor", "EJS2012", "constructor", "has no"],
  ])("%s", (text, code, piece, told) => {
    const [error, ...more] = errorsOf(text);
    expect(more).toEqual([]);
    expect(error?.code).toBe(code);
    expect(text.slice(error?.range.start, error?.range.end)).toBe(piece);
    expect(`${error?.message} ${error?.hint ?? ""}`).toContain(told);
    expect(Object.keys(expressionErrors)).toContain(error?.code);
  });

  test("all of them, each once", () => {
    const text = "row.nmae == 1 && row.lines.exists(l, l.pirce > 1 || foo) && row.status == 'x'";
    expect(errorsOf(text).map(({ code, range }) => [code, text.slice(range.start, range.end)])).toEqual([
      ["EJS2012", "nmae"],
      ["EJS2012", "pirce"],
      ["EJS2011", "foo"],
      ["EJS2020", "'x'"],
    ]);
  });
});

describe("virtual fields", () => {
  const withFields = (fields: Record<string, string>): Environment => {
    const invoice = catalog.entities.get("Invoice");
    if (invoice === undefined) throw new Error("no Invoice");
    const all = new Map(invoice.fields);
    for (const [name, expression] of Object.entries(fields)) {
      all.set(name, { kind: "virtual", type: { kind: "int" }, nullable: true, expression });
    }
    const entities = new Map(catalog.entities).set("Invoice", { ...invoice, fields: all });
    return { ...environment, catalog: { entities } };
  };

  test("a circle is an error that shows it", () => {
    const env = withFields({ a: "row.b + 1", b: "row.lines.map(l, l.invoice.c).sum()", c: "row.a" });
    expect(errorsOf("row.a > 1", env)).toMatchObject([
      { code: "EJS2023", message: "Invoice.a depends on itself: Invoice.a → Invoice.b → Invoice.c → Invoice.a." },
    ]);
    expect(errorsOf("row.a", withFields({ a: "row.a" }))).toMatchObject([{ code: "EJS2023" }]);
  });

  test("errors of its own text are told at the use", () => {
    expect(errorsOf("1 + row.a", withFields({ a: "row.nope" }))).toMatchObject([
      { code: "EJS2024", range: { start: 8, end: 9 } },
    ]);
    expect(errorsOf("row.a", withFields({ a: "row.title" }))).toMatchObject([{ code: "EJS2024" }]);
    expect(errorsOf("row.a", withFields({ a: "other.qty" }))).toMatchObject([{ code: "EJS2024" }]);
  });

  test("one that doubles ten times over is refused, not printed", () => {
    const fields: Record<string, string> = { f0: "row.qty + row.qty" };
    for (let i = 1; i < 30; i++) fields[`f${i}`] = `row.f${i - 1} + row.f${i - 1}`;
    expect(errorsOf("row.f29", withFields(fields))).toMatchObject([{ code: "EJS2006" }]);
  });

  test("their quantifiers count", () => {
    const nest = (name: string, n: number): string =>
      n === 0 ? "1" : `row.lines.map(l, l.invoice.${name}${n - 1}).sum()`;
    const fields = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`f${n}`, nest("f", n)]));
    expect(errorsOf(`row.f${LIMITS.expandedQuantifiers}`, withFields(fields))).toEqual([]);
    expect(errorsOf(`row.f${LIMITS.expandedQuantifiers + 1}`, withFields(fields))).toMatchObject([{ code: "EJS2024" }]);
  });

  test("quantifiers of one text nest four deep", () => {
    const nest = (n: number): string => (n === 0 ? "true" : `row.lines.exists(x${n}, ${nest(n - 1)})`);
    expect(errorsOf(nest(4))).toEqual([]);
    expect(errorsOf(nest(5))).toMatchObject([{ code: "EJS2006" }]);
  });
});

describe("constraints and generated columns see one row", () => {
  test.each([
    ["row.owner.id == row.home.id", "owner_id = home_id"],
    ["row.team == null || row.qty > 0", "team_id is null or qty > 0"],
    ["row.dueOn > date('2026-01-01')", "due_on > '2026-01-01'::date"],
  ])("%s", (text, sql) => {
    expect(printExpression(toSql(coreOf(text, sameRow))).replaceAll('"', "")).toBe(sql);
  });

  test.each([
    ["row.lines.size() > 0", "EJS2025", "row.lines"],
    ["row.team.name == 'x'", "EJS2025", "row.team.name"],
    ["row.home.headcount > 1", "EJS2025", "row.home.headcount"],
    ["row.home.lead == null", "EJS2025", "row.home.lead"],
    ["actor.id == row.owner.id", "EJS2026", "actor"],
    ["row.startsAt < now()", "EJS2027", "now()"],
    ["row.total > 1", "EJS2024", "total"],
    ["row.tags.exists(t, t == 'a')", "EJS2025", "row.tags.exists(t, t == 'a')"],
    ["row.tags.min() == 'a'", "EJS2025", "row.tags.min()"],
  ])("%s is refused", (text, code, piece) => {
    const [error] = errorsOf(text, sameRow);
    expect([error?.code, text.slice(error?.range.start, error?.range.end)]).toEqual([code, piece]);
  });

  test("other variables are refused although the environment has them", () => {
    expect(errorsOf("limit > 1 && actor.id == null", { ...environment, sameRowOnly: true })).toMatchObject([
      { code: "EJS2026" },
      { code: "EJS2026" },
    ]);
  });
});

describe("references", () => {
  const of = (text: string) =>
    references(coreOf(text)).map(
      ({ variable, path, entity, column }) => `${[variable, ...path].join(".")}: ${entity}.${column}`,
    );

  test("a foreign key is read from the row itself", () => {
    expect(of("row.owner.id == actor.id")).toEqual(["row: Invoice.owner_id"]);
    expect(entitiesRead(coreOf("row.owner.id == actor.id"))).toEqual(new Set());
  });

  test("a path names the join's columns on both sides", () => {
    expect(of("row.team.lead.name == 'x'")).toEqual([
      "row: Invoice.tenant_id",
      "row.team: Team.tenant_id",
      "row: Invoice.team_id",
      "row.team: Team.id",
      "row.team: Team.lead_id",
      "row.team.lead: Person.id",
      "row.team.lead: Person.name",
    ]);
  });

  test("quantifiers, filters and virtual fields start at the variable that they stand on", () => {
    const text = "row.lines.filter(l, l.paid).exists(m, m.cost > other.amount)";
    expect(of(text)).toEqual([
      "row: Invoice.tenant_id",
      "row.lines: Line.tenant_id",
      "row: Invoice.id",
      "row.lines: Line.invoice_id",
      "row.lines: Line.paid",
      "row.lines: Line.price",
      "row.lines: Line.qty",
      "other: Invoice.amount",
    ]);
    expect(entitiesRead(coreOf(text))).toEqual(new Set(["Line"]));
    expect(entitiesRead(coreOf("row.home.headcount > 1"))).toEqual(new Set(["Team", "Member"]));
  });
});

describe("SQL", () => {
  const sql = (text: string) => printExpression(toSql(coreOf(text))).replaceAll('"', "");
  const when = (text: string, want = true) => printExpression(toCondition(coreOf(text), want)).replaceAll('"', "");

  test("negation reaches atoms only, indexes stay usable", () => {
    expect(when("!(row.owner.id == actor.id && row.qty > 1)")).toBe("r.owner_id <> t2.actor_id or r.qty <= 1");
    expect(when("row.status == 'paid'", false)).toBe("r.status <> 'paid'");
    expect(when("row.paid == true")).toBe("r.paid");
    expect(when("row.paid != true")).toBe("not r.paid");
  });

  test("strings are ordered by code point, and compared by the column's index", () => {
    expect(sql("row.title < 'b'")).toBe("r.title collate C < 'b'");
    expect(sql("row.title == 'b'")).toBe("r.title = 'b'");
  });

  test("exists and its negation", () => {
    expect(when("row.team.members.exists(m, m.person.id == actor.id)")).toBe(
      "exists (select 1 from shop.member as t1 where t1.tenant_id = r.tenant_id and t1.team_id = r.team_id and t1.person_id = t2.actor_id)",
    );
    expect(when("!row.team.members.exists(m, m.person.id == actor.id)")).toBe(
      "not exists (select 1 from shop.member as t1 where t1.tenant_id = r.tenant_id and t1.team_id = r.team_id and (t1.person_id <> t2.actor_id) is not true)",
    );
  });

  test("a fresh alias takes no name of the environment", () => {
    expect(sql("other.lines.size()")).toContain("from shop.line as t2 where t2.tenant_id = t1.tenant_id");
    expect(sql("row.lines.filter(l, l.id == actor.id).exists(m, m.id == other.id)")).toContain("shop.line as t3");
    const core = coreOf("row.lines.size()");
    expect(printExpression(toSql(core, { reserved: ["t1", "t2"] }))).toContain("as t3");
  });

  test("a tenant's column stands in for an optional reference only where that is there", () => {
    expect(sql("row.home.tenant.id")).toBe("r.tenant_id");
    expect(sql("row.team.tenant.id")).toBe("case when r.team_id is not null then r.tenant_id end");
  });

  test("a sum is 0 where it is empty, over a derived table, typed back", () => {
    expect(sql("row.lines.map(l, l.qty).sum()")).toBe(
      "(select coalesce(sum(t2.v), 0)::bigint from (select t1.qty as v from shop.line as t1 where t1.tenant_id = r.tenant_id and t1.invoice_id = r.id) as t2)",
    );
  });

  test("one item is an equality: a select in `in ((select …))` would be searched for its rows", () => {
    expect(sql("row.home.id in [row.team.parent.id]")).toMatch(/^r\.home_id = \(select/);
    expect(sql("row.qty in []")).toBe("false");
  });

  test("nothing is wrapped", () => {
    expect(when("row.open && !(row.label == 'x')")).not.toMatch(/is (not )?true|coalesce\((?!sum)/);
  });

  test("conditions nest without doubling", () => {
    let text = "row.paid";
    for (let i = 0; i < 12; i++) text = `(${text} ? row.open : row.paid)`;
    expect(when(text).length).toBeLessThan(20_000);
  });

  test("a hostile constant stays a constant", () => {
    expect(sql(String.raw`row.title == "'; drop table x; --\\"`)).toBe(String.raw`r.title = E'''; drop table x; --\\'`);
  });
});
