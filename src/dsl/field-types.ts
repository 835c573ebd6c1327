/**
 * The types that a field can have: `text()`, `money()`, `state([…], { initial })`, `ref("Customer")`, …
 */
import { date as dateOf } from "../expression/index.ts";
import { declarationOf } from "./declared.ts";
import {
  type BigintField,
  type BooleanField,
  type DateField,
  type DecimalField,
  type Field,
  type FieldDeclaration,
  type IntegerField,
  type JsonField,
  type ManyField,
  type MoneyField,
  makeField,
  type OneField,
  type RolesField,
  type SlugField,
  type StateField,
  type TextField,
  type TimestampField,
  type UuidField,
} from "./field.ts";
import type { EntityName } from "./registry.ts";
import type { One } from "./shape.ts";
import type { Operand, Ordered } from "./value-symbols.ts";

/** A UUID. `id: uuid().primary()` may be left out: every entity has it. */
export const uuid = (): UuidField => makeField({ kind: "scalar", scalar: "uuid" });

/** Text of any length, or limited: `text().max(200)`, `text().pattern(/^[0-9]{5}$/)`. */
export const text = (): TextField => makeField({ kind: "scalar", scalar: "text" });

/** A short name for URLs and people: letters and digits, joined by `-`, `_` or `.`; at most 100 characters, or `.max(n)`. */
export const slug = (): SlugField => makeField({ kind: "scalar", scalar: "slug" });

/** A whole number of 32 bits. */
export const integer = (): IntegerField => makeField({ kind: "scalar", scalar: "integer" });

/** A whole number of 64 bits. */
export const bigint = (): BigintField => makeField({ kind: "scalar", scalar: "bigint" });

/** An exact decimal: `decimal(12, 2)` holds ten digits before the point and two after it. */
export const decimal = (precision = 38, scale = 9): DecimalField =>
  makeField({ kind: "scalar", scalar: "decimal", precision, scale });

/** An amount in minor units (cents), 64 bits; `money("EUR")` fixes the currency. */
export const money = (currency?: string): MoneyField =>
  makeField({ kind: "scalar", scalar: "money", ...(currency === undefined ? {} : { currency }) });

/** True or false. */
export const boolean = (): BooleanField => makeField({ kind: "scalar", scalar: "boolean" });

/** A day, without a time. */
export function date(): DateField;
/** In a callback: the day of a moment (in UTC), or a constant: `date("2026-06-01")`. */
export function date(value: Operand<"timestamp">): Ordered<"date">;
export function date(...values: readonly unknown[]): unknown {
  return values.length === 0 ? makeField({ kind: "scalar", scalar: "date" }) : dateOf(values[0]);
}

/** A moment, in microseconds; has no time zone of its own. */
export const timestamp = (): TimestampField => makeField({ kind: "scalar", scalar: "timestamp" });

/** Any JSON. */
export const json = (): JsonField => makeField({ kind: "scalar", scalar: "json" });

/** Roles of the config, for the membership entity. */
export const roles = (): RolesField => makeField({ kind: "scalar", scalar: "roles" });

/**
 * A state machine. Only actions change it; where actions declare transitions, only those pass.
 *
 * @example status: state(["draft", "sent", "paid"], { initial: "draft" })
 */
export function state<const S extends string>(
  states: readonly S[],
  options: { readonly initial: NoInfer<S> },
): StateField<S> {
  return makeField({ kind: "state", states, initial: options?.initial });
}

/** A reference to one row of another entity, by its name: `customer: ref("Customer").required()`. */
export const ref = <const N extends EntityName>(entity: N): OneField<N> => makeField({ kind: "one", entity });

/**
 * The many side of a reference: the rows of the other entity whose reference points here.
 *
 * @example lines: array(ref("InvoiceLine"))
 * @example sent: array(ref("Message")).via("sender")
 */
export function array<N extends string>(reference: Field<One<N>>): ManyField<N> {
  const type = declarationOf<FieldDeclaration>(reference, "field")?.type;
  return makeField({ kind: "many", entity: (type?.kind === "one" ? type.entity : undefined) as string });
}
