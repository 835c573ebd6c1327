/** Runs one expression in PostgreSQL and in the evaluator and tells where they differ. */
import type pg from "pg";
import { EngineError } from "../../../src/errors/engine-error.ts";
import { isDecimal } from "../../../src/expression/decimal.ts";
import {
  type Core,
  check,
  type Environment,
  type ExpressionType,
  evaluate,
  formatDecimal,
  toCondition,
  toSql,
  type Value,
} from "../../../src/expression/index.ts";
import { printExpression } from "../../../src/sql-ast/print-expression.ts";
import type { Shop } from "./shop-data.ts";

export type Outcome =
  | { readonly kind: "same"; readonly cells: number; readonly nulls: number; readonly type: string }
  | { readonly kind: "overflow" | "rejected"; readonly message: string }
  | { readonly kind: "different"; readonly message: string };

const MICROSECONDS = (sql: string) => `(extract(epoch from ${sql}) * 1000000)::bigint::text`;

function asText(sql: string, type: ExpressionType): string {
  switch (type.kind) {
    case "timestamp":
    case "duration":
      return MICROSECONDS(sql);
    case "date":
      return `(${sql} - date '1970-01-01')::text`;
    default:
      return `(${sql})::text`;
  }
}

/** 0.0 is 0: which of two equal values min() takes is not defined, and they may differ in trailing zeros. */
const withoutZeros = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

function valueText(value: Value): string | null {
  if (value === null) return null;
  return isDecimal(value) ? withoutZeros(formatDecimal(value)) : String(value);
}

export class Comparison {
  private readonly client: pg.Client;
  private readonly shop: Shop;
  private readonly environment: Environment;
  private readonly now: bigint;

  constructor(client: pg.Client, shop: Shop, environment: Environment, now: bigint) {
    this.client = client;
    this.shop = shop;
    this.environment = environment;
    this.now = now;
  }

  async run(text: string): Promise<Outcome> {
    const checked = check(text, this.environment);
    if (!checked.ok) {
      return { kind: "rejected", message: checked.errors.map((e) => `${e.code} ${e.message}`).join("; ") };
    }
    const { core } = checked;
    const statement = this.statement(core);
    let rows: { key: string; n: number; v: string | null; tt: boolean; tf: boolean }[];
    await this.client.query("savepoint one");
    try {
      ({ rows } = await this.client.query(statement));
    } catch (error) {
      await this.client.query("rollback to one");
      // 22003: an int left bigint, as it must then in the evaluator.
      const overflow = (error as { code?: string }).code === "22003" && this.overflows(core);
      return { kind: overflow ? "overflow" : "different", message: `${error}\n${statement}` };
    }
    await this.client.query("release one");
    return this.compare(core, new Map(rows.map((row) => [`${row.key} ${row.n}`, row])), statement);
  }

  private statement(core: Core): string {
    const columns = [`${asText(printExpression(toSql(core)), core.type)} as v`];
    if (core.type.kind === "bool") {
      columns.push(`(${printExpression(toCondition(core, true))}) is true as tt`);
      columns.push(`(${printExpression(toCondition(core, false))}) is true as tf`);
    }
    return `select r.tenant_id || ' ' || r.id as key, t2.n, ${columns.join(", ")} from shop.invoice r left join shop.invoice t1 on t1.tenant_id = r.tenant_id and t1.id = r.other_id cross join shop.env t2`;
  }

  private overflows(core: Core): boolean {
    return this.shop.cells.some(({ variables }) => {
      try {
        evaluate(core, { variables, now: this.now });
        return false;
      } catch (error) {
        return error instanceof EngineError && error.code === "EJS2030";
      }
    });
  }

  private compare(
    core: Core,
    rows: ReadonlyMap<string, { v: string | null; tt: boolean; tf: boolean }>,
    statement: string,
  ): Outcome {
    let nulls = 0;
    for (const { key, env, variables } of this.shop.cells) {
      const row = rows.get(`${key} ${env}`);
      let mine: string | null;
      try {
        mine = valueText(evaluate(core, { variables, now: this.now }));
      } catch (error) {
        if (error instanceof EngineError && error.code === "EJS2030")
          return { kind: "overflow", message: error.message };
        return { kind: "different", message: `the evaluator threw: ${error}` };
      }
      const value = row === undefined ? "no row" : row.v;
      const theirs = value !== null && core.type.kind === "decimal" ? withoutZeros(value) : value;
      if (theirs === null) nulls++;
      const where = `invoice ${key}, environment ${env}\n${statement}`;
      if (mine !== theirs)
        return { kind: "different", message: `value: evaluator ${mine}, PostgreSQL ${theirs}; ${where}` };
      if (mine === null && !core.nullable)
        return { kind: "different", message: `null, but checked as not null; ${where}` };
      if (core.type.kind === "bool" && (row?.tt !== (mine === "true") || row?.tf !== (mine === "false"))) {
        return {
          kind: "different",
          message: `truth: value ${mine}, T(true) ${row?.tt}, T(false) ${row?.tf}; ${where}`,
        };
      }
    }
    return { kind: "same", cells: this.shop.cells.length, nulls, type: core.type.kind };
  }
}
