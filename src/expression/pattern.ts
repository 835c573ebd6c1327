/**
 * The patterns of `matches()`: a subset of regular expressions that PostgreSQL
 * (`~`, no flags) reads the same way. The evaluator runs them as an automaton,
 * never through JavaScript's RegExp: linear in the text, whatever the pattern.
 */
import { LIMITS } from "./limits.ts";

/** Code points from `[0]` to `[1]`, both included. */
type CodePoints = readonly [number, number];

type Instruction =
  | { readonly op: "set"; readonly ranges: readonly CodePoints[]; readonly negated: boolean }
  | { readonly op: "split"; readonly to: readonly number[] }
  | { readonly op: "begin" | "end" | "match" };

export interface Pattern {
  readonly source: string;
  readonly program: readonly Instruction[];
}

export type PatternResult =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly message: string; readonly offset: number };

/** Compiles a pattern, or tells what is outside the subset and where. */
export function compilePattern(source: string): PatternResult {
  try {
    if (source.length > LIMITS.patternLength) {
      throw new PatternError(`a pattern has at most ${LIMITS.patternLength} characters`, 0);
    }
    const tree = new PatternParser([...source]).parse();
    return { ok: true, pattern: { source, program: assemble(tree) } };
  } catch (error) {
    if (error instanceof PatternError) return { ok: false, message: error.message, offset: error.offset };
    throw error;
  }
}

/** Whether the pattern is found anywhere in the text. */
export function matchesPattern({ program }: Pattern, text: string): boolean {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  let current = new Set<number>();
  for (let at = 0; at <= points.length; at++) {
    if (enter(program, 0, at, points.length, current)) return true;
    const next = new Set<number>();
    const point = points[at];
    if (point === undefined) return false;
    for (const state of current) {
      const instruction = program[state];
      if (instruction?.op !== "set") continue;
      const inside = instruction.ranges.some(([from, to]) => from <= point && point <= to);
      if (inside !== instruction.negated && enter(program, state + 1, at + 1, points.length, next)) return true;
    }
    current = next;
  }
  return false;
}

/** Adds a state and what it reaches without reading; true where that is the end of the pattern. */
function enter(
  program: readonly Instruction[],
  start: number,
  at: number,
  length: number,
  states: Set<number>,
): boolean {
  const pending = [start];
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    if (states.has(state)) continue;
    states.add(state);
    const instruction = program[state];
    switch (instruction?.op) {
      case "match":
        return true;
      case "split":
        pending.push(...instruction.to);
        break;
      case "begin":
        if (at === 0) pending.push(state + 1);
        break;
      case "end":
        if (at === length) pending.push(state + 1);
        break;
      default:
    }
  }
  return false;
}

type Tree =
  | { readonly kind: "instruction"; readonly instruction: Instruction }
  | { readonly kind: "sequence" | "alternatives"; readonly parts: readonly Tree[] }
  | { readonly kind: "repeat"; readonly part: Tree; readonly least: number; readonly most: number };

class PatternError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const ESCAPABLE = "\\^$.*+?()[]{}|/-";
const ANY: Instruction = { op: "set", ranges: [], negated: true };

class PatternParser {
  private readonly characters: readonly string[];
  private at = 0;
  private depth = 0;

  constructor(characters: readonly string[]) {
    this.characters = characters;
  }

  parse(): Tree {
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

  private alternatives(): Tree {
    if (++this.depth > 20) this.fail("groups are nested too deep");
    const parts = [this.sequence()];
    while (this.current === "|") {
      this.at++;
      parts.push(this.sequence());
    }
    this.depth--;
    return parts.length === 1 ? (parts[0] as Tree) : { kind: "alternatives", parts };
  }

  private sequence(): Tree {
    const parts: Tree[] = [];
    while (this.current !== undefined && this.current !== "|" && this.current !== ")") parts.push(this.repeated());
    if (parts.length === 0) this.fail("a part of the pattern is empty");
    return { kind: "sequence", parts };
  }

  private repeated(): Tree {
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

  private atom(): Tree {
    const character = this.current;
    const single = (instruction: Instruction): Tree => ({ kind: "instruction", instruction });
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

  private group(): Tree {
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

  private characterClass(): Instruction {
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

/** Writes a tree out as instructions; `split` continues at all of its targets. */
function assemble(tree: Tree): readonly Instruction[] {
  const program: Instruction[] = [];
  const push = (instruction: Instruction): number => {
    if (program.length >= LIMITS.patternStates) throw new PatternError("the pattern repeats too much", 0);
    return program.push(instruction) - 1;
  };
  const emit = (node: Tree): void => {
    switch (node.kind) {
      case "instruction":
        push(node.instruction);
        return;
      case "sequence":
        node.parts.forEach(emit);
        return;
      case "alternatives": {
        const split = push({ op: "split", to: [] });
        const starts: number[] = [];
        const ends: number[] = [];
        for (const part of node.parts) {
          starts.push(program.length);
          emit(part);
          ends.push(push({ op: "split", to: [] }));
        }
        program[split] = { op: "split", to: starts };
        for (const end of ends) program[end] = { op: "split", to: [program.length] };
        return;
      }
      case "repeat": {
        for (let i = 0; i < node.least; i++) emit(node.part);
        if (node.most === Number.POSITIVE_INFINITY) {
          const loop = push({ op: "split", to: [] });
          emit(node.part);
          push({ op: "split", to: [loop] });
          program[loop] = { op: "split", to: [loop + 1, program.length] };
          return;
        }
        const skips: number[] = [];
        for (let i = node.least; i < node.most; i++) {
          skips.push(push({ op: "split", to: [] }));
          emit(node.part);
        }
        for (const skip of skips) program[skip] = { op: "split", to: [skip + 1, program.length] };
        return;
      }
      default:
        node satisfies never;
    }
  };
  emit(tree);
  push({ op: "match" });
  return program;
}
