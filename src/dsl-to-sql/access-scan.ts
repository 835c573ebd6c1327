/** The statements that count who may do what: over the rows that are there, as enginejs_reader, for the actor of the settings. */
import type { Entity } from "../model/index.ts";
import {
  and,
  anyArray,
  binary,
  branch,
  call,
  caseWhen,
  cast,
  column,
  countStar,
  derived,
  table as fromTable,
  is,
  literal,
  or,
  type SelectNode,
  type SqlExpression,
  select,
  star,
} from "../sql-ast/expressions.ts";
import { printSelect } from "../sql-ast/print-expression.ts";
import type { AccessComparison } from "./access-changes.ts";
import { compileDefault } from "./compile-default.ts";
import { idColumn, isStored } from "./model-index.ts";
import { ownMembership, withinOwnTenant } from "./standing-policies.ts";

/** A condition on a row, and what is done with the row. */
export interface Scanned {
  readonly operation: string;
  readonly sql: SqlExpression;
}

const ROWS = "_rows";

/** The statements about one entity. */
export class AccessScan {
  private readonly comparison: AccessComparison;
  private readonly entity: Entity;

  constructor(comparison: AccessComparison, entity: string) {
    this.comparison = comparison;
    this.entity = comparison.after.model.entity(entity);
  }

  /** Whose the rows are that an actor could reach: of his tenant, where nobody sees anything without one; everybody's; or his own. */
  get reach(): "tenant" | "everybody" | "actor" {
    const { model } = this.comparison.after;
    if (withinOwnTenant(this.entity, model) === undefined) return "everybody";
    return this.entity === model.membership?.entity ? "actor" : "tenant";
  }

  /** Whether there is any row at all: `rows` is 0 or 1. */
  anyRow(): string {
    const rows = select({ columns: [{ value: literal(1) }], from: this.from(), limit: 1 });
    return printSelect(select({ columns: [{ value: countStar(), alias: "rows" }], from: derived(rows, ROWS) }));
  }

  /** How many rows an actor could reach at all: `rows`; counted up to a limit, where there is one. */
  rows(limit?: number): string {
    const rows = select({
      columns: [{ value: literal(1) }],
      from: this.from(),
      where: this.wall(),
      ...(limit === undefined ? {} : { limit }),
    });
    return printSelect(select({ columns: [{ value: countStar(), alias: "rows" }], from: derived(rows, ROWS) }));
  }

  /** One character for each row, `1` where the condition is true, as `c0`, `c1` …: the same rows in the same order at each call. */
  bits(conditions: readonly Scanned[], every: number): string {
    const { entity } = this;
    const id = column(entity.table, idColumn(entity));
    const sampled = binary("=", binary("%", call("hashtext", cast(id, "text")), literal(every)), literal(0));
    const rows = select({
      columns: conditions.map((condition, i) => ({
        value: caseWhen([branch(is(this.ofOperation(condition), "true"), literal("1"))], literal("0")),
        alias: `c${i}`,
      })),
      from: this.from(),
      where: and(this.wall(), ...(every > 1 ? [sampled] : [])),
      orderBy: [{ value: id }],
    });
    const columns = conditions.map((_, i) => {
      const text = call("string_agg", column(ROWS, `c${i}`), literal(""));
      return { value: call("coalesce", text, literal("")), alias: `c${i}` };
    });
    return printSelect(select({ columns, from: derived(rows, ROWS) }));
  }

  /** A person may read his own memberships in every tenant, and change none there. */
  private ofOperation({ operation, sql }: Scanned): SqlExpression {
    const { model } = this.comparison.after;
    const own = withinOwnTenant(this.entity, model);
    return this.entity === model.membership?.entity && operation !== "read" && own !== undefined ? and(own, sql) : sql;
  }

  /** What no rule of either build can open. */
  private wall(): SqlExpression {
    const { model } = this.comparison.after;
    const own = withinOwnTenant(this.entity, model);
    if (own === undefined) return literal(true);
    return this.entity === model.membership?.entity ? or(own, ownMembership(this.entity, model.membership)) : own;
  }

  /** The table; columns that only the build will add stand there as it will fill them. */
  private from() {
    const { model, expressions } = this.comparison.after;
    const { entity } = this;
    const before = this.comparison.before.model.entity(entity.name);
    const columnsOf = ({ fields }: Entity) => fields.filter(isStored);
    const known = new Set(columnsOf(before).map(({ storage }) => storage.column));
    const added = columnsOf(entity).filter(({ storage }) => !known.has(storage.column));
    const rows = fromTable(model.table(entity), entity.table);
    if (added.length === 0) return rows;
    const columns: SelectNode["columns"] = [
      { value: star(entity.table) },
      ...added.map((field) => {
        const value = compileDefault(field, `${entity.name}.fields.${field.name}`, expressions) ?? literal(null);
        return { value: cast(value, field.storage.sqlType), alias: field.storage.column };
      }),
    ];
    return derived(select({ columns, from: rows }), entity.table);
  }
}

/** Some people and where they belong: `actor`, `tenant` and the `roles` that they hold; of those with one role where it is given. */
export function someMembers({ after }: AccessComparison, limit: number, role?: string): string | undefined {
  const { model } = after;
  const { membership } = model;
  if (membership === undefined) return undefined;
  const of = (name: string) => column(membership.entity.table, name);
  const roles = call("coalesce", of(membership.roles), literal("{}", "text[]"));
  return printSelect(
    select({
      columns: [
        { value: of(membership.user), alias: "actor" },
        { value: of(membership.tenant), alias: "tenant" },
        { value: roles, alias: "roles" },
      ],
      from: fromTable(model.table(membership.entity), membership.entity.table),
      ...(role === undefined ? {} : { where: anyArray(literal(role), roles) }),
      limit,
    }),
  );
}

/** People as such: `actor`. */
export const somePeople = (comparison: AccessComparison, limit: number): string | undefined =>
  idsOf(comparison, comparison.after.model.system.actor?.entity, "actor", limit);

/** Tenants that there are: `tenant`. None where the model has no tenancy. */
export const someTenants = (comparison: AccessComparison, limit: number): string | undefined =>
  idsOf(comparison, comparison.after.model.system.tenancy?.entity, "tenant", limit);

function idsOf(
  { after }: AccessComparison,
  name: string | undefined,
  alias: string,
  limit: number,
): string | undefined {
  if (name === undefined) return undefined;
  const entity = after.model.entity(name);
  return printSelect(
    select({
      columns: [{ value: column(entity.table, idColumn(entity)), alias }],
      from: fromTable(after.model.table(entity), entity.table),
      limit,
    }),
  );
}
