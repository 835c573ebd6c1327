/**
 * From what the engine knows of a place (a call, a symbol's access) to what a
 * reader wants to see: the word itself. Works on the text of the file, where the
 * loader gives it; without it the call's own place stands.
 */
import type { SourceLocation } from "../../errors/diagnostic.ts";
import type { Site } from "../site.ts";

/** Gives the text of a file by its absolute path. */
export type ReadSource = (file: string) => string | undefined;

/** How far behind a call a word of its arguments is looked for. */
const REACH = 4_000;

export class SourcePositions {
  private readonly root: string;
  private readonly read: ReadSource;

  constructor(root: string, read: ReadSource = () => undefined) {
    this.root = root.replace(/\/+$/, "");
    this.read = read;
  }

  /** The place of a call. */
  at(site: Site, length = 0): SourceLocation {
    const { line, column } = site;
    return { file: this.relative(site.file), line, column, ...(length > 0 ? { length } : {}) };
  }

  /**
   * The place of a word that the call at `site` was given: `"custmer"` in `columns(["custmer"])`, the key `custmer:` of an
   * object. Of several words each is looked for behind the one before: `actions`, then `send`.
   */
  ofWord(site: Site, ...words: readonly string[]): SourceLocation {
    const text = this.read(site.file);
    let at = text === undefined ? undefined : offsetOf(text, site);
    if (text === undefined || at === undefined) return this.at(site);
    for (const word of words) {
      const found: number | undefined = word === "" ? undefined : (findKey(text, word, at) ?? findWord(text, word, at));
      if (found === undefined) return this.at(site);
      at = found;
    }
    return this.at({ file: site.file, ...placeOf(text, at) }, words.at(-1)?.length);
  }

  /** The place of a piece of a callback's own source, which is the file's text with its types blanked. */
  inCallback(site: Site, source: string, offset: number, length: number): SourceLocation {
    const text = this.read(site.file);
    const from = text === undefined ? undefined : offsetOf(text, site);
    if (text === undefined || from === undefined) return this.at(site);
    const start = findBlanked(text, source, from);
    return start === undefined ? this.at(site) : this.at({ file: site.file, ...placeOf(text, start + offset) }, length);
  }

  /** Whether a file is one of the project's own, and of no package. */
  isOwn(file: string): boolean {
    return file.startsWith(`${this.root}/`) && !this.relative(file).split("/").includes("node_modules");
  }

  /** The file's path as the project sees it. */
  private relative(file: string): string {
    return file.startsWith(`${this.root}/`) ? file.slice(this.root.length + 1) : file;
  }
}

function offsetOf(
  text: string,
  { line, column }: { readonly line: number; readonly column: number },
): number | undefined {
  let start = 0;
  for (let i = 1; i < line; i++) {
    start = text.indexOf("\n", start) + 1;
    if (start === 0) return undefined;
  }
  return start + column - 1;
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** The key that a call is the value of: `custmer: ref("Customer")`. */
function findKey(text: string, word: string, from: number): number | undefined {
  const before = text.slice(0, from).trimEnd();
  if (!before.endsWith(":")) return undefined;
  const key = before.slice(0, -1).trimEnd();
  for (const quote of ["", '"', "'"]) {
    if (!key.endsWith(quote + word + quote)) continue;
    const start = key.length - word.length - quote.length;
    if (quote !== "" || !/[\w$]/.test(key[start - 1] ?? "")) return start;
  }
  return undefined;
}

/** The word itself where the site is that of its access, `row.custmer`; in quotes or as a key, whichever comes first; else by itself. */
function findWord(text: string, word: string, from: number): number | undefined {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const plain = `(?<![\\w$])${escaped}(?![\\w$])`;
  const here = new RegExp(plain, "y");
  here.lastIndex = from;
  if (here.test(text)) return from;
  for (const source of [`(["'\`])${escaped}\\1|${plain}(?=\\s*:)`, plain]) {
    const pattern = new RegExp(source, "g");
    pattern.lastIndex = from;
    const match = pattern.exec(text);
    if (match !== null && match.index - from <= REACH) return match.index + (match[1] === undefined ? 0 : 1);
  }
  return undefined;
}

/** Type stripping puts a space in place of each character of a type, so that nothing moves. */
function findBlanked(text: string, source: string, from: number): number | undefined {
  // The site of a callback is its call's: the callback itself comes soon after it.
  for (let start = from; start < Math.min(text.length, from + REACH); start++) {
    let i = 0;
    while (i < source.length && (source[i] === text[start + i] || source[i] === " " || source[i] === ";")) i++;
    if (i === source.length && source[0] === text[start]) return start;
  }
  return undefined;
}
