/**
 * How a declaration travels from the user's file to the compiler: the object that
 * a call of the DSL returns carries its plain data under a global symbol, which no
 * field name can collide with and every instance of this package reads.
 */
const key = Symbol.for("enginejs.declaration");

/** An object that carries the declaration `D`. */
export interface Declared<D> {
  readonly [key]: D;
}

/** Puts the declaration beside the methods of a chain. */
export function declared<D, M extends object>(declaration: D, methods: M): M & Declared<D> {
  return Object.assign(methods, { [key]: declaration });
}

/** The declaration that an object carries; undefined for anything that no call of the DSL has made. */
export function declarationOf<D extends { readonly kind: string }>(
  value: unknown,
  ...kinds: readonly D["kind"][]
): D | undefined {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  const declaration = (value as Partial<Declared<D>>)[key];
  return declaration !== undefined && kinds.includes(declaration.kind) ? declaration : undefined;
}

/** A function of the user's that gets symbols and returns an expression. */
// biome-ignore lint/suspicious/noExplicitAny: what it gets and gives is typed where the user writes it
export type Callback = (...symbols: any[]) => unknown;
