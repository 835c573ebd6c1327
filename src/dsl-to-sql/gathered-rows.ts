/**
 * The select that gathers the rows which an actor reaches. Each step of the way is turned around again, so that the
 * innermost select starts at the actor and an index serves every step outwards:
 *
 *     row.invoice.customer.team.members.exists(m, m.user.id == actor.id)
 *
 *     select id from invoice where customer_id in (
 *       select id from customer where team_id in (
 *         select team_id from team_member where user_id = (select enginejs.actor_id())))
 */
import type { Core } from "../expression/core.ts";
import { toCondition } from "../expression/to-sql.ts";
import type { Entity } from "../model/index.ts";
import {
  and,
  binary,
  column,
  cte,
  inSelect,
  or,
  type SelectNode,
  type SqlExpression,
  select,
  table,
} from "../sql-ast/expressions.ts";
import { printExpression } from "../sql-ast/print-expression.ts";
import { once, tenantIdCall } from "./environments.ts";
import { type Lookup, noteLookups } from "./lookups.ts";
import { type ModelIndex, tenantColumn } from "./model-index.ts";
import { tablesOf } from "./sql-usage.ts";
import { type FarRows, turnAround } from "./turn-around.ts";

/** @param lookups takes the columns by which the rows are found on the way */
export function gatherRows(far: FarRows, model: ModelIndex, lookups: Lookup[]): SelectNode {
  const entity = model.entity(far.farEntity);
  const { table: alias } = entity;
  const terms = far.conditions.map((condition) => truthOf(condition, entity, model, lookups));
  const found = select({
    columns: [{ value: column(alias, far.farColumn) }],
    from: table(model.table(entity), alias),
    where: and(...distinctTerms([...ofTenant(entity), ...terms])),
  });
  return far.below === undefined ? found : withAllBelow(found, far, far.below, entity, model, lookups);
}

/** In the tenant of the request: the rows of one that has none are all of them. */
export function ofTenant(entity: Entity): SqlExpression[] {
  const tenant = tenantColumn(entity);
  return tenant === undefined ? [] : [binary("=", column(entity.table, tenant), once(tenantIdCall))];
}

/** The truth of a condition over the far row, which stands under its table's name. */
function truthOf(core: Core, entity: Entity, model: ModelIndex, lookups: Lookup[]): SqlExpression {
  const plain = toCondition(core);
  if (tablesOf(plain).length === 0) {
    noteLookups(core, entity, lookups);
    return plain;
  }
  const far = turnAround(core, entity.tenant);
  if (far !== undefined) {
    lookups.push({ entity: entity.name, column: far.ownColumn });
    return inSelect(column(entity.table, far.ownColumn), gatherRows(far, model, lookups));
  }
  if (core.kind !== "and" && core.kind !== "or") return plain;
  const terms = core.operands.map((operand) => truthOf(operand, entity, model, lookups));
  return core.kind === "and" ? and(...terms) : or(...terms);
}

/** The rows that were found, and those that lead to one of them over the reference: each once, so that a circle ends. */
function withAllBelow(
  found: SelectNode,
  far: FarRows,
  reference: NonNullable<FarRows["below"]>,
  entity: Entity,
  model: ModelIndex,
  lookups: Lookup[],
): SelectNode {
  const { table: alias } = entity;
  const name = alias === "below" ? "lower" : "below";
  const up = reference.at(-1);
  if (up === undefined) throw new TypeError(`the reference of ${entity.name} to itself has no column`);
  lookups.push({ entity: entity.name, column: up.column });
  return select({
    recursive: {
      name,
      columns: [far.farColumn],
      first: found,
      next: select({
        columns: [{ value: column(alias, far.farColumn) }],
        from: cte(name, name),
        joins: [
          {
            type: "join",
            item: table(model.table(entity), alias),
            on: and(...ofTenant(entity), binary("=", column(alias, up.column), column(name, far.farColumn))),
          },
        ],
      }),
    },
    columns: [{ value: column(name, far.farColumn) }],
    from: cte(name, name),
  });
}

/** A policy that says itself what the tenant filter says reads better without saying it twice. */
function distinctTerms(terms: readonly SqlExpression[]): SqlExpression[] {
  const flat = terms.flatMap((term) => (term.kind === "and" ? term.terms : [term]));
  return [...new Map(flat.map((term) => [printExpression(term), term])).values()];
}
