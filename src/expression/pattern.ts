/**
 * The patterns of `matches()`: a subset of regular expressions that PostgreSQL
 * (`~`, no flags) reads the same way. The evaluator runs them as an automaton,
 * never through JavaScript's RegExp: linear in the text, whatever the pattern.
 */
import { LIMITS } from "./limits.ts";
import { PatternError, type PatternStep, type PatternTree, parsePattern } from "./parse-pattern.ts";

type Instruction = PatternStep | { readonly op: "split"; readonly to: readonly number[] } | { readonly op: "match" };

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
    return { ok: true, pattern: { source, program: assemble(parsePattern(source)) } };
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

/** Writes a tree out as instructions; `split` continues at all of its targets. */
function assemble(tree: PatternTree): readonly Instruction[] {
  const program: Instruction[] = [];
  const push = (instruction: Instruction): number => {
    if (program.length >= LIMITS.patternStates) throw new PatternError("the pattern repeats too much", 0);
    return program.push(instruction) - 1;
  };
  const emit = (node: PatternTree): void => {
    switch (node.kind) {
      case "step":
        push(node.step);
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
