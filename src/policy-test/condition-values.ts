/**
 * Values that make the atoms of a model's conditions true in some rows and false in others: the constants that each field is
 * compared with, and their neighbours.
 */
import type { Authorization } from "../authorization/index.ts";
import { addDecimals, type Decimal, isDecimal } from "../expression/decimal.ts";
import { type Core, parseDecimal, type Value, walk } from "../expression/index.ts";

export class ConditionValues {
  private readonly byField = new Map<string, Value[]>();
  /** What conditions ask of the request. */
  readonly origins: string[] = [];
  readonly ips: string[] = [];
  /** µs that times are compared with, from now on. */
  readonly durations: bigint[] = [];

  constructor(authorization: Authorization) {
    for (const { name } of authorization.model.system.entities) {
      const rules = authorization.rulesOf(name);
      for (const { touch, leave } of rules.policies) this.learn(name, touch, leave);
      for (const { allow, guards, action } of rules.actions.values()) {
        const scope = `${name}.${action.name}`;
        for (const { core } of [...(allow === undefined ? [] : [allow]), ...guards]) this.learn(scope, core);
      }
      for (const { read, write } of rules.fields.values()) {
        for (const rule of [read, write]) if (rule !== undefined) this.learn(name, rule.core);
      }
      for (const { core } of rules.checks) this.learn(name, core);
    }
  }

  /** @param scope an entity's name; with an action's, `Invoice.pay`, its input's values */
  of(scope: string, field: string): readonly Value[] {
    return this.byField.get(`${scope}.${field}`) ?? [];
  }

  private learn(scope: string, ...cores: readonly Core[]): void {
    for (const core of cores) for (const node of walk(core)) this.visit(scope, node);
  }

  private visit(scope: string, node: Core): void {
    switch (node.kind) {
      case "compare":
        this.note(scope, node.left, node.right);
        this.note(scope, node.right, node.left);
        break;
      case "in-list":
        for (const item of node.items) this.note(scope, node.operand, item);
        break;
      case "starts-with":
      case "ends-with":
      case "contains":
        this.note(scope, node.operand, node.argument);
        break;
      case "literal":
        if (node.type.kind === "duration" && typeof node.value === "bigint") this.durations.push(node.value);
        break;
      default:
    }
  }

  private note(scope: string, side: Core, other: Core): void {
    if (side.kind === "value" && side.path[0] === "request" && other.kind === "literal") {
      const asked = side.path[1] === "origin" ? this.origins : this.ips;
      if (typeof other.value === "string") asked.push(other.value, `${other.value}x`);
    }
    const key = fieldOf(scope, side);
    if (key === undefined || other.kind !== "literal" || other.value === null) return;
    const known = this.byField.get(key) ?? [];
    known.push(...around(other.value));
    this.byField.set(key, known);
  }
}

function fieldOf(scope: string, core: Core): string | undefined {
  switch (core.kind) {
    case "convert":
    case "lower-ascii":
      return fieldOf(scope, core.operand);
    case "column":
    case "side-column":
      return `${core.target.entity}.${core.field}`;
    case "value":
      return core.path[0] === "input" ? `${scope}.${core.path[1]}` : undefined;
    default:
      return undefined;
  }
}

const STEP: Decimal = parseDecimal("0.01") ?? { coefficient: 1n, scale: 0 };

/** A constant and its neighbours. */
function around(value: Exclude<Value, null>): readonly Value[] {
  if (typeof value === "bigint") return [value, value - 1n, value + 1n];
  if (isDecimal(value)) return [value, addDecimals(value, STEP)];
  if (typeof value === "string") return [value, `${value}x`, `x${value}`];
  return [value];
}
