/** The body that a system with tenancy gives `enginejs.membership_roles(actor, tenant)`: the roles that count for a request, read live. */
import {
  and,
  anyArray,
  array,
  binary,
  call,
  caseWhen,
  column,
  literal,
  or,
  type SelectNode,
  select,
  table,
} from "../sql-ast/expressions.ts";
import { type MembershipColumns, sortedBy } from "./model-index.ts";
import { objectIdentity } from "./object-identity.ts";
import type { StatementList } from "./statement-list.ts";

const FUNCTION = "membership_roles";

export function compileMembership(list: StatementList): void {
  const { model } = list;
  const { membership, system } = model;
  if (membership === undefined) return;
  const name = { schema: "enginejs", name: FUNCTION };
  const reference = { type: "function", name, parameters: ["uuid", "uuid"] } as const;
  const source = membership.entity.name;
  list.add(
    {
      kind: "create function",
      function: name,
      parameters: [
        { name: "actor", type: "uuid" },
        { name: "tenant", type: "uuid" },
      ],
      returns: "text[]",
      language: "sql",
      volatility: "stable",
      securityDefiner: true,
      parallelSafe: true,
      settings: [{ name: "search_path", value: "" }],
      body: { kind: "select", select: membershipSelect(list, membership) },
    },
    {
      kind: "function",
      object: objectIdentity(reference),
      phase: "functions",
      role: "enginejs_reader",
      entity: membership.entity.name,
      source,
      hazards: ["changes authorization"],
      dependsOn: [`table ${system.schema}.${membership.entity.table}`],
      why: `the roles of a ${membership.entity.name}, with those that they include; null for a stranger`,
    },
  );
}

/** Each role that counts, one by one: it is held, or a role that includes it is. */
function membershipSelect(list: StatementList, membership: MembershipColumns): SelectNode {
  const { model } = list;
  const alias = membership.entity.table;
  const roles = model.system.roles.filter((role) => role.of === "tenant");
  const held = column(alias, membership.roles);
  const counted = sortedBy(roles, (role) => role.name).map(({ name }) => {
    const givenBy = roles.filter((role) => role.name === name || role.includes.includes(name)).map((role) => role.name);
    const when = or(...givenBy.sort().map((role) => anyArray(literal(role), held)));
    const then = literal(name);
    return caseWhen([{ when, then }]);
  });
  return select({
    columns: [{ value: call("array_remove", array(counted, "text[]"), literal(null)) }],
    from: table(model.table(membership.entity), alias),
    where: and(
      binary("=", column(alias, membership.user), column(FUNCTION, "actor")),
      binary("=", column(alias, membership.tenant), column(FUNCTION, "tenant")),
    ),
  });
}
