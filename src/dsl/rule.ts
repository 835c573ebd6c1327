import type { ConditionScope, Truth } from "./condition-scope.ts";
import { type Callback, declared } from "./declared.ts";
import type { CommonRow, RowFor } from "./row-symbols.ts";
import { captureSite, type Site } from "./site.ts";

export interface RuleDeclaration {
  readonly kind: "rule";
  readonly site: Site | undefined;
  /** The sentence that people read: `members of the tenant`. */
  readonly name: string;
  readonly callback: Callback;
}

declare const scope: unique symbol;

/** A named condition over a row of type `R` and the actor. Fits every entity whose rows have at least `R`'s fields. */
export interface Rule<in R> {
  readonly [scope]?: (row: R) => void;
}

/**
 * Names a condition, to be used in policies, actions and guards of several entities.
 *
 * @example rule("members of the tenant", ({ row, actor }) => row.tenant.id.eq(actor.tenantId))
 * @example rule<"Project">("teammates", ({ row, actor }) => row.team.members.exists((m) => m.user.id.eq(actor.id)))
 * @example rule<Has<{ owner: One<"User"> }>>("the owner", ({ row, actor }) => row.owner.id.eq(actor.id))
 */
export function rule<R = CommonRow>(
  name: string,
  condition: (symbols: ConditionScope<RowFor<R>>) => Truth,
): Rule<RowFor<R>> {
  return declared<RuleDeclaration, Rule<RowFor<R>>>(
    { kind: "rule", site: captureSite(), name, callback: condition },
    {},
  );
}
