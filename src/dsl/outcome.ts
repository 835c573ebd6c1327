/** Which way a task goes on, where the step that calls it has several. */

/** In every instance of this package the same: a task file may have its own copy. */
const key = Symbol.for("enginejs.outcome");

/** What `outcome` made. */
export interface Outcome<P extends string = string, V = unknown> {
  readonly port: P;
  readonly value: V;
}

/**
 * Returned by a task: the run goes on by this way out of the step, and what follows there is given the value. The ways out
 * are those that the step of the process declares; a plain return leaves by `ok`, or by the only one.
 *
 * An outcome is a result like any other: it is kept, and never computed twice. An error that is thrown is tried again.
 *
 * @example if (card.refused) return outcome("declined", { reason: card.reason });
 */
export function outcome<const P extends string>(port: P): Outcome<P, null>;
export function outcome<const P extends string, const V>(port: P, value: V): Outcome<P, V>;
export function outcome(port: string, value: unknown = null): Outcome {
  return Object.assign({ port, value }, { [key]: true });
}

/** What a task returned is an outcome. */
export const isOutcome = (value: unknown): value is Outcome =>
  typeof value === "object" && value !== null && (value as { readonly [key]?: unknown })[key] === true;
