/**
 * What is read live of the actor, as one definer's function each: `app.claim_teams() returns uuid[]`. It reads the true
 * rows, from the actor's own on, and where rows belong to tenants those of the request's tenant only: a membership that
 * was revoked counts no more with the next statement.
 */
import { toSql } from "../expression/to-sql.ts";
import type { ExpressionType } from "../expression/types.ts";
import { walk } from "../expression/walk.ts";
import { type Claim, type Entity, snakeCase } from "../model/index.ts";
import {
  and,
  binary,
  call,
  cast,
  column,
  literal,
  type SqlExpression,
  scalarSelect,
  select,
  table,
} from "../sql-ast/expressions.ts";
import { actorIdCall, claimEnvironment, once, tenantIdCall } from "./environments.ts";
import type { ExpressionCompiler } from "./expression-compiler.ts";
import { addExecuteGrants, definerBody } from "./helper-functions.ts";
import type { Lookup } from "./lookups.ts";
import { idColumn, sortedBy, tenantColumn } from "./model-index.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { PINNED_SEARCH_PATH } from "./pinned-search-path.ts";
import { tablesOf } from "./sql-usage.ts";
import type { StatementList } from "./statement-list.ts";
import { withinTenant } from "./within-tenant.ts";

/** A claim, with the columns by which its rows are found. */
export interface CompiledClaim {
  readonly claim: Claim;
  readonly source: string;
  readonly lookups: readonly Lookup[];
}

export function compileClaims(list: StatementList, expressions: ExpressionCompiler): CompiledClaim[] {
  const { actor } = list.model.system;
  if (actor === undefined) return [];
  const entity = list.model.entity(actor.entity);
  return sortedBy(actor.claims, ({ name }) => name).flatMap((claim) => {
    const compiled = compileClaim(claim, entity, list, expressions);
    return compiled === undefined ? [] : [compiled];
  });
}

function compileClaim(
  claim: Claim,
  entity: Entity,
  list: StatementList,
  expressions: ExpressionCompiler,
): CompiledClaim | undefined {
  const { model } = list;
  const source = `actor.claims.${claim.name}`;
  const scalar: ExpressionType = { kind: claim.type.scalar };
  const type: ExpressionType = claim.type.list ? { kind: "list", of: scalar } : scalar;
  const checked = expressions.check(claim.expression, claimEnvironment(model, entity, entity.table), source, type);
  if (checked === undefined) return undefined;
  const core = withinTenant(checked, model);
  const tenant = tenantColumn(entity);
  const value = scalarSelect(
    select({
      columns: [{ value: cast(toSql(core), claim.type.sqlType) }],
      from: table(model.table(entity), entity.table),
      where: and(
        ...(tenant === undefined ? [] : [binary("=", column(entity.table, tenant), once(tenantIdCall))]),
        binary("=", column(entity.table, idColumn(entity)), once(actorIdCall)),
      ),
    }),
  );
  addClaimFunction(claim, entity, claim.type.list ? orEmpty(value, claim.type.sqlType) : value, source, list);
  const lookups = [...walk(core)].flatMap((node): Lookup[] => {
    const looked = node.kind === "many" ? node.columns.at(-1)?.references : undefined;
    return looked === undefined || node.kind !== "many" ? [] : [{ entity: node.entity, column: looked }];
  });
  return { claim, source, lookups };
}

/** Nobody is in no team: a list is never null, so that what is not in it is false and not unknown. */
const orEmpty = (value: SqlExpression, sqlType: string): SqlExpression =>
  call("coalesce", value, literal("{}", sqlType));

function addClaimFunction(
  claim: Claim,
  entity: Entity,
  value: SqlExpression,
  source: string,
  list: StatementList,
): void {
  const { model } = list;
  const name = model.claimFunction(claim);
  const reference = { type: "function", name, parameters: [] } as const;
  const id = objectIdentity(reference);
  const common = { entity: entity.name, source, role: "enginejs_reader" } as const;
  list.add(
    {
      kind: "create function",
      function: name,
      parameters: [],
      returns: claim.type.sqlType,
      ...definerBody([], value),
      volatility: "stable",
      securityDefiner: true,
      parallelSafe: true,
      settings: PINNED_SEARCH_PATH,
    },
    {
      ...common,
      kind: "function",
      object: id,
      phase: "functions",
      hazards: ["changes authorization"],
      dependsOn: tablesOf(value).map((read) => tableIdentity(model.name(read))),
      why: `the actor's ${snakeCase(claim.name).replaceAll("_", " ")}: ${claim.expression}`,
    },
  );
  addExecuteGrants(list, reference, ["enginejs_anonymous", "enginejs_user", "enginejs_system"], common);
  list.comment({ on: reference, text: [`claim ${claim.name}: ${claim.expression}`], ...common });
}
