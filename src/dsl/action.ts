/**
 * Actions: named changes of one row, with transitions, guards and durable effects.
 */
import type { ConditionScope } from "./condition-scope.ts";
import { declared } from "./declared.ts";
import type { AnyField, Field } from "./field.ts";
import { type Condition, conditionOf } from "./policy.ts";
import type { RecordOf } from "./row-symbols.ts";
import type { Rule } from "./rule.ts";
import type { Shape } from "./shape.ts";
import { captureSite, type Site } from "./site.ts";
import type { Effect } from "./task.ts";
import type { Bool } from "./value-symbols.ts";

export interface ActionDeclaration {
  readonly kind: "action";
  readonly site: Site | undefined;
  readonly description?: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** As the user gave them. */
  readonly options: object;
  readonly from?: { readonly states: readonly string[]; readonly site: Site | undefined };
  readonly to?: { readonly state: string; readonly site: Site | undefined };
  readonly allow?: Condition & { readonly site?: Site | undefined };
  readonly guards: readonly { readonly condition: Condition; readonly why?: string; readonly site: Site | undefined }[];
  readonly effects: readonly { readonly effect: unknown; readonly site: Site | undefined }[];
}

declare const states: unique symbol;
declare const scope: unique symbol;
declare const guarded: unique symbol;
declare const inputs: unique symbol;

/**
 * An action over states `St`, rows of type `R` and the input `I`. The rows of a lambda that guards it, `G`, are told apart
 * from those of its rules: `G` is inferred from the entity around it, which it could not be out of an intersection.
 */
export interface Action<out St extends string, in R, out I = unknown, in G = never> {
  readonly [states]?: St;
  readonly [scope]?: (row: R) => void;
  readonly [guarded]?: (row: G) => void;
  readonly [inputs]?: I;
}

/** The shapes of an action's input, by its fields. */
export type InputShapes<I> = { readonly [P in keyof I]: I[P] extends Field<infer F> ? F : never };

export interface ActionChain<St extends string, R, I> extends Action<St, R, I, unknown> {
  /** What the action does, for people. */
  describe(text: string): this;
  /** The states that the action starts from. */
  from<const F extends string>(...states: readonly F[]): ActionChain<St | F, R, I>;
  /** The state that the action leads to. */
  to<const T extends string>(state: T): ActionChain<St | T, R, I>;
  /** Who may, instead of the entity's update rule. A lambda ends the chain. */
  allow<G>(who: Rule<G>): ActionChain<St, R & G, I>;
  allow<G>(who: (symbols: ConditionScope<G>) => Bool): Action<St, R, I, G>;
  /** What follows durably, in the transaction's wake: a task or a workflow. */
  effect(effect: Effect): ActionChain<St, R, I>;
  /** What must hold, and the sentence for whom it does not. A lambda ends the chain. */
  guard<G>(condition: Rule<G>, why?: string): ActionChain<St, R & G, I>;
  guard<G>(
    condition: (symbols: ConditionScope<G> & { readonly input: RecordOf<InputShapes<I>> }) => Bool,
    why?: string,
  ): Action<St, R, I, G>;
}

/**
 * Declares an action; it becomes a mutation and a function in the database.
 *
 * @example pay: action().from("sent").to("paid").allow(isOwnerOrRole("billing")).effect(task("charge-provider"))
 * @example pay: action({ input: { reference: text().max(80) } })
 */
// biome-ignore lint/complexity/noBannedTypes: `{}` is the input without fields
export function action<I extends Readonly<Record<string, Field<Shape, never> | AnyField>> = {}>(options?: {
  readonly input?: I;
}): ActionChain<never, unknown, I> {
  return chain({
    kind: "action",
    site: captureSite(),
    input: options?.input ?? {},
    options: options ?? {},
    guards: [],
    effects: [],
  }) as never;
}

function chain(action: ActionDeclaration): object {
  const next = (change: Partial<ActionDeclaration>) => chain({ ...action, ...change });
  return declared(action, {
    describe: (description: string) => next({ description }),
    from: (...states: readonly string[]) => next({ from: { states, site: captureSite() } }),
    to: (state: string) => next({ to: { state, site: captureSite() } }),
    allow: (who: unknown) => {
      const site = captureSite();
      return next({ allow: { ...conditionOf(who, site), site } });
    },
    effect: (effect: unknown) => next({ effects: [...action.effects, { effect, site: captureSite() }] }),
    guard: (condition: unknown, why?: string) => {
      const site = captureSite();
      const guard = { condition: conditionOf(condition, site), site, ...(why === undefined ? {} : { why }) };
      return next({ guards: [...action.guards, guard] });
    },
  });
}
