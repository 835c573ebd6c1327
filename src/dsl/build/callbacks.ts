/**
 * Runs the callbacks of a model over symbols, once, and keeps what they return
 * as text. Every way in which that goes wrong is a finding at its place.
 */
import { EngineError } from "../../errors/engine-error.ts";
import {
  createSymbols,
  findUntrackedOperators,
  isSymbol,
  member,
  type SymbolText,
  toText,
} from "../../expression/index.ts";
import type { Callback } from "../declared.ts";
import { captureSite, type Site, siteOfError } from "../site.ts";
import { type Report, shown } from "./report.ts";

/** A callback, and where it was given. */
export interface CallbackAt {
  readonly callback: Callback;
  readonly site: Site | undefined;
}

export interface CallbackScope {
  /** The names that the place offers: `row`, `actor`. */
  readonly names: readonly string[];
  /** The name whose members may be taken by themselves: `({ lines }) => …` is `({ row }) => row.lines`. */
  readonly spread?: string;
}

/** The text of an expression and where its pieces were written. */
export interface Written extends SymbolText {
  /** What it is of, in a message: `Invoice.subtotal`. */
  readonly what: string;
  readonly site: Site | undefined;
}

export class Callbacks {
  private readonly report: Report;
  /** A rule that ten entities use is parsed once, and its errors are told once. */
  private readonly sound = new Map<Callback, boolean>();

  constructor(report: Report) {
    this.report = report;
  }

  /** Runs a callback that returns one expression; undefined after a report. `wrap` makes another one of what it returned. */
  expression(
    given: CallbackAt,
    scope: CallbackScope,
    what: string,
    wrap: (value: unknown) => unknown = (value) => value,
  ): Written | undefined {
    const result = this.run(given, scope, what);
    return result === undefined ? undefined : this.written(wrap(result.value), given.site, what);
  }

  /** Runs a callback that returns an object of expressions and constants. */
  expressions(given: CallbackAt, scope: CallbackScope, what: string): ReadonlyMap<string, Written> | undefined {
    const result = this.run(given, scope, what);
    if (result === undefined) return undefined;
    const { value } = result;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.reportResult(value, given.site, what, "Return an object: ({ record }) => ({ to: record.email }).");
      return undefined;
    }
    const texts = new Map<string, Written>();
    for (const [name, part] of Object.entries(value)) {
      const written = this.written(part, given.site, `${what}.${name}`, name);
      if (written !== undefined) texts.set(name, written);
    }
    return texts;
  }

  private run({ callback, site }: CallbackAt, scope: CallbackScope, what: string): { value: unknown } | undefined {
    if (typeof callback !== "function") {
      this.report.error("EJS2131", `${what}: expected a callback, found ${shown(callback)}.`, { site });
      return undefined;
    }
    if (!this.isSound(callback, site, what)) return undefined;
    try {
      return { value: callback(symbolsOf(scope)) };
    } catch (error) {
      this.reportThrown(error, site, what);
      return undefined;
    }
  }

  /** `&&` on a symbol runs, type-checks and drops a side: only the callback's source tells. */
  private isSound(callback: Callback, site: Site | undefined, what: string): boolean {
    const known = this.sound.get(callback);
    if (known !== undefined) return known;
    const source = callback.toString();
    const operators = findUntrackedOperators(source);
    this.sound.set(callback, operators.length === 0);
    for (const { code, message, start, end, hint } of operators) {
      const where = site === undefined ? undefined : this.report.positions.inCallback(site, source, start, end - start);
      this.report.add(code, `${what}: ${message}`, { where, hint });
    }
    return operators.length === 0;
  }

  private written(value: unknown, site: Site | undefined, what: string, word?: string): Written | undefined {
    const isExpression =
      isSymbol(value) || value === null || ["string", "number", "bigint", "boolean"].includes(typeof value);
    if (!isExpression && !Array.isArray(value) && !(value instanceof Date)) {
      this.reportResult(value, site, what, undefined, word);
      return undefined;
    }
    try {
      return { ...toText(value), what, site };
    } catch (error) {
      this.reportThrown(error, site, what);
      return undefined;
    }
  }

  private reportResult(value: unknown, site: Site | undefined, what: string, hint?: string, word?: string): void {
    const found = value instanceof Promise ? "a promise" : value === undefined ? "nothing" : shown(value);
    this.report.error("EJS2131", `${what}: the callback returns ${found} instead of an expression.`, {
      site,
      word,
      hint: hint ?? (value === undefined ? "Is a return missing, or a pair of parentheses?" : undefined),
    });
  }

  private reportThrown(error: unknown, site: Site | undefined, what: string): void {
    const thrown = siteOfError(error) ?? site;
    if (error instanceof EngineError) {
      for (const { code, message, hint } of error.diagnostics) {
        this.report.add(code, `${what}: ${message}`, { site: thrown, hint });
      }
      return;
    }
    const text = error instanceof Error ? error.message : shown(error);
    this.report.error("EJS2130", `${what}: the callback failed: ${text}`, { site: thrown });
  }
}

/** Every name is a symbol, also one that the place does not offer: the checker then says what there is. */
function symbolsOf({ names, spread }: CallbackScope): object {
  const symbols = createSymbols(names, { captureSite });
  return new Proxy(Object.freeze({}), {
    get(_target, name) {
      if (typeof name === "symbol" || name === "then") return undefined;
      if (names.includes(name)) return symbols[name];
      if (spread !== undefined) return member(symbols[spread], name);
      return createSymbols([name], { captureSite })[name];
    },
  });
}
