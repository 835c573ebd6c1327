/** Puts what ports stand for in the place of their names. */
import { parse, print, type Syntax } from "../expression/index.ts";

const QUANTIFIERS = new Set(["exists", "all", "filter", "map"]);

/**
 * The text of an expression with names replaced. Variables that quantifiers bind stay, under another name where the new text
 * knows it for something else.
 *
 * @param sources what stands for each name; null where it never has a value
 * @param taken names that mean something where the text will stand
 * @example rewriteNames("row.total + 1", new Map([["row", "save"]]), new Set()) // "save.total + 1"
 */
export function rewriteNames(
  text: string,
  sources: ReadonlyMap<string, string | null>,
  taken: ReadonlySet<string>,
): string {
  const parsed = parse(text);
  return parsed.ok ? print(rewritten(parsed.syntax, sources, taken, new Map())) : text;
}

type Bound = ReadonlyMap<string, string>;

function rewritten(
  syntax: Syntax,
  sources: ReadonlyMap<string, string | null>,
  taken: ReadonlySet<string>,
  bound: Bound,
): Syntax {
  const part = (inner: Syntax, names: Bound = bound): Syntax => rewritten(inner, sources, taken, names);
  switch (syntax.kind) {
    case "name": {
      const variable = bound.get(syntax.name);
      if (variable !== undefined) return { ...syntax, name: variable };
      const source = sources.get(syntax.name);
      if (source === undefined) return syntax;
      const parsed = parse(source ?? "null");
      return parsed.ok ? parsed.syntax : syntax;
    }
    case "member":
      return { ...syntax, target: part(syntax.target) };
    case "call":
      return { ...syntax, arguments: syntax.arguments.map((argument) => part(argument)) };
    case "method": {
      const target = part(syntax.target);
      const [variable, ...rest] = syntax.arguments;
      if (variable?.kind !== "name" || rest.length === 0 || !QUANTIFIERS.has(syntax.name)) {
        return { ...syntax, target, arguments: syntax.arguments.map((argument) => part(argument)) };
      }
      const name = freeName(variable.name, new Set([...taken, ...bound.values()]));
      const inner = new Map(bound).set(variable.name, name);
      return {
        ...syntax,
        target,
        arguments: [{ ...variable, name }, ...rest.map((argument) => part(argument, inner))],
      };
    }
    case "unary":
      return { ...syntax, operand: part(syntax.operand) };
    case "binary":
      return { ...syntax, left: part(syntax.left), right: part(syntax.right) };
    case "logical":
      return { ...syntax, operands: syntax.operands.map((operand) => part(operand)) };
    case "conditional":
      return {
        ...syntax,
        condition: part(syntax.condition),
        // biome-ignore lint/suspicious/noThenProperty: the syntax of `c ? a : b`, which nobody awaits
        then: part(syntax.then),
        otherwise: part(syntax.otherwise),
      };
    case "list":
      return { ...syntax, items: syntax.items.map((item) => part(item)) };
    case "null":
    case "bool":
    case "int":
    case "decimal":
    case "string":
      return syntax;
    default:
      return syntax satisfies never;
  }
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let i = 1; taken.has(free); i++) free = `${name}${i}`;
  return free;
}
