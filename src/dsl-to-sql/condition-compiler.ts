/**
 * Conditions over a row and the actor (policies, rules of actions, guards) as
 * SQL that names nothing but the row's own columns, the actor, and helper
 * functions. Three forms of what a condition is made of:
 *
 * - own columns and the actor: as it is;
 * - rows that the actor reaches: `column = any ((select app.policy_…())::uuid[])`, gathered once per statement;
 * - anything else of other rows: `app.policy_…(column, …)`, asked per row.
 */
import type { Core } from "../expression/core.ts";
import { toCondition } from "../expression/to-sql.ts";
import type { Entity } from "../model/index.ts";
import {
  and,
  anyArray,
  arraySelect,
  binary,
  call,
  cast,
  column,
  or,
  type SqlExpression,
  select,
  table,
} from "../sql-ast/expressions.ts";
import { printExpression } from "../sql-ast/print-expression.ts";
import type { FunctionParameter } from "../sql-ast/statements.ts";
import { once, tenantIdCall } from "./environments.ts";
import { type HelperFunctions, type HelperPurpose, selectValue } from "./helper-functions.ts";
import { type Lookup, noteLookups } from "./lookups.ts";
import { isStored, type ModelIndex, tenantColumn } from "./model-index.ts";
import { rewriteCore } from "./rewrite-core.ts";
import { columnsOf, replaceColumns, tablesOf } from "./sql-usage.ts";
import { type FarRows, isOwnRow, rebind, turnAround } from "./turn-around.ts";
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
  /** An alias beside the row's own whose columns are parameters too, with their types: an action's input. */
  readonly input?: { readonly alias: string; readonly types: Readonly<Record<string, string>> };
}

export interface CompiledCondition {
  /** True where the condition is true, false or null elsewhere. The row's columns stand under the alias of its table. */
  readonly sql: SqlExpression;
  /** Ids of the helper functions. */
  readonly dependsOn: readonly string[];
  /** Entities whose rows it reads. */
  readonly reads: readonly string[];
  /** Columns that an index should begin with, beside the tenant's. */
  readonly lookups: readonly Lookup[];
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
    const sql = part.compile(withinTenant(inlineOwnVirtuals(request.core), this.model), true);
    return { sql, dependsOn: [...part.dependsOn].sort(), reads: [...part.reads].sort(), lookups: part.lookups };
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
  compile(core: Core, want: boolean): SqlExpression {
    const plain = toCondition(core, want);
    const tables = tablesOf(plain);
    if (tables.length === 0) {
      this.noteLookups(core);
      return plain;
    }
    if (want) {
      const far = turnAround(core, this.request.entity.tenant);
      if (far !== undefined) return this.gathered(far);
    }
    if (core.kind === "not") return this.compile(core.operand, !want);
    if (core.kind === "and" || core.kind === "or") {
      const terms = core.operands.map((operand) => this.compile(operand, want));
      return (core.kind === "and") === want ? and(...terms) : or(...terms);
    }
    return this.perRow(plain, tables);
  }

  /** `column = any ((select app.policy_…())::uuid[])` */
  private gathered(far: FarRows): SqlExpression {
    const entity = this.model.entity(far.farEntity);
    const tenant = tenantColumn(entity);
    const terms = [
      ...(tenant === undefined ? [] : [ofTenant(entity.table, tenant)]),
      ...far.conditions.map((condition) => toCondition(condition)),
    ];
    const where = and(...distinctTerms(terms));
    const value = arraySelect(
      select({
        columns: [{ value: column(entity.table, far.farColumn) }],
        from: table(this.model.table(entity), entity.table),
        where,
      }),
    );
    for (const condition of far.conditions) noteLookups(condition, entity, this.lookups);
    this.lookups.push({ entity: this.request.entity.name, column: far.ownColumn });
    const own = this.typeOf(far.ownColumn);
    const fn = this.define([], `${own}[]`, value, [...new Set([far.farTable, ...tablesOf(value)])]);
    return anyArray(column(this.request.entity.table, far.ownColumn), cast(once(call(fn)), `${own}[]`));
  }

  /** `app.policy_…(column, …)` */
  private perRow(condition: SqlExpression, tables: readonly string[]): SqlExpression {
    const { entity, input } = this.request;
    const tenant = tenantColumn(entity);
    const own = new Set(columnsOf(condition, entity.table));
    if (tenant !== undefined) own.add(tenant);
    const ownColumns = [...own].sort();
    const inputs = input === undefined ? [] : columnsOf(condition, input.alias);
    const guarded = tenant === undefined ? condition : and(ofTenant(entity.table, tenant), condition);
    const parameters: FunctionParameter[] = [
      ...ownColumns.map((name) => ({ name, type: this.typeOf(name) })),
      ...inputs.map((name) => ({ name: `input_${name}`, type: input?.types[name] ?? "text" })),
    ];
    const fn = this.define(parameters, "boolean", guarded, tables);
    return call(
      fn,
      ...ownColumns.map((name) => column(entity.table, name)),
      ...inputs.map((name) => column(input?.alias, name)),
    );
  }

  private define(
    parameters: readonly FunctionParameter[],
    returns: string,
    value: SqlExpression,
    reads: readonly string[],
  ): { readonly schema?: string; readonly name: string } {
    const { entity, purpose, sentence, text, source, input } = this.request;
    const { name, id } = this.helpers.define({
      purpose,
      entity,
      sentence: `${sentence}: ${text}`,
      source,
      parameters,
      returns,
      reads,
      body: (functionName) => {
        // The alias of a far row of the same table is the table's name too: then nothing of the own row is named.
        if (parameters.length === 0) return selectValue(value);
        const own = replaceColumns(value, entity.table, (c) => column(functionName, c));
        const all =
          input === undefined ? own : replaceColumns(own, input.alias, (c) => column(functionName, `input_${c}`));
        return selectValue(all);
      },
    });
    this.dependsOn.add(id);
    for (const read of reads) this.reads.add(this.model.entityOfTable(read)?.name ?? read);
    return name;
  }

  private typeOf(name: string): string {
    const field = this.request.entity.fields.find((f) => isStored(f) && f.storage.column === name);
    if (field === undefined || !isStored(field))
      throw new TypeError(`${this.request.entity.name} has no column ${name}`);
    return field.storage.sqlType;
  }

  private noteLookups(core: Core): void {
    noteLookups(core, this.request.entity, this.lookups);
  }
}

const ofTenant = (alias: string, tenant: string): SqlExpression =>
  binary("=", column(alias, tenant), once(tenantIdCall));

/** A policy that says itself what the tenant filter says reads better without saying it twice. */
function distinctTerms(terms: readonly SqlExpression[]): SqlExpression[] {
  const flat = terms.flatMap((term) => (term.kind === "and" ? term.terms : [term]));
  return [...new Map(flat.map((term) => [printExpression(term), term])).values()];
}

/** A virtual field of the own row is its expression. */
function inlineOwnVirtuals(core: Core): Core {
  return rewriteCore(core, (node) => {
    if (node.kind !== "virtual" || !isOwnRow(node.target) || node.target.nullable) return undefined;
    return inlineOwnVirtuals(rebind(node.body, node.binding, node.target));
  });
}
