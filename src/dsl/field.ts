/**
 * Fields as a model declares them: the chain that a user writes and the plain data that it leaves.
 */
import type { Truth } from "./condition-scope.ts";
import { type Callback, type Declared, declared } from "./declared.ts";
import { type Condition, conditionOf } from "./policy.ts";
import type { Rule } from "./rule.ts";
import type { ManyOf, One, Scalar, ScalarName, Shape, State } from "./shape.ts";
import { captureSite, type Site } from "./site.ts";
import type { Bool, Expression, Family, FamilyOf } from "./value-symbols.ts";

/** What a field holds, before names are resolved. */
export type DeclaredType =
  | {
      readonly kind: "scalar";
      readonly scalar: ScalarName;
      readonly max?: number;
      readonly min?: number;
      readonly pattern?: RegExp | string;
      readonly precision?: number;
      readonly scale?: number;
      readonly currency?: string;
    }
  | { readonly kind: "state"; readonly states: readonly string[]; readonly initial: string }
  | { readonly kind: "one"; readonly entity: string; readonly onDelete?: OnDelete }
  | { readonly kind: "many"; readonly entity: string; readonly via?: string };

export type OnDelete = "restrict" | "cascade" | "set null";

export interface FieldDeclaration {
  readonly kind: "field";
  readonly site: Site | undefined;
  readonly type: DeclaredType;
  readonly required?: boolean;
  readonly unique?: boolean;
  readonly primary?: boolean;
  readonly index?: boolean;
  readonly immutable?: boolean;
  readonly writeOnce?: boolean;
  readonly readable?: FieldRuleDeclaration;
  readonly writable?: FieldRuleDeclaration;
  readonly description?: string;
  readonly default?: { readonly site: Site | undefined; readonly value: unknown } | CallbackAt;
  readonly computed?: CallbackAt & { readonly stored: boolean };
  /** Where a modifier was written, by its name: an error about `.via("x")` points there. */
  readonly modifiers: Readonly<Record<string, Site | undefined>>;
}

/** Who may read or write a field of a row that he may read or write. */
export interface FieldRuleDeclaration {
  readonly site: Site | undefined;
  readonly condition: Condition;
  /** The sentence, where the user gave one. */
  readonly why?: unknown;
}

/** A callback and where it was given. */
export interface CallbackAt {
  readonly site: Site | undefined;
  readonly callback: Callback;
}

declare const scope: unique symbol;

/** A field of shape `F`; `S` is what its callbacks may use, filled in by the entity around it. */
export interface Field<out F, in S = never> {
  readonly shape?: F;
  readonly [scope]?: (symbols: S) => void;
}

// biome-ignore lint/suspicious/noExplicitAny: without a callback a field fits every entity
type Anywhere = any;

interface Defaults<F, C> {
  /** The value of a new row that gives none: a constant, or a callback over `actor`, last in its chain. */
  default(value: C): this;
  default<S>(value: (symbols: S) => Expression<FamilyOf<F>>): Field<F, S>;
}

interface Described<F> extends Field<F, Anywhere> {
  /** What the field is, for people: COMMENT and GraphQL description. */
  describe(text: string): this;
}

// biome-ignore lint/suspicious/noExplicitAny: whether a rule fits the entity is found when the model is built
type AnyRule = Rule<any>;

/** Who may do what with the field. A lambda ends the chain; with two rules name one by `rule()`. */
interface Ruled<F> {
  /**
   * Who may read it, of those who may read the row; to everybody else it is null. It lies in a table of its own.
   *
   * @example money().readable(({ actor }) => actor.hasRole("billing"), "billing")
   */
  readable(rule: AnyRule, why?: string): this;
  readable<S>(rule: (symbols: S) => Truth, why?: string): Field<F, S>;
  /** Who may give it a value, of those who may write the row. */
  writable(rule: AnyRule, why?: string): this;
  writable<S>(rule: (symbols: S) => Truth, why?: string): Field<F, S>;
  /** Empty until it is given a value, which then stays. */
  writeOnce(): this;
}

interface Stored<F> extends Described<F>, Ruled<F> {
  /** Never null. */
  required(): this;
  /** No two rows (of a tenant) have the same. */
  unique(): this;
  /** An index, for filters and ordering. */
  index(): this;
  /** Set when the row is made, never changed. */
  immutable(): this;
}

interface Computable<F> {
  /**
   * Made from other fields instead of written: expanded wherever it is used, or with `{ stored: true }` a generated
   * column over fields of the same row. Last in its chain.
   *
   * @example money().computed(({ lines }) => sum(lines.map((line) => line.total)))
   */
  computed<S>(
    value: (symbols: S) => Expression<FamilyOf<F> & Family>,
    options?: { readonly stored?: boolean },
  ): Field<F, S>;
}

interface ScalarField<T extends ScalarName, C>
  extends Stored<Scalar<T>>,
    Defaults<Scalar<T>, C>,
    Computable<Scalar<T>> {}

export interface UuidField extends ScalarField<"uuid", string> {
  /** The entity's key, which is always `id`. May be left out: every entity has it. */
  primary(): this;
}
export interface TextField extends ScalarField<"text", string> {
  /** Most characters. */
  max(characters: number): this;
  /** Fewest characters. */
  min(characters: number): this;
  /** A regular expression of the portable subset that the whole text or a part of it matches. */
  pattern(pattern: RegExp): this;
}
export interface SlugField extends ScalarField<"slug", string> {
  /** Most characters. */
  max(characters: number): this;
}
export type IntegerField = ScalarField<"integer", number>;
export type BigintField = ScalarField<"bigint", number | bigint>;
export type MoneyField = ScalarField<"money", number | bigint>;
export type DecimalField = ScalarField<"decimal", number | string>;
export interface BooleanField extends Stored<Scalar<"boolean">>, Defaults<Scalar<"boolean">, boolean> {
  computed<S>(value: (symbols: S) => Bool, options?: { readonly stored?: boolean }): Field<Scalar<"boolean">, S>;
}
export type DateField = ScalarField<"date", string>;
export type TimestampField = ScalarField<"timestamp", string>;
export interface JsonField
  extends Stored<Scalar<"json">>,
    Defaults<Scalar<"json">, object | string | number | boolean> {}
export interface RolesField extends Stored<Scalar<"roles">>, Defaults<Scalar<"roles">, readonly string[]> {}
export interface StateField<S extends string> extends Described<State<S>> {
  /** An index, for filters and ordering. */
  index(): this;
}
export interface OneField<N extends string> extends Stored<One<N>> {
  /** The row that a new row refers to when it names none: a callback over `actor`, last in its chain. */
  default<S>(value: (symbols: S) => Expression<"uuid">): Field<One<N>, S>;
  /** What becomes of this row when the other one is deleted; without it the other one cannot be deleted. */
  onDelete(action: OnDelete): this;
}
export interface ManyField<N extends string> extends Described<ManyOf<N>> {
  /** The field of the other entity that refers back, where it has two. */
  via(field: string): this;
}

/** A field of whatever shape. */
export type AnyField = Field<Shape, Anywhere>;

/** All modifiers at once; which of them a type offers is said by its interface above. */
export function makeField(type: DeclaredType): never {
  return chain({ kind: "field", site: captureSite(), type, modifiers: {} }) as never;
}

function chain(field: FieldDeclaration): Declared<FieldDeclaration> {
  const next = (name: string, change: Partial<FieldDeclaration>) =>
    chain({ ...field, ...change, modifiers: { ...field.modifiers, [name]: captureSite() } });
  const retype = (name: string, change: object) => next(name, { type: { ...field.type, ...change } as DeclaredType });
  return declared(field, {
    required: () => next("required", { required: true }),
    unique: () => next("unique", { unique: true }),
    index: () => next("index", { index: true }),
    primary: () => next("primary", { primary: true }),
    immutable: () => next("immutable", { immutable: true }),
    writeOnce: () => next("writeOnce", { writeOnce: true }),
    readable: (rule: unknown, why?: unknown) => next("readable", { readable: fieldRule(rule, why) }),
    writable: (rule: unknown, why?: unknown) => next("writable", { writable: fieldRule(rule, why) }),
    describe: (description: string) => next("describe", { description }),
    max: (max: number) => retype("max", { max }),
    min: (min: number) => retype("min", { min }),
    pattern: (pattern: RegExp) => retype("pattern", { pattern }),
    via: (via: string) => retype("via", { via }),
    onDelete: (onDelete: OnDelete) => retype("onDelete", { onDelete }),
    default: (value: unknown) => {
      const site = captureSite();
      return next("default", {
        default: typeof value === "function" ? { site, callback: value as Callback } : { site, value },
      });
    },
    computed: (callback: Callback, options?: { readonly stored?: boolean }) =>
      next("computed", { computed: { site: captureSite(), callback, stored: options?.stored ?? false } }),
  });
}

function fieldRule(rule: unknown, why: unknown): FieldRuleDeclaration {
  const site = captureSite();
  return { site, condition: conditionOf(rule, site), ...(why === undefined ? {} : { why }) };
}
