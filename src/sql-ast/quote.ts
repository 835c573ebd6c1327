/**
 * The only functions of the project that turn foreign text into SQL text: an
 * identifier, a constant, a function's body.
 */
import { isKeyword } from "./keywords.ts";

/** PostgreSQL's NAMEDATALEN - 1: longer names are cut silently by the server, so they are refused here. */
export const MAX_IDENTIFIER_BYTES = 63;

const PLAIN_IDENTIFIER = /^[a-z_][a-z0-9_]*$/;

/**
 * One identifier: bare where the server reads it as the same name, `invoice`, otherwise quoted, `"order"`,
 * `"10_immutable"`. A doubled quote is the only escape.
 *
 * @throws RangeError for an empty name, a NUL, a lone surrogate, or more than 63 bytes of UTF-8
 */
export function quoteIdentifier(name: string): string {
  if (name === "") throw new RangeError("an identifier cannot be empty");
  const plain = PLAIN_IDENTIFIER.test(name);
  // Of plain names each character is a byte; encoding those too took a fifth of what compiling 300 entities takes.
  if (!plain) refuseUnprintable(name);
  const bytes = plain ? name.length : new TextEncoder().encode(name).length;
  if (bytes > MAX_IDENTIFIER_BYTES) {
    throw new RangeError(`identifier "${name}" has more than ${MAX_IDENTIFIER_BYTES} bytes`);
  }
  return plain && !isKeyword(name) ? name : `"${name.replaceAll('"', '""')}"`;
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

/**
 * Quotes the body of a function between dollar signs, with a tag that the body does not hold.
 *
 * @example quoteBody("select 1", "function") // "$function$\nselect 1\n$function$"
 */
export function quoteBody(body: string, tag: string): string {
  refuseUnprintable(body);
  if (!/^[a-z_]+$/.test(tag)) throw new RangeError(`"${tag}" is not a tag`);
  let delimiter = `$${tag}$`;
  // A body that ends in "$function" would close with the line break's help only; the line break makes that impossible.
  for (let n = 1; body.includes(delimiter); n++) delimiter = `$${tag}${n}$`;
  return `${delimiter}\n${body}\n${delimiter}`;
}

function refuseUnprintable(text: string): void {
  if (text.includes("\0")) throw new RangeError("PostgreSQL's text cannot hold a NUL character");
  if (!text.isWellFormed()) throw new RangeError("PostgreSQL's text cannot hold half a surrogate pair");
}
