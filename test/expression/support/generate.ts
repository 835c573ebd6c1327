/** Random well-typed expressions over a catalog, as text. */
import type { Catalog, ExpressionType } from "../../../src/expression/index.ts";
import { describeType, printString } from "../../../src/expression/index.ts";
import type { Random } from "./random.ts";
import { ROLES, STATES } from "./shop.ts";
import { STRINGS } from "./shop-data.ts";

type Kind = "bool" | "int" | "decimal" | "string" | "uuid" | "date" | "timestamp" | "duration" | "state" | "role";
type RowName = readonly [expression: string, entity: string];

type ListKind = "int" | "decimal" | "string" | "timestamp";
/** Lists of single values: columns, and what JSON holds. */
const LISTS: Readonly<Record<ListKind, readonly string[]>> = {
  int: ["input.ints"],
  decimal: ["input.decimals"],
  string: ["row.tags", "input.names", "other.tags"],
  timestamp: ["input.times"],
};

const ORDERED: readonly Kind[] = ["int", "decimal", "string", "date", "timestamp", "duration"];
const STATE_TEXT = JSON.stringify(STATES);
const PATTERNS = [
  "^a",
  "b$",
  "^.$",
  "[A-Z]",
  "[^a-z]",
  "(a|b)+c?",
  "^(ab?|\\\\.)*$",
  "^[0-9]{1,2}$",
  "\\\\$",
  "a.*b",
  "^$",
];

export class Generator {
  private readonly random: Random;
  private readonly catalog: Catalog;
  private readonly ids: readonly string[];
  private names = 0;
  private quantifiers = 0;

  constructor(random: Random, catalog: Catalog, ids: readonly string[]) {
    this.random = random;
    this.catalog = catalog;
    this.ids = ids;
  }

  /** An expression of a random type. */
  expression(depth: number): string {
    const kinds: readonly Kind[] = ["int", "decimal", "string", "timestamp", "duration", "uuid", "date", "state"];
    const kind = this.random.oneIn(3) ? this.random.pick(kinds) : "bool";
    return this.of(kind, depth, [
      ["row", "Invoice"],
      ["row", "Invoice"],
      ["other", "Invoice"],
    ]);
  }

  private of(kind: Kind, depth: number, rows: readonly RowName[]): string {
    if (depth <= 0 || this.random.oneIn(8)) return this.leaf(kind, rows);
    const next = depth - 1 - this.random.below(2);
    const make = (k: Kind) => this.of(k, next, rows);
    if (this.random.oneIn(9)) return `(${make("bool")} ? ${make(kind)} : ${make(kind)})`;
    switch (kind) {
      case "bool":
        return this.bool(depth, next, rows);
      case "int":
        return this.int(next, rows, make);
      case "decimal":
        return this.decimal(next, rows, make);
      case "string":
        return this.random.pick([
          () => `(${make("string")} + ${make("string")})`,
          () => `${make("string")}.lowerAscii()`,
          () => this.aggregate(this.random.pick(["min", "max"]), "string", next, rows),
          () => this.listAggregate("string", rows),
          () => this.leaf("string", rows),
        ])();
      case "timestamp":
        return this.random.pick([
          () => `(${make("timestamp")} ${this.random.pick(["+", "-"])} ${make("duration")})`,
          () => `(${make("duration")} + ${make("timestamp")})`,
          () => this.aggregate(this.random.pick(["min", "max"]), "timestamp", next, rows),
          () => this.listAggregate("timestamp", rows),
          () => `timestamp(${this.leaf("date", rows)})`,
          () => this.leaf("timestamp", rows),
        ])();
      case "duration":
        return this.random.pick([
          () => `(${make("timestamp")} - ${make("timestamp")})`,
          () => `(${this.leaf("date", rows)} - ${this.leaf("date", rows)})`,
          () => `(${make("duration")} ${this.random.pick(["+", "-"])} ${make("duration")})`,
          () => `-(${make("duration")})`,
          () => this.aggregate("sum", "duration", next, rows),
          () => this.leaf("duration", rows),
        ])();
      case "date":
        return this.random.oneIn(2) ? `date(${make("timestamp")})` : this.leaf("date", rows);
      default:
        return this.leaf(kind, rows);
    }
  }

  private bool(depth: number, next: number, rows: readonly RowName[]): string {
    const { random } = this;
    const make = (k: Kind) => this.of(k, next, rows);
    const ordered = random.pick(ORDERED);
    const equal = random.pick<Kind>([...ORDERED, "bool", "uuid", "state"]);
    return random.pick([
      () => `(${make("bool")} && ${make("bool")})`,
      () => `(${make("bool")} || ${make("bool")} || ${make("bool")})`,
      () => `!(${make("bool")})`,
      () => `(${make(ordered)} ${random.pick(["<", "<=", ">", ">="])} ${make(ordered)})`,
      () => `(${make(equal)} ${random.pick(["==", "!="])} ${this.notConstant(equal, next, rows)})`,
      () => `(${this.notConstant(equal, next, rows)} ${random.pick(["==", "!="])} null)`,
      () => `(${this.toOne(rows)} ${random.pick(["==", "!="])} null)`,
      () => `has(${random.oneIn(2) ? this.toOne(rows) : this.notConstant(equal, next, rows)})`,
      () =>
        `${make("string")}.${random.pick(["startsWith", "endsWith", "contains"])}(${random.oneIn(2) ? printString(random.pick(["a", "b", "c", "é", "B", "%"])) : make("string")})`,
      () => `${this.notConstant("string", next, rows)}.matches("${random.pick(PATTERNS)}")`,
      () => this.quantifier(next, rows),
      () => this.quantifier(next, rows),
      () => this.membership(depth, rows),
      () => this.listQuantifier(rows),
      () => this.roleOfMember(rows),
      () => `(row.meta == null)`,
    ])();
  }

  private int(next: number, rows: readonly RowName[], make: (kind: Kind) => string): string {
    const { random } = this;
    return random.pick([
      () => `(${make("int")} ${random.pick(["+", "-", "/", "%"])} ${make("int")})`,
      () => `(${this.leaf("int", rows)} * ${random.pick(["2", "-3", "0"])})`,
      () => `${this.notConstant("string", next, rows)}.size()`,
      () => `size(${this.rows(next, rows)[0]})`,
      () => `${random.pick(["row.tags", "actor.roles", "actor.teams", "input.names"])}.size()`,
      () => this.aggregate(random.pick(["sum", "min", "max"]), "int", next, rows),
      () => this.listAggregate("int", rows),
      () => `-(${make("int")})`,
    ])();
  }

  private decimal(next: number, rows: readonly RowName[], make: (kind: Kind) => string): string {
    const { random } = this;
    return random.pick([
      () => `(${make("decimal")} ${random.pick(["+", "-", "*"])} ${make("decimal")})`,
      () => `(${this.leaf("decimal", rows)} ${random.pick(["/", "%"])} ${this.leaf("decimal", rows)})`,
      () => `(${make("int")} + ${this.notConstant("decimal", next, rows)})`,
      () => `decimal(${make("int")})`,
      () => this.aggregate(random.pick(["sum", "min", "max"]), "decimal", next, rows),
      () => this.listAggregate("decimal", rows),
      () => `-(${make("decimal")})`,
    ])();
  }

  private constant(kind: Kind): string {
    const { random } = this;
    switch (kind) {
      case "bool":
        return random.pick(["true", "false"]);
      case "int":
        return random.pick(["0", "1", "-1", "2", "100", "2147483648"]);
      case "decimal":
        return random.pick(["0.3", "1.0", "-1.5", "0.0", "1000000.001"]);
      case "string":
        return printString(random.pick(STRINGS));
      case "uuid":
        return printString(random.pick(this.ids));
      case "date":
        return random.pick(['date("2025-06-01")', 'date("2024-02-29")']);
      case "timestamp":
        return random.pick([
          'timestamp("2025-06-01T00:00:00Z")',
          'timestamp("2025-10-26T02:30:00.123456+02:00")',
          "now()",
        ]);
      case "duration":
        return random.pick(['duration("36h")', 'duration("-90m")', 'duration("1.000001s")', 'duration("40d")']);
      case "state":
        return printString(random.pick(STATES));
      case "role":
        return printString(random.pick(ROLES));
      default:
        return kind satisfies never;
    }
  }

  private leaf(kind: Kind, rows: readonly RowName[]): string {
    return this.random.oneIn(3) ? this.typed(kind) : this.field(kind, rows);
  }

  /** A constant where the text alone tells its type: a bare "…" would be a string. */
  private typed(kind: Kind): string {
    return kind === "uuid"
      ? "actor.id"
      : kind === "state" || kind === "role"
        ? this.field(kind, [["row", "Invoice"]])
        : this.constant(kind);
  }

  /** A field of the kind, behind any number of to-one relations. */
  private field(kind: Kind, rows: readonly RowName[]): string {
    const { random } = this;
    const extra: Partial<Record<Kind, readonly string[]>> = {
      int: ["limit", "input.n", "input.sub.m"],
      string: ["input.s"],
      decimal: ["input.d"],
      bool: ["input.flag"],
      timestamp: ["input.at"],
      uuid: ["actor.id"],
    };
    const others = extra[kind];
    if (others !== undefined && random.oneIn(8)) return random.pick(others);
    for (let attempt = 0; attempt < 12; attempt++) {
      const [expression, entity] = this.walkToOne(rows);
      const fields = [...(this.catalog.entities.get(entity)?.fields ?? [])].filter(
        ([, field]) => field.kind !== "one" && field.kind !== "many" && kindOf(field.type) === kind,
      );
      if (fields.length > 0) return `${expression}.${random.pick(fields)[0]}`;
    }
    return { state: "row.status", date: "row.dueOn" }[kind as string] ?? this.constant(kind);
  }

  private notConstant(kind: Kind, next: number, rows: readonly RowName[]): string {
    return this.random.oneIn(2) && kind !== "state" && kind !== "uuid"
      ? `(${this.of("bool", next - 1, rows)} ? ${this.field(kind, rows)} : ${this.field(kind, rows)})`
      : this.field(kind, rows);
  }

  /** Roles are told of members only. */
  private roleOfMember(rows: readonly RowName[]): string {
    const [team] = rows.find(([, entity]) => entity === "Team") ?? ["row.home"];
    const x = this.name();
    const constant = this.constant("role");
    const condition = this.random.pick([
      `${x}.role == ${constant}`,
      `${x}.role != ${constant}`,
      `${x}.role in actor.roles`,
      `${x}.role == null`,
      `(${x}.role == null ? ${constant} : ${x}.role) == ${constant}`,
    ]);
    return this.quantifiers > 2
      ? "row.paid"
      : `${team}.members.${this.random.pick(["exists", "all"])}(${x}, ${condition})`;
  }

  private walkToOne(rows: readonly RowName[]): RowName {
    let [expression, entity] = this.random.pick(rows);
    while (this.random.oneIn(2)) {
      const ones = [...(this.catalog.entities.get(entity)?.fields ?? [])].filter(([, field]) => field.kind === "one");
      if (ones.length === 0) break;
      const [name, field] = this.random.pick(ones);
      if (field.kind !== "one") break;
      expression += `.${name}`;
      entity = field.entity;
    }
    return [expression, entity];
  }

  private toOne(rows: readonly RowName[]): string {
    for (;;) {
      const [expression] = this.walkToOne(rows);
      if (expression.includes(".") || expression === "other") return expression;
    }
  }

  /** A to-many relation, sometimes filtered. */
  private rows(next: number, rows: readonly RowName[]): RowName {
    const { random } = this;
    for (;;) {
      const [expression, entity] = this.walkToOne(rows);
      const above = this.above(expression, entity);
      const many = [...(this.catalog.entities.get(entity)?.fields ?? [])].filter(([, field]) => field.kind === "many");
      const related = many.flatMap(([name, field]): RowName[] =>
        field.kind === "many" ? [[`${expression}.${name}`, field.entity]] : [],
      );
      if (related.length + above.length === 0) continue;
      const [source, target] = random.pick([...related, ...above]);
      if (!random.oneIn(3) || this.quantifiers > 2) return [source, target];
      const x = this.name();
      const predicate = this.inside(x, target, rows, () => this.of("bool", next, this.with(x, target, rows)));
      return [`${source}.filter(${x}, ${predicate})`, target];
    }
  }

  /** The rows over a reference of an entity to itself. */
  private above(expression: string, entity: string): RowName[] {
    return [...(this.catalog.entities.get(entity)?.fields ?? [])].flatMap(([name, field]): RowName[] =>
      field.kind === "one" && field.entity === entity
        ? [[`${expression}.${this.random.pick(["ancestors", "selfAndAncestors"])}("${name}")`, entity]]
        : [],
    );
  }

  private name(): string {
    this.names++;
    return `x${this.names}`;
  }

  private with(x: string, entity: string, rows: readonly RowName[]): RowName[] {
    return [[x, entity], [x, entity], [x, entity], ...rows];
  }

  private inside(_x: string, _entity: string, _rows: readonly RowName[], make: () => string): string {
    this.quantifiers++;
    const text = make();
    this.quantifiers--;
    return text;
  }

  private quantifier(next: number, rows: readonly RowName[]): string {
    if (this.quantifiers > 2) return this.field("bool", rows);
    const [source, entity] = this.rows(next - 1, rows);
    const x = this.name();
    const scope = this.with(x, entity, rows);
    const predicate = this.inside(x, entity, rows, () => this.of("bool", next, scope));
    return `${source}.${this.random.pick(["exists", "all"])}(${x}, ${predicate})`;
  }

  private aggregate(operator: string, kind: Kind, next: number, rows: readonly RowName[]): string {
    if (this.quantifiers > 2) return this.leaf(kind, rows);
    const [source, entity] = this.rows(next - 1, rows);
    const x = this.name();
    const body = this.inside(x, entity, rows, () => this.of(kind, Math.min(next, 1), this.with(x, entity, rows)));
    return `${source}.map(${x}, ${body}).${operator}()`;
  }

  /** A list of single values, sometimes filtered. */
  private list(kind: ListKind, rows: readonly RowName[]): string {
    const source = this.random.pick(LISTS[kind]);
    if (!this.random.oneIn(3) || this.quantifiers > 2) return source;
    const x = this.name();
    return `${source}.filter(${x}, ${this.ofItem(x, kind, rows)})`;
  }

  /** A condition over an item of a list. */
  private ofItem(x: string, kind: ListKind, rows: readonly RowName[]): string {
    const { random } = this;
    return random.pick([
      () => `(${x} ${random.pick(["<", "<=", ">", ">=", "==", "!="])} ${this.leaf(kind, rows)})`,
      () => `(${x} ${random.pick(["==", "!="])} null)`,
      () => `(${x} in [${this.leaf(kind, rows)}, ${this.constant(kind)}])`,
      () => this.field("bool", rows),
    ])();
  }

  /** `ints.sum()`, `ints.map(x, x * 2).max()`, `lines.map(x, x.qty * x.price).sum()`. */
  private listAggregate(kind: ListKind, rows: readonly RowName[]): string {
    const { random } = this;
    const operator = random.pick(kind === "int" || kind === "decimal" ? ["sum", "min", "max"] : ["min", "max"]);
    const x = this.name();
    const member = { int: `${x}.qty`, decimal: `(${x}.price * ${x}.qty)`, string: `${x}.note`, timestamp: undefined }[
      kind
    ];
    return random.pick([
      () => `${this.list(kind, rows)}.${operator}()`,
      () => `${this.list(kind, rows)}.map(${x}, (${x} == null ? ${this.leaf(kind, rows)} : ${x})).${operator}()`,
      () =>
        member === undefined
          ? `${this.list(kind, rows)}.${operator}()`
          : `input.lines.map(${x}, ${member}).${operator}()`,
    ])();
  }

  private listQuantifier(rows: readonly RowName[]): string {
    const { random } = this;
    const x = this.name();
    const kind = random.pick<ListKind>(["int", "decimal", "string", "timestamp"]);
    const quantifier = random.pick(["exists", "all"]);
    return random.oneIn(4)
      ? `input.lines.${quantifier}(${x}, ${x}.qty > ${this.leaf("int", rows)})`
      : `${this.list(kind, rows)}.${quantifier}(${x}, ${this.ofItem(x, kind, rows)})`;
  }

  private membership(depth: number, rows: readonly RowName[]): string {
    const { random } = this;
    const kind = random.pick<Kind>(["int", "string", "uuid", "state", "decimal", "date"]);
    const items = Array.from({ length: random.below(4) }, () =>
      random.oneIn(3) ? this.leaf(kind, rows) : this.constant(kind),
    );
    return random.pick([
      () => `(${this.field(kind, rows)} in [${items.join(", ")}])`,
      () => `(${this.constant("role")} in actor.roles)`,
      () => `(${this.field("string", rows)} in row.tags)`,
      () => `(${this.field("uuid", rows)} in actor.teams)`,
      () => `(${this.field("string", rows)} in input.names)`,
      () => {
        if (this.quantifiers > 2) return this.field("bool", rows);
        const [source, entity] = this.rows(depth - 2, rows);
        const x = this.name();
        const body = this.inside(x, entity, rows, () => this.field("int", this.with(x, entity, rows)));
        return `(${this.field("int", rows)} in ${source}.map(${x}, ${body}))`;
      },
    ])();
  }
}

function kindOf(type: ExpressionType): string {
  if (type.kind !== "enum") return type.kind;
  return JSON.stringify(type.values) === STATE_TEXT
    ? "state"
    : describeType(type).includes("billing")
      ? "role"
      : "plan";
}
