import { createSymbols } from "../expression/index.ts";
import { declared } from "./declared.ts";
import type { EntityName, OperationName, PermissionName } from "./registry.ts";
import type { Rule, RuleDeclaration } from "./rule.ts";
import { captureSite } from "./site.ts";

/**
 * The rule that a role of the actor's permits a command or an action of an entity. Which roles do says the config: what it
 * compiles to is a test of the actor's roles, so that a change of the config is a change of the policy.
 *
 * @example allow("pay", "whoever may pay").when(can("Invoice", "pay"))
 */
export function can<const N extends EntityName>(
  entity: N | Uncapitalize<N>,
  operation: OperationName<N>,
): Rule<unknown>;
/**
 * The rule that a role of the actor's carries a permission of the config's own.
 *
 * @example allow("read", "whoever may export").when(can("reports.export"))
 */
export function can(permission: PermissionName): Rule<unknown>;
export function can(...what: readonly string[]): Rule<unknown> {
  const callback = (): unknown => {
    // Without places of its own: an error points at the rule's.
    const { actor } = createSymbols(["actor"]);
    return actor.can(...what);
  };
  const [first = "", operation] = what.map(String);
  const entity = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  const name = `the permission ${operation === undefined ? first : `${entity}.${operation}`}`;
  return declared<RuleDeclaration, Rule<unknown>>({ kind: "rule", site: captureSite(), name, callback }, {});
}
