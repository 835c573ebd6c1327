/** The SQL by which a person puts back what a build does not. */
import { quoteIdentifier } from "../sql-ast/quote.ts";
import type { CatalogFact } from "./catalog-facts.ts";
import { grantOf } from "./foreign-objects.ts";

/**
 * @param was as built; undefined for what was added
 * @param is as found; undefined for what was dropped
 * @returns undefined where it takes more than a statement
 */
export function mendingOf(was: CatalogFact | undefined, is: CatalogFact | undefined): string | undefined {
  const fact = was ?? is;
  if (fact === undefined) return undefined;
  if (fact.kind === "grant") return was === undefined ? revokeOf(fact.name) : undefined;
  // A foreign key's own triggers are named `constraint/"function"`; what mends them names the table alone.
  if (fact.kind === "role") return roleMending(fact.name, was?.detail, is?.detail);
  const [schema, relation, part = "x"] = fact.name.replace(/\/.*$/, "").split(".");
  // Names that hold a dot or worse are nobody's model's: no guess at them.
  if (schema === undefined || relation === undefined || ![schema, relation, part].every(isPlain)) return undefined;
  const table = `${quoteIdentifier(schema)}.${quoteIdentifier(relation)}`;
  const on = `alter table ${table}`;
  const name = quoteIdentifier(part);
  switch (fact.kind) {
    case "default":
      return was === undefined
        ? `${on} alter column ${name} drop default;`
        : `${on} alter column ${name} set default ${was.detail};`;
    case "column":
      // Every column of a build's own tables is there, so that one which was added is a view's.
      if (was === undefined) return `drop view ${table} cascade;`;
      return columnMending(`${on} alter column ${name}`, was?.detail ?? undefined, is?.detail ?? undefined);
    case "constraint":
      if (was === undefined || is === undefined) return undefined;
      return is.detail === `${was.detail} NOT VALID`
        ? `${on} validate constraint ${name};`
        : `${on} drop constraint ${name}, add constraint ${name} ${was.detail};`;
    case "table":
      return is !== undefined && is.detail === was?.detail?.replace(/^logged/, "unlogged")
        ? `${on} set logged;`
        : undefined;
    case "rule":
      return was === undefined ? `drop rule ${name} on ${table};` : undefined;
    case "trigger of constraint":
      return `${on} enable trigger all;`;
    default:
      return undefined;
  }
}

/** The engine's roles have no attribute at all. */
function roleMending(name: string, was: string | null | undefined, is: string | null | undefined): string | undefined {
  const memberships = (detail: string | null | undefined) => / member of (.*)$/.exec(detail ?? "")?.[1];
  if (!was || !is || memberships(was) !== memberships(is)) return undefined;
  return `alter role ${quoteIdentifier(name)} nosuperuser nobypassrls nologin nocreaterole inherit;`;
}

const isPlain = (name: string): boolean => /^[\w$ -]+$/.test(name);

function columnMending(alter: string, was: string | undefined, is: string | undefined): string | undefined {
  // What a generated or identity column held has to be made anew.
  if (was === undefined || is === undefined || /generated/.test(was + is)) return undefined;
  if (is === `${was} not null`) return `${alter} drop not null;`;
  if (was === `${is} not null`) return `${alter} set not null;`;
  const [type = was, collation] = was.replace(/ not null$/, "").split(" collate ");
  const collate = collation === undefined ? "" : ` collate ${quoteIdentifier(collation)}`;
  return `${alter} type ${type}${collate};`;
}

function revokeOf(name: string): string | undefined {
  const { object, grantee } = grantOf(name);
  const [, table] = /^table ([^.]+\.[^.]+)$/.exec(object) ?? [];
  if (table === undefined || ![...table.split("."), grantee].every(isPlain)) return undefined;
  const role = grantee === "public" ? grantee : quoteIdentifier(grantee);
  return `revoke all on ${table.split(".").map(quoteIdentifier).join(".")} from ${role};`;
}
