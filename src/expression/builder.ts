/**
 * The runtime side of the typed builder: symbols that stand for rows, columns
 * and values, and that record what is done with them as an expression's syntax.
 *
 * One rule tells members and methods apart: **what is called is a method, what
 * is not called is a member.** `row.size` is the field "size", `row.size()` the
 * method, `row.size.gt(1)` compares the field. So no field name can collide.
 */
import { nearest } from "../errors/nearest.ts";
import { constantOf } from "./builder-constant.ts";
import { METHODS, type MethodContext } from "./builder-methods.ts";
import { refuse } from "./builder-refusal.ts";
import { nameVariables } from "./builder-variables.ts";
import type { Range } from "./expression-error.ts";
import { print } from "./print.ts";
import { NOWHERE, type Syntax } from "./syntax.ts";

/** Where a symbol was used; what it holds is the DSL's business (file, line, column). */
export type Site = object;

export interface SymbolOptions {
  /** Called at every access, so it should be cheap: the DSL's reads one line of `new Error().stack`. */
  readonly captureSite?: () => Site | undefined;
  /** Names of the environment that no variable of a quantifier may take, besides those of the symbols themselves. */
  readonly taken?: Iterable<string>;
}

/** A symbol of the builder; its precise type is given by `src/dsl/`. */
// biome-ignore lint/suspicious/noExplicitAny: every property and every call is allowed, the DSL's types say which are right
export type ExpressionSymbol = any;

/** The text of a symbol, and which piece of it was written where. */
export interface SymbolText {
  /** Canonical: printing what it parses to gives the same text. */
  readonly text: string;
  /** Innermost pieces last; the last one that covers a range is its place. */
  readonly sites: readonly { readonly start: number; readonly end: number; readonly site: Site }[];
}

interface Recorded {
  readonly syntax: Syntax;
  readonly options: SymbolOptions;
  /** What `x.name` was taken from: calling it makes a method of it. */
  readonly receiver?: { readonly syntax: Syntax; readonly name: string };
}

const recorded = new WeakMap<object, Recorded>();
const sites = new WeakMap<Syntax, Site>();

/**
 * Makes the symbols that a callback gets.
 *
 * @example
 * const { row, actor } = createSymbols(["row", "actor"]);
 * toText(row.ownerId.eq(actor.id).or(actor.hasRole("billing"))).text
 * // row.ownerId == actor.id || "billing" in actor.roles
 */
export function createSymbols<const T extends string>(
  names: readonly T[],
  options: SymbolOptions = {},
): Readonly<Record<T, ExpressionSymbol>> {
  const all: SymbolOptions = { ...options, taken: [...(options.taken ?? []), ...names] };
  const entries = names.map((name) => [name, symbolOf({ kind: "name", name, range: NOWHERE }, all)]);
  return Object.freeze(Object.fromEntries(entries));
}

/** Whether a value is a symbol of the builder. */
export const isSymbol = (value: unknown): boolean => typeof value === "function" && recorded.has(value);

/** The member of a symbol by name: `member(row, "size")` is `row.size`. */
export const member = (symbol: ExpressionSymbol, name: string): ExpressionSymbol => symbol[name];

/**
 * Prints what a symbol (or a constant) stands for.
 *
 * @throws EngineError EJS2041 for a value that is neither
 */
export function toText(value: unknown): SymbolText {
  const syntax = nameVariables(syntaxOf(value), takenOf(value), sites);
  const found: { start: number; end: number; site: Site }[] = [];
  const text = print(syntax, (node, start, end) => {
    const site = sites.get(node);
    if (site !== undefined) found.push({ start, end, site });
  });
  return { text, sites: found.sort((a, b) => a.start - b.start || b.end - a.end) };
}

/** The place of a range of the text: the smallest piece that covers it, or the one that begins nearest before it. */
export function siteOf({ sites: all }: SymbolText, range: Range): Site | undefined {
  const covering = all.filter((piece) => piece.start <= range.start && range.end <= piece.end);
  const [smallest] = covering.toSorted((a, b) => a.end - a.start - (b.end - b.start));
  return smallest?.site ?? all.findLast((piece) => piece.start <= range.start)?.site;
}

/** `condition ? then : otherwise`. @example when(row.paid, 0, row.total) */
export const when = (...values: [condition: unknown, then: unknown, otherwise: unknown]): ExpressionSymbol => {
  if (values.length !== 3) refuse("EJS2015", `when() takes a condition and two values, ${values.length} given.`);
  const [condition, then, otherwise] = values.map(syntaxOf) as [Syntax, Syntax, Syntax];
  return combine({ kind: "conditional", condition, then, otherwise, range: NOWHERE }, ...values);
};

const method = (name: string) => (target: unknown) =>
  combine(
    { kind: "method", target: syntaxOf(target), name, nameRange: NOWHERE, arguments: [], range: NOWHERE },
    target,
  );

/** The sum of a mapped relation or a list of numbers, 0 where it is empty. @example sum(row.lines.map(l => l.total)) */
export const sum: (list: unknown) => ExpressionSymbol = method("sum");
/** The least of a mapped relation or a list, null where it is empty. */
export const min: (list: unknown) => ExpressionSymbol = method("min");
/** The greatest of a mapped relation or a list, null where it is empty. */
export const max: (list: unknown) => ExpressionSymbol = method("max");

const callOf = (name: string, ...args: readonly unknown[]): ExpressionSymbol => {
  const syntaxes = args.map(syntaxOf);
  return combine({ kind: "call", name, nameRange: NOWHERE, arguments: syntaxes, range: NOWHERE }, ...args);
};

/** The time of the transaction. */
export const now = (): ExpressionSymbol => callOf("now");
/** A length of time: `duration("36h")`, `"1h30m"`, `"2d"`. */
export const duration = (text: string): ExpressionSymbol => callOf("duration", text);
/** The date of a timestamp (in UTC), or a constant: `date("2026-06-01")`. */
export const date = (value: unknown): ExpressionSymbol => callOf("date", value);
/** Whether a value is there: `has(row.customer)`, the same as `row.customer.notNull()`. */
export const has = (value: unknown): ExpressionSymbol => callOf("has", value);

/** The syntax of a symbol or constant, not yet named and printed. */
function syntaxOf(value: unknown): Syntax {
  if (typeof value === "function") {
    const known = recorded.get(value);
    if (known !== undefined) return known.syntax;
  }
  // Symbols and constants may stand side by side in a list.
  if (Array.isArray(value)) return { kind: "list", items: value.map(syntaxOf), range: NOWHERE };
  return constantOf(value);
}

/** A symbol made of others takes its options from the first of them that has some. */
function combine(syntax: Syntax, ...parts: readonly unknown[]): ExpressionSymbol {
  return symbolOf(syntax, optionsOf(parts));
}

function optionsOf(parts: readonly unknown[]): SymbolOptions {
  for (const part of parts) {
    const known = typeof part === "function" ? recorded.get(part) : undefined;
    if (known?.options.captureSite !== undefined || known?.options.taken !== undefined) return known.options;
  }
  return {};
}

const takenOf = (value: unknown): Iterable<string> => optionsOf([value]).taken ?? [];

function symbolOf(syntax: Syntax, options: SymbolOptions, receiver?: Recorded["receiver"]): ExpressionSymbol {
  const site = options.captureSite?.();
  if (site !== undefined) sites.set(syntax, site);
  // An arrow function: callable, and without a `prototype` that a proxy could not hide.
  const symbol = new Proxy(() => undefined, new Handler(syntax, options, receiver));
  recorded.set(symbol, receiver === undefined ? { syntax, options } : { syntax, options, receiver });
  return symbol;
}

/** Symbols that a printing debugger looks for: it gets nothing, instead of an error. */
const INSPECTION: ReadonlySet<symbol> = new Set([
  Symbol.for("nodejs.util.inspect.custom"),
  Symbol.toStringTag,
  Symbol.for("Symbol.dispose"),
]);

class Handler implements ProxyHandler<() => undefined> {
  private readonly syntax: Syntax;
  private readonly options: SymbolOptions;
  private readonly receiver: Recorded["receiver"];

  constructor(syntax: Syntax, options: SymbolOptions, receiver: Recorded["receiver"]) {
    this.syntax = syntax;
    this.options = options;
    this.receiver = receiver;
  }

  get(_target: unknown, name: string | symbol): unknown {
    if (typeof name === "symbol") {
      if (INSPECTION.has(name)) return undefined;
      return this.misused(name === Symbol.iterator ? "iterated or spread" : "used as a JavaScript value");
    }
    const { syntax } = this;
    const access: Syntax = { kind: "member", target: syntax, name, nameRange: NOWHERE, range: NOWHERE };
    return symbolOf(access, this.options, { syntax, name });
  }

  apply(_target: unknown, _self: unknown, args: readonly unknown[]): unknown {
    const { receiver } = this;
    const make = receiver !== undefined && Object.hasOwn(METHODS, receiver.name) ? METHODS[receiver.name] : undefined;
    if (receiver === undefined || make === undefined) {
      const name = receiver?.name ?? print(this.syntax);
      if (name === "toString" || name === "valueOf" || name === "toJSON")
        return this.misused("used as a JavaScript value");
      const methods = Object.keys(METHODS);
      const near = nearest(name, methods);
      const hint = `${near === undefined ? "" : `Did you mean .${near}()? `}Methods: ${methods.join(", ")}. A field is read without parentheses.`;
      return refuse("EJS2043", `"${name}" is no method of an expression.`, hint);
    }
    return symbolOf(make(receiver.syntax, args, this.methodContext()), this.options);
  }

  has(_target: unknown, name: string | symbol): boolean {
    return this.misused(`searched with JavaScript's in ("${String(name)}")`);
  }

  set(): boolean {
    return this.misused("assigned to");
  }

  deleteProperty(): boolean {
    return this.misused("changed");
  }

  defineProperty(): boolean {
    return this.misused("changed");
  }

  ownKeys(): never {
    return this.misused("spread or enumerated");
  }

  private methodContext(): MethodContext {
    return {
      syntaxOf,
      isSymbol,
      bind: (name) => symbolOf({ kind: "name", name, range: NOWHERE }, this.options),
    };
  }

  private misused(how: string): never {
    const text = toText(symbolOf(this.syntax, { taken: this.options.taken ?? [] })).text;
    return refuse(
      "EJS2040",
      `${text} was ${how}; it is a symbol that has no value while the model is built.`,
      "Use .eq(…), .and(…), .or(…), .not(), .plus(…) or when(condition, a, b).",
    );
  }
}
