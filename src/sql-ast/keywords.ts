/**
 * PostgreSQL's key words that are more than plain names, of the versions 15 to 18
 * together; `test/sql-ast/keywords.test.ts` compares them with the server's own list:
 *
 *     select word from pg_get_keywords() where catcode <> 'U'
 */

/** Reserved, some of them except as the name of a function or type: never a column's or table's name without quotes. */
export const RESERVED_KEYWORDS: ReadonlySet<string> = new Set(
  `
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate
    collation column concurrently constraint create cross current_catalog current_date current_role current_schema
    current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch
    for foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral
    leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer
    overlaps placing primary references returning right select session_user similar some symmetric system_user
    table tablesample then to trailing true union unique user using variadic verbose when where window with
  `
    .trim()
    .split(/\s+/),
);

/** Names of columns and tables, but not of functions and types: quoted as well, because one rule is easier to read than three. */
const COLUMN_NAME_KEYWORDS: ReadonlySet<string> = new Set(
  `
    between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout
    int integer interval json json_array json_arrayagg json_exists json_object json_objectagg json_query
    json_scalar json_serialize json_table json_value least merge_action national nchar none normalize nullif
    numeric out overlay position precision real row setof smallint substring time timestamp treat trim values
    varchar xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
    xmlserialize xmltable
  `
    .trim()
    .split(/\s+/),
);

/** Whether the server may read the word as something else than a name. */
export const isKeyword = (word: string): boolean => RESERVED_KEYWORDS.has(word) || COLUMN_NAME_KEYWORDS.has(word);
