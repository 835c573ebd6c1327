/** Warns of policies that PostgreSQL could only answer by reading whole tables. */
import type { Diagnostic } from "../errors/diagnostic.ts";
import type { Entity } from "../model/index.ts";
import type { CompiledClaim } from "./compile-claims.ts";
import type { EntityPolicies } from "./compile-policies.ts";
import type { CompiledRule } from "./compile-rules.ts";
import type { Lookup } from "./lookups.ts";
import { type ModelIndex, tenantColumn } from "./model-index.ts";

/** One warning per column that a rule looks rows up by and that no index begins with, after the tenant's. */
export function missingIndexes(entity: Entity, policies: EntityPolicies, model: ModelIndex): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const { sentence, source, using, check } of rulesOf(policies)) {
    for (const lookup of [...using.lookups, ...check.lookups]) {
      const key = `${lookup.entity}.${lookup.column}`;
      if (found.has(key)) continue;
      const warning = warningOf(lookup, `${entity.name}: the policy "${sentence}"`, source, model);
      if (warning !== undefined) found.set(key, warning);
    }
  }
  return [...found.values()];
}

/** The same of what is read live of the actor, with every statement. */
export const claimsWithoutIndex = (claims: readonly CompiledClaim[], model: ModelIndex): Diagnostic[] =>
  claims.flatMap(({ claim, source, lookups }) =>
    lookups.flatMap((lookup) => warningOf(lookup, `the claim "${claim.name}"`, source, model) ?? []),
  );

function warningOf(lookup: Lookup, subject: string, source: string, model: ModelIndex): Diagnostic | undefined {
  const { entity: name, column } = lookup;
  const owner = model.entity(name);
  if (isServed(owner, column)) return undefined;
  const columns = [tenantColumn(owner), column].filter((part) => part !== undefined).join(", ");
  const where = model.where(source);
  return {
    code: "EJS3002",
    severity: "warning",
    message: `${subject} looks up rows of ${name} by ${column}, and no index begins with it.`,
    ...(where === undefined ? {} : { where }),
    hint: `Add an index on ${owner.table} (${columns}).`,
  };
}

/** Each rule once. An action asks of one row that it has found by its key: what its own rules compare needs no index. */
const rulesOf = ({ commands }: EntityPolicies): Iterable<CompiledRule> =>
  new Set([...commands.values()].flatMap(({ allows }) => allows));

function isServed(entity: Entity, column: string): boolean {
  const tenant = tenantColumn(entity);
  const serving = [
    entity.primaryKey.columns,
    ...entity.uniques.map((unique) => unique.columns),
    ...entity.indexes.filter((index) => index.where === undefined).map((index) => index.columns),
  ];
  return serving.some((columns) => columns[0] === column || (columns[0] === tenant && columns[1] === column));
}
