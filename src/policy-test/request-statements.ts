/** What requests are given beside memberships: temporary roles, service accounts, flags. */
import type { World } from "../authorization/index.ts";
import { formatTimestamp } from "../expression/index.ts";
import { quoteLiteral } from "../sql-ast/quote.ts";

export function* requestStatements({ grants, accounts, flags }: World): Generator<string> {
  for (const { actor, tenant, role, from, until } of grants) {
    const values = [actor, tenant, role, formatTimestamp(from), formatTimestamp(until), "generated"];
    yield `insert into enginejs.role_grants (actor, tenant, role, valid_from, valid_until, reason) values (${list(values)})`;
  }
  for (const { id, tenant, roles } of accounts) {
    yield `insert into enginejs.service_accounts (id, tenant, name, roles) values (${list([id, tenant, id])}, array[${list(roles)}]::text[])`;
  }
  for (const { flag, tenant, value } of flags) {
    yield `insert into enginejs.feature_flags (name, tenant, value) values (${list([flag, tenant])}, ${value})`;
  }
}

const list = (values: readonly (string | null | undefined)[]): string =>
  values.map((value) => (value === null || value === undefined ? "null" : quoteLiteral(value))).join(", ");
