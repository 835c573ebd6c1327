/** Names that mean something else in PostgreSQL, GraphQL, JavaScript or the model itself. */

/** PostgreSQL 15 to 18, `pg_get_keywords()`, catcode R or T: as a table or column they need quotes everywhere in psql. */
const POSTGRESQL = new Set(
  (
    "all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation " +
    "column concurrently constraint create cross current_catalog current_date current_role current_schema current_time " +
    "current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze " +
    "from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit " +
    "localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references " +
    "returning right select session_user similar some symmetric system_user table tablesample then to trailing true union " +
    "unique user using variadic verbose when where window with"
  ).split(" "),
);

/** Columns that every table has already. */
const SYSTEM_COLUMNS = new Set(["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"]);

/** Types that a GraphQL schema of ours has already. */
const GRAPHQL_TYPES = new Set(
  (
    "Query Mutation Subscription Node PageInfo String Int Float Boolean ID UUID BigInt BigFloat JSON Date Datetime Time " +
    "Interval Cursor"
  ).split(" "),
);

/** Members that every JavaScript object has, and `then`, which makes an object a promise. */
const JAVASCRIPT = new Set([
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "isPrototypeOf",
  "propertyIsEnumerable",
  "prototype",
  "then",
  "toJSON",
  "toLocaleString",
  "toString",
  "valueOf",
]);

/** Why an entity cannot have this name, or undefined where it can. */
export function reservedEntity(name: string): string | undefined {
  return GRAPHQL_TYPES.has(name) ? `GraphQL has a type ${name} already` : undefined;
}

/** Why nothing can have this name that is ever looked up by it. */
export function reservedMember(name: string): string | undefined {
  return JAVASCRIPT.has(name) ? `every JavaScript object has a member "${name}"` : undefined;
}

/** Why a table cannot have this name. `user` is the one exception: everybody has a User, and the SQL quotes it. */
export function reservedTable(table: string): string | undefined {
  if (table === "user") return undefined;
  if (JAVASCRIPT.has(table)) return reservedMember(table);
  return POSTGRESQL.has(table) ? `"${table}" is a reserved word of SQL` : undefined;
}

/** Why a field cannot have this name. */
export function reservedField(name: string): string | undefined {
  if (name === "nodeId") return "GraphQL's global object id has this name";
  if (name === "primaryKey") return "GraphQL's order by the key has this name";
  if (name === "row" || name === "actor")
    return `callbacks of a field get the whole row as "row" and the actor as "actor"`;
  return undefined;
}

/** Why a column cannot have this name. */
export function reservedColumn(column: string): string | undefined {
  if (SYSTEM_COLUMNS.has(column)) return `every table of PostgreSQL has a column "${column}" already`;
  return POSTGRESQL.has(column) ? `"${column}" is a reserved word of SQL` : undefined;
}
