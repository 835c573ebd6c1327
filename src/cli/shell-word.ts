/**
 * A text as one word of a shell's command line, so that it can be pasted.
 *
 * @example shellWord("it's") // "\"it's\""
 */
export function shellWord(text: string): string {
  if (/^[\w./@%+:,=-]+$/.test(text)) return text;
  // Double quotes read better around a text that holds single ones, where nothing in it means anything within them.
  if (text.includes("'") && !/["$`!\\]/.test(text)) return `"${text}"`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
