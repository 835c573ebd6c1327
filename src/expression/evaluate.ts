/**
 * Typed core → value, by SQL's three-valued logic: null stands for unknown. The
 * same result as PostgreSQL for the same rows; `test/expression/differential.test.ts`
 * holds the two together.
 */
import {
  type AggregateCore,
  type AncestorsCore,
  type Binding,
  type Core,
  ENVIRONMENT,
  type LogicalCore,
  type QuantifierCore,
  type RowLike,
  type RowsLike,
} from "./core.ts";
import { addDecimals, decimal, isDecimal, negateDecimal } from "./decimal.ts";
import { calculate, checkedInt } from "./evaluate-arithmetic.ts";
import { asRow, type EvaluationInput, lookUp, missing, property } from "./evaluation-input.ts";
import { matchesPattern } from "./pattern.ts";
import { dateOfTimestamp, MICROSECONDS_PER_DAY } from "./temporal.ts";
import type { ExpressionType } from "./types.ts";
import { compareValues, type EvaluatedRow, readValue, type Value } from "./values.ts";

/**
 * Evaluates an expression; unknown is null.
 *
 * @throws EngineError EJS2030 where an int overflows, EJS2031 where a value is missing or of another type
 * @example evaluate(core, { variables: { row: { total: 5n, owner: { id: "…" } } } })
 */
export function evaluate(core: Core, input: EvaluationInput): Value {
  return new Evaluator(input).value(core);
}

/** Whether a condition is true: unknown is not. */
export const isTrue = (core: Core, input: EvaluationInput): boolean => evaluate(core, input) === true;

class Evaluator {
  private readonly input: EvaluationInput;
  private readonly bound = new Map<Binding, EvaluatedRow>();

  constructor(input: EvaluationInput) {
    this.input = input;
  }

  value(core: Core): Value {
    switch (core.kind) {
      case "literal":
        return core.value;
      case "now":
        return this.now();
      case "value":
        return this.read(lookUp(this.input.variables, core.path), core.type, core.path.join("."));
      case "member": {
        const record = this.value(core.target);
        return record === null ? null : this.read(property(record, core.name), core.type, core.name);
      }
      case "list":
        return core.items.map((item) => this.value(item));
      case "row":
      case "one":
        return this.row(core);
      case "many":
      case "ancestors":
      case "filter":
      case "items":
        return this.rows(core);
      case "item":
        return this.bound.has(core.binding) ? (this.bound.get(core.binding) ?? null) : missing("an item is not bound.");
      case "column":
      case "side-column": {
        const row = this.row(core.target);
        return row === null ? null : this.read(property(row, core.field), core.type, core.field);
      }
      case "virtual": {
        const row = this.row(core.target);
        return row === null ? null : this.with(core.binding, row, core.body);
      }
      case "exists":
      case "all":
        return this.quantifier(core);
      case "count":
        return BigInt(this.rows(core.rows).length);
      case "aggregate":
        return this.aggregate(core);
      case "map":
        return this.rows(core.rows).map((row) => this.with(core.binding, row, core.body));
      case "null-test":
        return (this.value(core.operand) === null) !== core.negated;
      case "compare": {
        const [a, b] = [this.value(core.left), this.value(core.right)];
        if (a === null || b === null) return null;
        const order = compareValues(a, b);
        return {
          "==": order === 0,
          "!=": order !== 0,
          "<": order < 0,
          "<=": order <= 0,
          ">": order > 0,
          ">=": order >= 0,
        }[core.operator];
      }
      case "and":
      case "or":
        return this.logical(core);
      case "not": {
        const operand = this.value(core.operand);
        return operand === null ? null : operand !== true;
      }
      case "conditional": {
        const condition = this.value(core.condition);
        return condition === null ? null : this.value(condition === true ? core.then : core.otherwise);
      }
      case "in-list":
        return includes(
          this.value(core.operand),
          core.items.map((item) => this.value(item)),
        );
      case "in-array": {
        const [operand, list] = [this.value(core.operand), this.value(core.list)];
        return Array.isArray(list) ? includes(operand, list) : null;
      }
      case "negate": {
        const operand = this.value(core.operand);
        if (isDecimal(operand)) return negateDecimal(operand);
        if (typeof operand !== "bigint") return null;
        return core.type.kind === "int" ? checkedInt(-operand) : -operand;
      }
      case "arithmetic": {
        const [left, right] = [this.value(core.left), this.value(core.right)];
        return left === null || right === null ? null : calculate(core, left, right);
      }
      case "concat":
        return this.text(core.left, core.right, (a, b) => a + b);
      case "starts-with":
        return this.text(core.operand, core.argument, (a, b) => a.startsWith(b));
      case "ends-with":
        return this.text(core.operand, core.argument, (a, b) => a.endsWith(b));
      case "contains":
        return this.text(core.operand, core.argument, (a, b) => a.includes(b));
      case "matches": {
        const operand = this.value(core.operand);
        return typeof operand === "string" ? matchesPattern(core.pattern, operand) : null;
      }
      case "lower-ascii": {
        const operand = this.value(core.operand);
        return typeof operand === "string" ? operand.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : null;
      }
      case "size": {
        const operand = this.value(core.operand);
        // A string has as many characters as code points.
        if (typeof operand === "string") return BigInt([...operand].length);
        return Array.isArray(operand) ? BigInt(operand.length) : null;
      }
      case "convert":
        return convert(this.value(core.operand), core.operand.type, core.type);
      default:
        return core satisfies never;
    }
  }

  private now(): bigint {
    const { now } = this.input;
    if (now === undefined) return missing("now() needs a time: give `now`.");
    return typeof now === "bigint" ? now : BigInt(now.getTime()) * 1000n;
  }

  private read(given: unknown, type: ExpressionType, label: string): Value {
    const value = readValue(given, type);
    return value === undefined ? missing(`"${label}" is not a value of type ${type.kind}.`) : value;
  }

  private with(binding: Binding, row: EvaluatedRow, body: Core): Value {
    const before = this.bound.get(binding);
    this.bound.set(binding, row);
    try {
      return this.value(body);
    } finally {
      if (before !== undefined) this.bound.set(binding, before);
    }
  }

  private row(target: RowLike): EvaluatedRow | null {
    if (target.kind === "row") {
      if (target.binding !== ENVIRONMENT) return this.bound.get(target.binding) ?? missing("a row is not bound.");
      return asRow(lookUp(this.input.variables, target.path), target.path.join("."));
    }
    const row = this.row(target.target);
    return row === null ? null : asRow(property(row, target.field), target.field);
  }

  private rows(rows: RowsLike): readonly EvaluatedRow[] {
    if (rows.kind === "filter") {
      return this.rows(rows.rows).filter((row) => this.with(rows.binding, row, rows.predicate) === true);
    }
    if (rows.kind === "items") return (this.value(rows.list) ?? []) as readonly EvaluatedRow[];
    const row = this.row(rows.target);
    if (row === null) return [];
    if (rows.kind === "ancestors") return ancestors(row, rows);
    const many = property(row, rows.field);
    return Array.isArray(many) ? many : missing(`the rows of "${rows.field}" are not given.`);
  }

  private quantifier(core: QuantifierCore): boolean | null {
    const decisive = core.kind === "exists";
    let unknown = false;
    for (const row of this.rows(core.rows)) {
      const answer = this.with(core.binding, row, core.predicate);
      if (answer === decisive) return decisive;
      unknown ||= answer === null;
    }
    return unknown ? null : !decisive;
  }

  private logical(core: LogicalCore): boolean | null {
    const decisive = core.kind === "or";
    let unknown = false;
    for (const operand of core.operands) {
      const answer = this.value(operand);
      if (answer === decisive) return decisive;
      unknown ||= answer === null;
    }
    return unknown ? null : !decisive;
  }

  private aggregate(core: AggregateCore): Value {
    const values = this.rows(core.rows)
      .map((row) => this.with(core.binding, row, core.body))
      .filter((value) => value !== null);
    if (core.operator !== "sum") {
      const sign = core.operator === "min" ? 1 : -1;
      return values.reduce<Value>(
        (best, value) => (best === null || sign * compareValues(value, best) < 0 ? value : best),
        null,
      );
    }
    if (core.type.kind === "decimal") {
      return values.reduce<ReturnType<typeof decimal>>(
        (total, value) => (isDecimal(value) ? addDecimals(total, value) : total),
        decimal(0n),
      );
    }
    const total = values.reduce<bigint>((sum, value) => (typeof value === "bigint" ? sum + value : sum), 0n);
    return core.type.kind === "int" ? checkedInt(total) : total;
  }

  private text<T extends Value>(left: Core, right: Core, make: (a: string, b: string) => T): T | null {
    const [a, b] = [this.value(left), this.value(right)];
    return typeof a === "string" && typeof b === "string" ? make(a, b) : null;
  }
}

/** The rows above a row, each once; its id tells a row that is met again, so that a circle ends. */
function ancestors(row: EvaluatedRow, { self, field }: AncestorsCore): readonly EvaluatedRow[] {
  const found = new Map<unknown, EvaluatedRow>();
  let at = self ? row : asRow(property(row, field), field);
  while (at !== null && !found.has(property(at, "id") ?? at)) {
    found.set(property(at, "id") ?? at, at);
    at = asRow(property(at, field), field);
  }
  return [...found.values()];
}

/** SQL's IN and = ANY: found is true; not found is unknown where the value or one of the items is null; nothing is in an empty list. */
function includes(operand: Value, items: readonly Value[]): boolean | null {
  if (items.length === 0) return false;
  if (operand === null) return null;
  if (items.some((item) => item !== null && compareValues(operand, item) === 0)) return true;
  return items.includes(null) ? null : false;
}

function convert(value: Value, from: ExpressionType, to: ExpressionType): Value {
  if (typeof value !== "bigint") return value;
  if (to.kind === "decimal") return decimal(value);
  if (from.kind === "timestamp" && to.kind === "date") return dateOfTimestamp(value);
  return from.kind === "date" && to.kind === "timestamp" ? value * MICROSECONDS_PER_DAY : value;
}
