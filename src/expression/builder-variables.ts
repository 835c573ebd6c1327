/**
 * Names of the variables of quantifiers. While symbols are recorded a variable
 * has a placeholder, which no text can hold; the name is chosen when the text is
 * made, because only then is it known what stands around: a filter recorded
 * outside may be used inside another quantifier whose parameter has the same name.
 */
import { EngineError } from "../errors/engine-error.ts";
import { LIMITS } from "./limits.ts";
import { RESERVED_WORDS, type Syntax } from "./syntax.ts";

const PLACEHOLDER = /^\0([0-9]+):(.*)$/s;
const SPARE = ["x", "y", "z", "u", "v", "w"];
/** Recorded chains nest (`a.or(b).or(c)`) where the text is flat: the parser's limit would be too low. */
const MAX_RECORDED_DEPTH = 1_000;
let placeholders = 0;

/** A placeholder that is like no other, and remembers the name that it would like to have. */
export const boundName = (preferred: string | undefined): string => `\0${++placeholders}:${preferred ?? ""}`;

/**
 * The name of a callback's first parameter, where it is a plain identifier.
 *
 * @example preferredName("l => l.total") // "l"
 * @example preferredName("({ total }) => total") // undefined
 */
export const preferredName = (source: string): string | undefined =>
  /^\s*(?:async\s+)?(?:function\b\s*\*?\s*[\w$]*\s*\(\s*|[\w$]*\s*\(\s*|)([A-Za-z_][A-Za-z0-9_]*)\s*(?=[,)=])/.exec(
    source,
  )?.[1];

/** Gives every variable of a quantifier a name that is free where it stands; `carried` values follow the rebuilt nodes. */
export function nameVariables<T extends object>(
  root: Syntax,
  taken: Iterable<string>,
  carried: WeakMap<Syntax, T>,
): Syntax {
  let nodes = 0;
  let depth = 0;
  const free = freeNames(root);
  const rename = (node: Syntax, scope: ReadonlyMap<string, string>, used: ReadonlySet<string>): Syntax => {
    // Symbols may share parts: x.and(x), taken again and again, doubles each time.
    if (++nodes > LIMITS.nodes * 4 || ++depth > MAX_RECORDED_DEPTH) {
      const message = `The expression is too large: more than ${LIMITS.nodes * 4} parts, or nested too deep.`;
      throw new EngineError([{ code: "EJS2006", severity: "error", message }]);
    }
    const result = rebuild(node, scope, used, rename);
    depth--;
    const value = carried.get(node);
    if (value !== undefined) carried.set(result, value);
    return result;
  };
  return rename(root, new Map(), new Set([...taken, ...free, ...RESERVED_WORDS]));
}

/** The names that a text begins with: no variable may hide one. */
function freeNames(root: Syntax): Set<string> {
  const names = new Set<string>();
  const seen = new Set<Syntax>();
  // No recursion: it runs before the depth is known to be bearable.
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.kind === "name" && !PLACEHOLDER.test(node.name)) names.add(node.name);
    for (const value of Object.values(node)) {
      for (const part of Array.isArray(value) ? value : [value]) {
        if (typeof part === "object" && part !== null && "kind" in part) pending.push(part);
      }
    }
  }
  return names;
}

type Rename = (node: Syntax, scope: ReadonlyMap<string, string>, used: ReadonlySet<string>) => Syntax;

function rebuild(node: Syntax, scope: ReadonlyMap<string, string>, used: ReadonlySet<string>, rename: Rename): Syntax {
  const each = (part: Syntax) => rename(part, scope, used);
  switch (node.kind) {
    case "name":
      return { ...node, name: scope.get(node.name) ?? escapedName(node.name) };
    case "member":
      return { ...node, target: each(node.target) };
    case "method": {
      const target = each(node.target);
      const [binder, body] = node.arguments;
      const match = binder?.kind === "name" ? PLACEHOLDER.exec(binder.name) : null;
      if (binder?.kind !== "name" || body === undefined || match === null) {
        return { ...node, target, arguments: node.arguments.map(each) };
      }
      const name = chooseName(match[2] ?? "", used);
      const inner = rename(body, new Map(scope).set(binder.name, name), new Set(used).add(name));
      return { ...node, target, arguments: [{ ...binder, name }, inner] };
    }
    case "call":
      return { ...node, arguments: node.arguments.map(each) };
    case "unary":
      return { ...node, operand: each(node.operand) };
    case "binary":
      return { ...node, left: each(node.left), right: each(node.right) };
    case "logical":
      return { ...node, operands: node.operands.map(each) };
    case "conditional": {
      const [condition, then, otherwise] = [each(node.condition), each(node.then), each(node.otherwise)];
      return { ...node, condition, then, otherwise };
    }
    case "list":
      return { ...node, items: node.items.map(each) };
    default:
      // A copy, so that two uses of one constant can have two places.
      return { ...node };
  }
}

/** A variable that has left its callback keeps its name: the checker then says that it is not known there. */
const escapedName = (name: string): string => {
  const match = PLACEHOLDER.exec(name);
  return match === null ? name : match[2] || "x";
};

function chooseName(preferred: string, used: ReadonlySet<string>): string {
  for (const name of [preferred, ...SPARE]) if (name !== "" && !used.has(name)) return name;
  for (let i = 1; ; i++) if (!used.has(`x${i}`)) return `x${i}`;
}
