/** The text of a process file: its values, and where in it each of them stands. */
import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Diagnostic, SourceLocation } from "../errors/diagnostic.ts";
import { processErrors } from "../errors/process-errors.ts";

/** Keys and indexes from the root to a value. */
export type Path = readonly (string | number)[];

export interface FindingOptions {
  readonly hint?: string | undefined;
  readonly severity?: "error" | "warning";
  /** A part of the string at the path: where in its value it begins, and where it ends. */
  readonly range?: { readonly start: number; readonly end: number } | undefined;
  /** The key of the path's last part is meant, and not its value. */
  readonly key?: boolean;
}

/** A file that is nested deeper is no process, and would exhaust the stack of whatever reads it. */
const DEEPEST = 100;

export class ProcessSource {
  /** Relative to the project. */
  readonly file: string;
  readonly text: string;
  readonly findings: Diagnostic[] = [];
  private readonly root: Node | undefined;
  private parsed: { readonly value: unknown } | undefined;
  /** Where each line begins. */
  private lines: readonly number[] | undefined;
  private readonly said = new Set<string>();

  constructor(file: string, text: string) {
    this.file = file;
    // Some editors put a byte order mark before what they write.
    this.text = text.replace(/^\uFEFF/, "");
    const deep = tooDeep(this.text);
    if (deep !== undefined) {
      this.add("EJS2501", `${file} is nested more than ${DEEPEST} levels deep.`, this.at(deep, 1), {
        hint: "Remove what is around it.",
      });
      return;
    }
    if (this.text.trim() === "") {
      this.add("EJS2501", `${file} is empty.`, this.at(0, 0), {
        hint: 'A process begins with {"kind": "process", …}.',
      });
      return;
    }
    const errors: ParseError[] = [];
    this.root = parseTree(this.text, errors, { disallowComments: true, allowTrailingComma: false });
    // What follows a mistake at the same place is its consequence.
    const places = new Map(errors.map((error) => [error.offset, error] as const).reverse());
    for (const { error, offset, length } of [...places.values()].reverse()) {
      // `CommaExpected` → `comma expected`.
      const what = printParseErrorCode(error)
        .replace(/(?!^)([A-Z])/g, " $1")
        .toLowerCase();
      this.add("EJS2501", `${file} is no JSON: ${what}.`, this.at(offset, length), this.mending(error, offset));
    }
    if (errors.length > 0 || this.root === undefined) return;
    this.refuseDoubles(this.root);
    this.refuseText(this.root);
  }

  get tree(): Node | undefined {
    return this.root;
  }

  get failed(): boolean {
    return this.findings.some(({ severity }) => severity === "error");
  }

  /** What stands in the file, as JSON.parse gives it. */
  value(): unknown {
    if (this.root === undefined) return undefined;
    this.parsed ??= { value: JSON.parse(this.text) };
    return this.parsed.value;
  }

  /** Reports what is wrong at a place; one that is not there stands for the nearest above it that is. */
  report(code: keyof typeof processErrors, message: string, path: Path, options: FindingOptions = {}): void {
    this.add(code, message, this.placeOf(path, options), options);
  }

  /** Reports a finding of another stage, such as the expression language's. */
  reportAs(code: string, message: string, path: Path, options: FindingOptions): void {
    this.push({ code, message, where: this.placeOf(path, options) }, options);
  }

  placeOf(path: Path, { range, key = false }: FindingOptions = {}): SourceLocation {
    let node = this.root;
    let name: Node | undefined;
    for (const part of path) {
      const next = childOf(node, part);
      if (next === undefined) break;
      ({ name, node } = next);
    }
    if (node === undefined) return this.at(0, 0);
    if (key && name !== undefined) return this.at(name.offset, name.length);
    if (range !== undefined && node.type === "string") return this.within(node, range);
    // An object is shown by its key, or by its first line.
    const multiline = this.text.slice(node.offset, node.offset + node.length).includes("\n");
    if (multiline) return name === undefined ? this.at(node.offset, 1) : this.at(name.offset, name.length);
    return this.at(node.offset, node.length);
  }

  private add(code: keyof typeof processErrors, message: string, where: SourceLocation, options: FindingOptions): void {
    this.push({ code, message, where }, { ...options, hint: options.hint ?? processErrors[code].hint });
  }

  private push(
    finding: Pick<Diagnostic, "code" | "message" | "where">,
    { hint, severity = "error" }: FindingOptions,
  ): void {
    // What many places refer to is reported once.
    const { file, line, column } = finding.where ?? {};
    const key = JSON.stringify([finding.code, finding.message, file, line, column]);
    if (this.said.has(key)) return;
    this.said.add(key);
    this.findings.push({ ...finding, severity, ...(hint !== undefined && { hint }) });
  }

  /** A piece of a string's value, whose text may have escapes. */
  private within(node: Node, { start, end }: { readonly start: number; readonly end: number }): SourceLocation {
    const raw = this.text.slice(node.offset + 1, node.offset + node.length - 1);
    const offsets: number[] = [];
    for (let i = 0; i < raw.length; i += raw[i] !== "\\" ? 1 : raw[i + 1] === "u" ? 6 : 2) offsets.push(i);
    offsets.push(raw.length);
    const from = offsets[Math.min(start, offsets.length - 1)] ?? 0;
    const to = offsets[Math.min(end, offsets.length - 1)] ?? from;
    return this.at(node.offset + 1 + from, to - from);
  }

  private at(offset: number, length: number): SourceLocation {
    this.lines ??= [0, ...Array.from(this.text.matchAll(/\n/g), ({ index }) => index + 1)];
    let [low, high] = [0, this.lines.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.lines[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const place = { file: this.file, line: low + 1, column: offset - (this.lines[low] ?? 0) + 1 };
    return length > 0 ? { ...place, length } : place;
  }

  /** What is usually meant by a text that is no JSON. */
  private mending(error: number, offset: number): FindingOptions {
    const what = printParseErrorCode(error);
    if (what === "InvalidCommentToken")
      return { hint: "JSON has no comments: write it into a description or a label." };
    const closes = /^[\]}]/.test(this.text.slice(offset));
    const [comma] = /,\s*$/.exec(this.text.slice(0, offset)) ?? [];
    if (closes && comma !== undefined) return { hint: "Remove the comma before it." };
    return {};
  }

  /** Text that PostgreSQL cannot keep. */
  private refuseText(node: Node): void {
    for (const child of node.children ?? []) this.refuseText(child);
    if (node.type !== "string") return;
    const text = String(node.value);
    const what = text.includes("\u0000")
      ? "the character U+0000"
      : !text.isWellFormed()
        ? "half of a character (a surrogate without the other one)"
        : text.includes("\uFFFD")
          ? "what is no UTF-8"
          : undefined;
    if (what === undefined) return;
    this.add("EJS2501", `${this.file} has ${what}.`, this.at(node.offset, node.length), {
      hint: "Take it out; a process file is written in UTF-8.",
    });
  }

  /** JSON.parse takes the last of two members of one name, and an editor may show the first. */
  private refuseDoubles(node: Node): void {
    const names = new Set<string>();
    for (const child of node.children ?? []) {
      if (node.type !== "object") {
        this.refuseDoubles(child);
        continue;
      }
      const [key, value] = child.children ?? [];
      if (key !== undefined && names.has(String(key.value))) {
        this.add("EJS2502", `"${key.value}" is there twice.`, this.at(key.offset, key.length), {});
      }
      names.add(String(key?.value));
      if (value !== undefined) this.refuseDoubles(value);
    }
  }
}

interface Child {
  readonly name: Node | undefined;
  readonly node: Node;
}

const members = new WeakMap<Node, ReadonlyMap<unknown, Child>>();

function childOf(node: Node | undefined, part: string | number): Child | undefined {
  if (node?.type === "array" && typeof part === "number") {
    const child = node.children?.[part];
    return child && { name: undefined, node: child };
  }
  if (node?.type !== "object") return undefined;
  const found = members.get(node) ?? membersOf(node);
  members.set(node, found);
  return found.get(part);
}

const membersOf = ({ children = [] }: Node): ReadonlyMap<unknown, Child> =>
  new Map(
    children.flatMap(({ children: [name, value] = [] }): [unknown, Child][] =>
      value === undefined ? [] : [[name?.value, { name, node: value }]],
    ),
  );

/** Where brackets are nested too deep; undefined where they are not. */
function tooDeep(text: string): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"?|[[\]{}]/gs)) {
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
    if (depth > DEEPEST) return index;
  }
  return undefined;
}
