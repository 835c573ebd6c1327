/** How a secret looks where it has become a part of something else: what is told must hold none of these. Pure, without Node's modules. */

/** Shorter ones are no secrets, and stand in many a text by chance. In characters. */
export const SHORTEST_SECRET = 6;

/**
 * A secret as it is and as it stands in JSON (also within a text of JSON), in a URL, in a form, in hexadecimal and in base64: there wherever it
 * begins in what is encoded, as in `Authorization: Basic`. Each with and without the white space around it, which headers cut off.
 *
 * @example secretForms("s3cr et").has("s3cr%20et") // true
 */
export function secretForms(secret: string): ReadonlySet<string> {
  const forms = new Set<string>();
  for (const value of new Set([secret, secret.trim()])) {
    if (value.length < SHORTEST_SECRET) continue;
    const escaped = quoted(value);
    // Half of a surrogate pair has no place in a URL.
    const wellFormed = value.toWellFormed();
    const form = new URLSearchParams({ "": wellFormed }).toString().slice(1);
    const bytes = new TextEncoder().encode(value);
    for (const each of [value, escaped, quoted(escaped), encodeURIComponent(wellFormed), form]) forms.add(each);
    for (const each of [hexadecimal(bytes), ...[0, 1, 2].map((offset) => base64(bytes, offset))]) {
      forms.add(each);
      forms.add(/^[0-9a-f]+$/.test(each) ? each.toUpperCase() : each.replaceAll("+", "-").replaceAll("/", "_"));
    }
  }
  return forms;
}

const quoted = (value: string): string => JSON.stringify(value).slice(1, -1);

const hexadecimal = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The characters of base64 that these bytes alone decide where `offset` other ones (modulo 3) are encoded before them. */
function base64(bytes: Uint8Array, offset: number): string {
  const text = btoa("\0".repeat(offset) + Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}
