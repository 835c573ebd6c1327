/** Parameters of a SQL text by name: `:customer` becomes `$1`. */

/** What may hold a colon that means nothing: texts, identifiers, comments, dollar-quoted bodies, casts, `:=`. */
const PIECES =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|(\$[A-Za-z_]*\$)[\s\S]*?\1|::|:=|(?<![A-Za-z0-9_\]:])[:]([a-z][A-Za-z0-9]*)/g;

export interface PositionalSql {
  readonly sql: string;
  /** In the order of their numbers. */
  readonly parameters: string[];
}

/**
 * @example withPositions("select * from app.invoice where customer_id = :customer::uuid") // { sql: "… = $1::uuid", parameters: ["customer"] }
 */
export function withPositions(text: string): PositionalSql {
  const parameters: string[] = [];
  const sql = text.replace(PIECES, (piece, _tag: string | undefined, name: string | undefined) => {
    if (name === undefined) return piece;
    if (!parameters.includes(name)) parameters.push(name);
    return `$${parameters.indexOf(name) + 1}`;
  });
  return { sql, parameters };
}
