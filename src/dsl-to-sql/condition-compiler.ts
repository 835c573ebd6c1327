/**
 * Conditions over a row and the actor (policies, rules of actions, guards) as
 * SQL that names nothing but the row's own columns, the actor, and helper
 * functions. Three forms of what a condition is made of:
 *
 * - own columns and the actor: as it is;
 * - rows that the actor reaches: `column = any (array(select reached from app.policy_…))`, gathered once per statement, and
 *   where no index could make use of it, `column in (select …)`, a hash table: an array is searched from end to end;
 * - anything else of other rows: `app.policy_…(column, …)`, asked per row.
 */
import type { Core } from "../expression/core.ts";
import { toCondition } from "../expression/to-sql.ts";
import type { Entity } from "../model/index.ts";
import {
  and,
  anyArray,
  arraySelect,
  call,
  column,
  inSelect,
  or,
  type QualifiedName,
  type SqlExpression,
  scalarSelect,
  select,
  table,
} from "../sql-ast/expressions.ts";
import type { FunctionParameter } from "../sql-ast/statements.ts";
import { cheapestFirst } from "./cheapest-first.ts";
import { claimsOf } from "./claims-of.ts";
import { type ConditionTerm, conditionTerms } from "./condition-terms.ts";
import { gatherRows, ofTenant } from "./gathered-rows.ts";
import { type HelperFunctions, type HelperPurpose, REACHED } from "./helper-functions.ts";
import { type Lookup, noteLookups } from "./lookups.ts";
import { isStored, type ModelIndex, tenantColumn } from "./model-index.ts";
import { ownAndAbove } from "./own-and-above.ts";
import { resolvePermissions } from "./resolve-permissions.ts";
import { rewriteCore } from "./rewrite-core.ts";
import { isServable } from "./servable.ts";
import { columnsOf, replaceColumns, tablesOf } from "./sql-usage.ts";
import { type FarRows, isOwnRow, rebind, turnAround, turnPartly } from "./turn-around.ts";
import { withinTenant } from "./within-tenant.ts";

export interface ConditionRequest {
  readonly core: Core;
  readonly entity: Entity;
  readonly purpose: HelperPurpose;
  /** The model's text, for the comments of helper functions. */
  readonly text: string;
  /** The rule's sentence. */
  readonly sentence: string;
  readonly source: string;
  /** Whether an index may find the rows by it; otherwise it only filters rows that are found already. */
  readonly finds?: boolean;
  /** An alias beside the row's own whose columns are parameters too, with their types: an action's input. */
  readonly input?: { readonly alias: string; readonly types: Readonly<Record<string, string>> };
}

export interface CompiledCondition {
  /** True where the condition is true, false or null elsewhere. The row's columns stand under the alias of its table. */
  readonly sql: SqlExpression;
  /** Ids of the helper functions and views. */
  readonly dependsOn: readonly string[];
  /** Entities whose rows it reads. */
  readonly reads: readonly string[];
  /** Columns that an index should begin with, beside the tenant's. */
  readonly lookups: readonly Lookup[];
  /** What it is the conjunction of, in the order of the text: what an explanation goes through. */
  readonly terms: readonly ConditionTerm[];
}

export class ConditionCompiler {
  private readonly model: ModelIndex;
  private readonly helpers: HelperFunctions;

  constructor(model: ModelIndex, helpers: HelperFunctions) {
    this.model = model;
    this.helpers = helpers;
  }

  compile(request: ConditionRequest): CompiledCondition {
    const part = new ConditionPart(this.model, this.helpers, request);
    const prepare = (core: Core): Core => this.prepare(core);
    const sql = part.compile(prepare(request.core), true, request.finds ?? true);
    for (const id of claimsOf(sql, this.model)) part.dependsOn.add(id);
    const terms = conditionTerms(request.core, request.text, prepare);
    return { sql, dependsOn: [...part.dependsOn].sort(), reads: [...part.reads].sort(), lookups: part.lookups, terms };
  }

  /** Whether indexes can find the rows of a condition, given that nothing but it decides. */
  finds(core: Core, entity: Entity): boolean {
    return isServable(this.prepare(core), entity.tenant);
  }

  private prepare(core: Core): Core {
    return withinTenant(resolvePermissions(inlineOwnVirtuals(core), this.model), this.model);
  }
}

class ConditionPart {
  readonly dependsOn = new Set<string>();
  readonly reads = new Set<string>();
  readonly lookups: Lookup[] = [];
  private readonly model: ModelIndex;
  private readonly helpers: HelperFunctions;
  private readonly request: ConditionRequest;

  constructor(model: ModelIndex, helpers: HelperFunctions, request: ConditionRequest) {
    this.model = model;
    this.helpers = helpers;
    this.request = request;
  }

  /** The truth of a part: negation is pushed to the leaves, where each form knows what it means. */
  compile(core: Core, want: boolean, finds: boolean): SqlExpression {
    const plain = toCondition(core, want);
    const tables = tablesOf(plain);
    if (tables.length === 0) {
      noteLookups(core, this.request.entity, this.lookups);
      return plain;
    }
    const { tenant } = this.request.entity;
    const far = want ? turnAround(core, tenant) : undefined;
    if (far !== undefined) {
      const parts = ownAndAbove(core);
      return parts === undefined ? this.gathered(far, finds) : this.connect("or", parts, want, finds);
    }
    if (core.kind === "not") return this.compile(core.operand, !want, false);
    if (core.kind === "and" || core.kind === "or") return this.connect(core.kind, core.operands, want, finds);
    const asked = this.perRow(plain);
    const partly = want ? turnPartly(core, tenant) : undefined;
    return partly === undefined ? asked : and(this.gathered(partly, finds), asked);
  }

  private connect(kind: "and" | "or", operands: readonly Core[], want: boolean, finds: boolean): SqlExpression {
    const { entity } = this.request;
    const all = (kind === "and") === want;
    const found = finds && (all || operands.every((operand) => isServable(operand, entity.tenant)));
    const terms = operands.map((operand) => this.compile(operand, want, found));
    const sorted = cheapestFirst(terms, this.model.system.schema);
    return all ? and(...sorted) : or(...sorted);
  }

  /** `column = any (array(select reached from app.policy_…))` */
  private gathered(far: FarRows, finds: boolean): SqlExpression {
    const { entity } = this.request;
    const gathering = gatherRows(far, this.model, this.lookups);
    this.lookups.push({ entity: entity.name, column: far.ownColumn });
    const { name, id } = this.helpers.gather({ ...this.common(scalarSelect(gathering)), select: gathering });
    this.dependsOn.add(id);
    const reached = select({ columns: [{ value: column(name.name, REACHED) }], from: table(name, name.name) });
    const compared = column(entity.table, far.ownColumn);
    const found = finds ? anyArray(compared, arraySelect(reached)) : inSelect(compared, reached);
    // A person sees his memberships of every tenant: what is reached in the request's says nothing of the others.
    return entity === this.model.membership?.entity ? and(...ofTenant(entity), found) : found;
  }

  /** `app.policy_…(column, …)` */
  private perRow(condition: SqlExpression): SqlExpression {
    const { entity, input } = this.request;
    const tenant = tenantColumn(entity);
    const own = new Set(columnsOf(condition, entity.table));
    if (tenant !== undefined) own.add(tenant);
    const ownColumns = [...own].sort();
    const inputs = input === undefined ? [] : columnsOf(condition, input.alias);
    const guarded = and(...ofTenant(entity), condition);
    const parameters: FunctionParameter[] = [
      ...ownColumns.map((name) => ({ name, type: this.typeOf(name) })),
      ...inputs.map((name) => ({ name: `input_${name}`, type: input?.types[name] ?? "text" })),
    ];
    const fn = this.define(parameters, guarded);
    return call(
      fn,
      ...ownColumns.map((name) => column(entity.table, name)),
      ...inputs.map((name) => column(input?.alias, name)),
    );
  }

  private define(parameters: readonly FunctionParameter[], value: SqlExpression): QualifiedName {
    const { entity, input } = this.request;
    const { name, id } = this.helpers.define({
      ...this.common(value),
      parameters,
      returns: "boolean",
      value: (functionName) => {
        // The alias of a far row of the same table is the table's name too: then nothing of the own row is named.
        if (parameters.length === 0) return value;
        const own = replaceColumns(value, entity.table, (c) => column(functionName, c));
        return input === undefined ? own : replaceColumns(own, input.alias, (c) => column(functionName, `input_${c}`));
      },
    });
    this.dependsOn.add(id);
    return name;
  }

  /** What a helper is for, what it reads and calls. */
  private common(value: SqlExpression) {
    const { entity, purpose, sentence, text, source } = this.request;
    const reads = tablesOf(value);
    for (const read of reads) this.reads.add(this.model.entityOfTable(read)?.name ?? read);
    return { purpose, entity, sentence: `${sentence}: ${text}`, source, reads, calls: claimsOf(value, this.model) };
  }

  private typeOf(name: string): string {
    const field = this.request.entity.fields.find((f) => isStored(f) && f.storage.column === name);
    if (field === undefined || !isStored(field))
      throw new TypeError(`${this.request.entity.name} has no column ${name}`);
    return field.storage.sqlType;
  }
}

/** A virtual field of the own row is its expression. */
function inlineOwnVirtuals(core: Core): Core {
  return rewriteCore(core, (node) => {
    if (node.kind !== "virtual" || !isOwnRow(node.target) || node.target.nullable) return undefined;
    return inlineOwnVirtuals(rebind(node.body, node.binding, node.target));
  });
}
