/** Text of a pattern → tree: the subset of regular expressions that `pattern.ts` runs. */

/** Code points from `[0]` to `[1]`, both included. */
type CodePoints = readonly [number, number];

/** One step: a character out of a set (or none of them), or a place where the text begins or ends. */
export type PatternStep =
  | { readonly op: "set"; readonly ranges: readonly CodePoints[]; readonly negated: boolean }
  | { readonly op: "begin" | "end" };

export type PatternTree =
  | { readonly kind: "step"; readonly step: PatternStep }
  | { readonly kind: "sequence" | "alternatives"; readonly parts: readonly PatternTree[] }
  | { readonly kind: "repeat"; readonly part: PatternTree; readonly least: number; readonly most: number };

/** What is outside the subset, and where. */
export class PatternError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** @throws PatternError */
export const parsePattern = (source: string): PatternTree => new PatternParser([...source]).parse();

const ESCAPABLE = "\\^$.*+?()[]{}|/-";
const ANY: PatternStep = { op: "set", ranges: [], negated: true };

class PatternParser {
  private readonly characters: readonly string[];
  private at = 0;
  private depth = 0;

  constructor(characters: readonly string[]) {
    this.characters = characters;
  }

  parse(): PatternTree {
    const tree = this.alternatives();
    if (this.at < this.characters.length) this.fail('")" closes nothing; write \\)');
    return tree;
  }

  private get current(): string | undefined {
    return this.characters[this.at];
  }

  private fail(message: string): never {
    throw new PatternError(message, this.characters.slice(0, this.at).join("").length);
  }

  private alternatives(): PatternTree {
    if (++this.depth > 20) this.fail("groups are nested too deep");
    const parts = [this.sequence()];
    while (this.current === "|") {
      this.at++;
      parts.push(this.sequence());
    }
    this.depth--;
    return parts.length === 1 ? (parts[0] as PatternTree) : { kind: "alternatives", parts };
  }

  private sequence(): PatternTree {
    const parts: PatternTree[] = [];
    while (this.current !== undefined && this.current !== "|" && this.current !== ")") parts.push(this.repeated());
    if (parts.length === 0) this.fail("a part of the pattern is empty");
    return { kind: "sequence", parts };
  }

  private repeated(): PatternTree {
    const anchor = this.current === "^" || this.current === "$";
    const part = this.atom();
    const bounds = this.bounds();
    if (bounds === undefined) return part;
    if (anchor) this.fail("an anchor cannot be repeated");
    if (this.current !== undefined && "*+?{".includes(this.current)) {
      this.fail("a repetition cannot be repeated, lazy ones do not exist");
    }
    return { kind: "repeat", part, ...bounds };
  }

  private bounds(): { least: number; most: number } | undefined {
    const most = Number.POSITIVE_INFINITY;
    switch (this.current) {
      case "*":
        this.at++;
        return { least: 0, most };
      case "+":
        this.at++;
        return { least: 1, most };
      case "?":
        this.at++;
        return { least: 0, most: 1 };
      case "{": {
        const rest = this.characters.slice(this.at, this.at + 9).join("");
        const match = /^\{([0-9]{1,3})(?:(,)([0-9]{1,3})?)?\}/.exec(rest);
        const least = Number(match?.[1]);
        const upper = match?.[3] !== undefined ? Number(match[3]) : match?.[2] !== undefined ? most : least;
        if (match === null || least > 255 || (upper !== most && upper > 255) || upper < least) {
          this.fail("a repetition is {m}, {m,} or {m,n} with at most 255; a brace itself is \\{");
        }
        this.at += match[0].length;
        return { least, most: upper };
      }
      default:
        return undefined;
    }
  }

  private atom(): PatternTree {
    const character = this.current;
    const single = (step: PatternStep): PatternTree => ({ kind: "step", step });
    switch (character) {
      case undefined:
        return this.fail("the pattern ends too early");
      case "^":
        this.at++;
        return single({ op: "begin" });
      case "$":
        this.at++;
        return single({ op: "end" });
      case ".":
        this.at++;
        return single(ANY);
      case "[":
        return single(this.characterClass());
      case "(":
        return this.group();
      case "*":
      case "+":
      case "?":
      case "{":
        return this.fail(`"${character}" repeats nothing; write \\${character}`);
      case "]":
      case "}":
        return this.fail(`write \\${character}`);
      default: {
        const point = this.codePoint("");
        return single({ op: "set", ranges: [[point, point]], negated: false });
      }
    }
  }

  private group(): PatternTree {
    this.at++;
    if (this.current === "?") {
      if (this.characters[this.at + 1] !== ":") this.fail("look-arounds, names and flags are not in the subset");
      this.at += 2;
    }
    const inner = this.alternatives();
    if (this.current !== ")") this.fail('")" is missing');
    this.at++;
    return inner;
  }

  /** One character, escaped or not; `special` are the ones that must be escaped here. */
  private codePoint(special: string): number {
    let character = this.current;
    if (character === "\\") {
      this.at++;
      character = this.current;
      if (character === undefined || !ESCAPABLE.includes(character)) {
        this.fail(`\\${character ?? ""} is not in the subset; write [0-9], [A-Za-z0-9_] or the character itself`);
      }
    } else if (character === undefined || special.includes(character)) {
      this.fail(character === undefined ? '"]" is missing' : `write \\${character} inside a class`);
    }
    this.at++;
    return character.codePointAt(0) ?? 0;
  }

  private characterClass(): PatternStep {
    this.at++;
    const negated = this.current === "^";
    if (negated) this.at++;
    const ranges: CodePoints[] = [];
    while (ranges.length === 0 || this.current !== "]") {
      const from = this.codePoint("[]^-");
      let to = from;
      if (this.current === "-") {
        this.at++;
        to = this.codePoint("[]^-");
        if (to < from) this.fail("the range is empty");
      }
      ranges.push([from, to]);
    }
    this.at++;
    return { op: "set", ranges, negated };
  }
}
