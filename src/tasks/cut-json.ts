/** JSON without what is nested too deeply to be walked through. */

/** PostgreSQL's jsonb takes ten thousand levels and more, JavaScript's stack two or three thousand where numbers are looked at. */
const DEEPEST = 500;

/**
 * What stands in its place. U+0000, so that no value of jsonb is the same by chance, and so that PostgreSQL refuses it: a step that would hand
 * it on fails, one that does not read it goes on.
 */
const CUT_OFF = JSON.stringify("\0 nested too deeply");

/** PostgreSQL's words for it (22P05) name a notation, and no reason. */
export const REFUSED_AS_CUT = "it was handed the character U+0000, or what is nested more than 500 deep";

/** The same JSON; lists and objects that lie more than 500 deep are a text that cannot be kept. */
export function cutJson(text: string): string {
  const parts: string[] = [];
  let depth = 0;
  let kept = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfText(text, at);
    else if (character === "[" || character === "{") {
      depth += 1;
      if (depth === DEEPEST + 1) parts.push(text.slice(kept, at), CUT_OFF);
    } else if (character === "]" || character === "}") {
      depth -= 1;
      if (depth === DEEPEST) kept = at + 1;
    }
  }
  parts.push(text.slice(kept));
  return parts.join("");
}

/** Where the text that begins here ends. */
function endOfText(json: string, begin: number): number {
  for (let at = begin + 1; at < json.length; at += 1) {
    if (json[at] === "\\") at += 1;
    else if (json[at] === '"') return at;
  }
  return json.length;
}
