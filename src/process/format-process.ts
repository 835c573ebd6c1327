/**
 * The canonical form of a process file: members in one order, what has no order of its own sorted, two spaces, short objects
 * on one line. The same process is the same bytes, whoever wrote it: a graph editor and a person do not fight over commas.
 */
import type { Node } from "jsonc-parser";
import { isoDurations } from "./iso-durations.ts";
import type { ProcessSource } from "./process-source.ts";
import { VALUE_KEYWORDS } from "./process-types.ts";

/** The order of members; those of other names follow, by name. */
const TOP = [
  "$schema kind name version type execution description trigger allow as retry options $defs input",
  "outputs errors uses nodes edges",
].flatMap((names) => names.split(" "));
const NODE = [
  "op label service operation task queue db entity query workflow level tx of in id where order items as limit values",
  "method url headers secret privateHosts accept",
  "parameters body message expr cases else for until signal key payload allow question idempotencyKey wait",
  "timeout retry error output out nodes edges",
].flatMap((names) => names.split(" "));
/** Of `fail` the message follows the error's name. */
const FAIL = [...NODE.filter((name) => name !== "message"), "message"];

/** Longer lines are broken, where they can be. */
const WIDTH = 120;
/** A node that is no longer stands on one line. */
const NODE_WIDTH = 100;
/** A type is read as a whole. */
const TYPE_WIDTH = 200;

/** Text without line breaks, and how it looks with them. */
interface Printed {
  readonly line: string;
  readonly broken: (indent: string) => string;
}

/**
 * The canonical text of a process file. What stands in it stays, also what the format does not know.
 *
 * @param source of a text that is JSON
 */
export function formatProcess(source: ProcessSource): string {
  const { tree, text } = source;
  if (tree?.type !== "object") return text;
  const members = sortedMembers(tree, TOP).map(([key, value]) => topMember(key, isoDurations(key, value), text));
  return `{\n${members.map((member) => `  ${member}`).join(",\n")}\n}\n`;
}

function topMember(key: string, value: Node, text: string): string {
  const name = `${JSON.stringify(key)}: `;
  const children = value.children ?? [];
  if (children.length === 0) return name + print(value, text).line;
  const isBlock = key === "edges" ? value.type === "array" : value.type === "object";
  switch (isBlock ? key : "") {
    case "$defs":
      return name + block(sortedMembers(value), (type) => print(type, text, false, true), TYPE_WIDTH);
    case "nodes":
      return name + block(sortedMembers(value), (node) => printNode(node, text), NODE_WIDTH);
    case "edges":
      return name + edges(value, text);
    default:
      return name + fitting(print(value, text, key === "uses"), "  ", WIDTH - name.length - 2);
  }
}

/** An object whose members each begin a line. */
function block(members: readonly (readonly [string, Node])[], make: (value: Node) => Printed, width: number): string {
  const lines = members.map(([key, value]) => {
    const name = `    ${JSON.stringify(key)}: `;
    return name + fitting(make(value), "    ", width - name.length);
  });
  return `{\n${lines.join(",\n")}\n  }`;
}

function edges(value: Node, text: string): string {
  const lines = (value.children ?? []).map((edge) => print(edge, text).line).sort(byCodeUnit);
  return `[\n${lines.map((line) => `    ${line}`).join(",\n")}\n  ]`;
}

const fitting = ({ line, broken }: Printed, indent: string, width: number): string =>
  line.length <= width ? line : broken(indent);

function printNode(node: Node, text: string): Printed {
  if (node.type !== "object") return print(node, text);
  const op = node.children?.find(({ children }) => children?.[0]?.value === "op")?.children?.[1]?.value;
  const part = (value: Node, key: string): Printed => {
    if (key === "nodes" && value.type === "object") {
      return printObject(sortedMembers(value), (inner) => printNode(inner, text), "{", "}");
    }
    return key === "edges" && value.type === "array" ? printSet(value, text) : print(value, text);
  };
  return printObject(sortedMembers(node, op === "fail" ? FAIL : NODE), part, "{", "}");
}

/** A list without an order. */
function printSet(node: Node, text: string): Printed {
  const items = (node.children ?? []).map((child) => print(child, text));
  const sorted = items.toSorted((a, b) => byCodeUnit(a.line, b.line));
  return list(
    sorted.map((printed) => ({ name: "", printed })),
    "[",
    "]",
  );
}

/**
 * @param sets lists in it have no order
 * @param isType it is a part of $defs
 */
function print(node: Node, text: string, sets = false, isType = false): Printed {
  switch (node.type) {
    case "object":
      return printObject(
        sortedMembers(node),
        (value, key) => {
          if (isType && VALUE_KEYWORDS.includes(key)) return print(value, text);
          return print(value, text, sets || (isType && key === "required" && value.type === "array"), isType);
        },
        "{",
        "}",
      );
    case "array": {
      const items = (node.children ?? []).map((child) => print(child, text, sets, isType));
      const ordered = sets ? items.toSorted((a, b) => byCodeUnit(a.line, b.line)) : items;
      return list(
        ordered.map((printed) => ({ name: "", printed })),
        "[",
        "]",
      );
    }
    case "string":
      return scalar(JSON.stringify(node.value));
    default:
      // A number stays as it was written: JSON knows larger ones than JavaScript.
      return scalar(text.slice(node.offset, node.offset + node.length));
  }
}

const scalar = (line: string): Printed => ({ line, broken: () => line });

function printObject(
  members: readonly (readonly [string, Node])[],
  make: (value: Node, key: string) => Printed,
  open: string,
  close: string,
): Printed {
  return list(
    members.map(([key, value]) => ({ name: `${JSON.stringify(key)}: `, printed: make(value, key) })),
    open,
    close,
  );
}

function list(
  parts: readonly { readonly name: string; readonly printed: Printed }[],
  open: string,
  close: string,
): Printed {
  const line = `${open}${parts.map(({ name, printed }) => name + printed.line).join(", ")}${close}`;
  if (parts.length === 0) return scalar(line);
  return {
    line,
    broken: (indent) => {
      const inner = `${indent}  `;
      const lines = parts.map(
        ({ name, printed }) => inner + name + fitting(printed, inner, WIDTH - inner.length - name.length),
      );
      return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
    },
  };
}

function sortedMembers(node: Node, first: readonly string[] = []): readonly (readonly [string, Node])[] {
  const place = (key: string) => (first.includes(key) ? first.indexOf(key) : first.length);
  const members = (node.children ?? []).flatMap(({ children = [] }): (readonly [string, Node])[] => {
    const [key, value] = children;
    return key === undefined || value === undefined ? [] : [[String(key.value), value]];
  });
  return members.sort(([a], [b]) => place(a) - place(b) || byCodeUnit(a, b));
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
