/**
 * The only two functions of the project that turn foreign text into SQL text.
 */

/** PostgreSQL's NAMEDATALEN - 1: longer names are cut silently by the server, so they are refused here. */
export const MAX_IDENTIFIER_BYTES = 63;

/**
 * Quotes one identifier, always: `"invoice"`. A doubled quote is the only escape.
 *
 * @throws RangeError for an empty name, a NUL, a lone surrogate, or more than 63 bytes of UTF-8
 */
export function quoteIdentifier(name: string): string {
  if (name === "") throw new RangeError("an identifier cannot be empty");
  refuseUnprintable(name);
  if (new TextEncoder().encode(name).length > MAX_IDENTIFIER_BYTES) {
    throw new RangeError(`identifier "${name}" has more than ${MAX_IDENTIFIER_BYTES} bytes`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Quotes a string constant. A backslash switches to the `E''` form, so that the
 * text means the same whatever `standard_conforming_strings` says.
 *
 * @throws RangeError for a NUL or a lone surrogate, which PostgreSQL's text cannot hold
 */
export function quoteLiteral(text: string): string {
  refuseUnprintable(text);
  const doubled = text.replaceAll("'", "''");
  return text.includes("\\") ? `E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}

function refuseUnprintable(text: string): void {
  if (text.includes("\0")) throw new RangeError("PostgreSQL's text cannot hold a NUL character");
  if (!text.isWellFormed()) throw new RangeError("PostgreSQL's text cannot hold half a surrogate pair");
}
