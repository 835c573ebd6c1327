import type { Command } from "../model/index.ts";
import type { Action, InputShapes } from "./action.ts";
import type { Check } from "./check.ts";
import { makeMomentTrigger } from "./clock-trigger.ts";
import { collect } from "./collection.ts";
import type { Scope } from "./condition-scope.ts";
import { declared } from "./declared.ts";
import type { Field } from "./field.ts";
import type { Index } from "./index-declaration.ts";
import type { Policy } from "./policy.ts";
import type { EntityName } from "./registry.ts";
import type { Actor, ChangedFields, Row, StoredRow } from "./row-symbols.ts";
import type { Shape, State } from "./shape.ts";
import { captureSite, type Site } from "./site.ts";
import { makeTrigger, type Trigger } from "./trigger.ts";
import type { Bool } from "./value-symbols.ts";
import type { View } from "./view.ts";
import type { Duration } from "./workflow-options.ts";

export interface EntityDeclaration {
  readonly kind: "entity";
  readonly site: Site | undefined;
  readonly name: string;
  /** As the user gave it: every part is looked at by the compiler. */
  readonly options: Readonly<Record<string, unknown>>;
}

declare const inputs: unique symbol;

/** An entity of the model, with the events that workflows can start on. */
export interface Entity<N extends string, A> {
  readonly name: N;
  readonly [inputs]?: A;
  /** After the action: `Invoice.on("pay")`. */
  on<K extends keyof A & string>(
    action: K,
  ): Trigger<N, A[K] extends Action<string, never, infer I> ? InputShapes<I> : unknown>;
  /** After a row was made. */
  created(condition?: (symbols: { readonly after: StoredRow<N>; readonly actor: Actor }) => Bool): Trigger<N>;
  /**
   * After a row was changed, by whatever but an action; where a condition is given, only when it holds.
   *
   * @example Invoice.updated(({ changed }) => changed.dueAt)
   */
  updated(
    condition?: (symbols: {
      readonly before: StoredRow<N>;
      readonly after: StoredRow<N>;
      readonly changed: ChangedFields<N>;
      readonly actor: Actor;
    }) => Bool,
  ): Trigger<N>;
  /**
   * At a time that the row says, a while before or after it: `Invoice.at("dueAt", "-2d")`, two times 24 hours before. Once per row
   * and time: a row that is moved before fires at its new time only, one that is moved to a later time after it has fired
   * fires again; a time that was over when its writer's transaction began does not fire. Neither does a row that is gone by then, or that
   * the condition does not hold for. A date is its midnight in UTC.
   */
  at(
    field: keyof StoredRow<N> & string,
    offset?: Duration | `-${Duration}` | `+${Duration}`,
    condition?: (symbols: { readonly row: Row<N> }) => Bool,
  ): Trigger<N>;
  /** After a row was deleted. */
  deleted(condition?: (symbols: { readonly before: StoredRow<N>; readonly actor: Actor }) => Bool): Trigger<N>;
}

/** The states of whichever fields are state machines. */
type StatesOf<Fs> = { [P in keyof Fs]: Fs[P] extends Field<State<infer S>> ? S : never }[keyof Fs];

type FieldNames<Fs> = (keyof Fs & string) | "id" | "tenant" | "createdAt" | "updatedAt";

/** A policy of the entity: over its rows, for its commands and its actions. */
type EntityPolicy<N, A> = Policy<Row<N>, Row<N>, Command | "write" | (keyof A & string)>;

export interface EntityOptions<N extends string, Fs, A> {
  /** What it is, for people: COMMENT and GraphQL description. */
  readonly describe?: string;
  /** False: the rows belong to no tenant. */
  readonly tenant?: boolean;
  /** False: changes write no events, no workflow can start on them. */
  readonly events?: boolean;
  /** The table's name, where the inferred one (`invoice_line`) cannot be. */
  readonly table?: string;
  readonly fields: Fs;
  /** Conditions over one row, named, each with the sentence that a user sees. */
  readonly rules?: Readonly<Record<string, Check<Row<NoInfer<N>>>>>;
  readonly indexes?: readonly Index<Row<NoInfer<N>>>[];
  readonly policies?: EntityPolicy<NoInfer<N>, NoInfer<A>> | readonly EntityPolicy<NoInfer<N>, NoInfer<A>>[];
  readonly actions?: A;
  readonly views?: Readonly<Record<string, View<FieldNames<NoInfer<Fs>>>>>;
  /** Free notes for generated surfaces. */
  readonly meta?: Readonly<Record<string, unknown>>;
}

/**
 * Declares an entity: a table with its keys, policies, actions and API.
 *
 * @example
 * export const Customer = entity("Customer", {
 *   fields: { name: text().required().max(200), invoices: array(ref("Invoice")) },
 *   policies: allow({ read: isMemberOfTenant, write: hasRole("billing") }),
 * });
 */
export function entity<
  const N extends EntityName,
  Fs extends { readonly [P in string]: Field<Shape, Scope<NoInfer<N>>> },
  // biome-ignore lint/complexity/noBannedTypes: `{}` is an entity without actions
  A extends { readonly [P in string]: Action<StatesOf<Fs>, Row<NoInfer<N>>, unknown, Row<NoInfer<N>>> } = {},
>(name: N, options: EntityOptions<N, Fs, A>): Entity<N, A> {
  const declaration: EntityDeclaration = {
    kind: "entity",
    site: captureSite(),
    name,
    options: options as unknown as Readonly<Record<string, unknown>>,
  };
  collect("entities", declaration);
  return declared(declaration, {
    name,
    on: (action: string) => makeTrigger(name, "action", { action }),
    created: (condition?: never) => makeTrigger(name, "create", { condition } as object),
    updated: (condition?: never) => makeTrigger(name, "update", { condition } as object),
    deleted: (condition?: never) => makeTrigger(name, "delete", { condition } as object),
    at: (field: unknown, offset?: unknown, condition?: never) => makeMomentTrigger(name, field, offset, condition),
  }) as unknown as Entity<N, A>;
}
