/** A row as an INSERT or UPDATE makes it, before anything is asked: given values, defaults, generated columns. */
import { parseDate, parseDecimal, parseTimestamp, type Value } from "../expression/index.ts";
import type { Entity, Field } from "../model/index.ts";
import type { ActorView } from "./actor-view.ts";
import { conflicting } from "./constraints.ts";
import { isHeld } from "./model-facts.ts";
import type { StoredRow } from "./world.ts";

/** Values that a statement gives, by field; what is left out gets its default. */
export type GivenValues = Readonly<Record<string, Value>>;

/** @param id what `enginejs.uuid_v7()` gives where the values name none */
export function insertedRow(view: ActorView, entity: Entity, values: GivenValues, id: string): StoredRow {
  const row: Record<string, Value> = {};
  for (const field of entity.fields) {
    if (!isHeld(field) || field.storage.kind === "generated") continue;
    row[field.name] = Object.hasOwn(values, field.name)
      ? (values[field.name] ?? null)
      : defaultOf(view, entity, field, id);
  }
  const { columns } = entity.primaryKey;
  const same = conflicting(view.model, view.world, entity, row, columns);
  for (const { name, storage } of entity.fields) {
    // The row of a side table is made after the row itself; until then what its key names is read, mostly nothing.
    if (storage.kind === "side" && !Object.hasOwn(values, name)) row[name] = same?.[name] ?? null;
  }
  return withGenerated(view, entity, row);
}

/** `20_touch` keeps the time of the change. */
export function updatedRow(view: ActorView, entity: Entity, before: StoredRow, values: GivenValues): StoredRow {
  const touched = entity.fields.find(({ storage }) => storage.kind === "column" && storage.column === "updated_at");
  return withGenerated(view, entity, {
    ...before,
    ...values,
    ...(touched === undefined ? {} : { [touched.name]: view.world.now }),
  });
}

function withGenerated(view: ActorView, entity: Entity, row: StoredRow): StoredRow {
  const generated = [...view.rules(entity).generated].map(([name, core]): [string, Value] => [
    name,
    view.value(entity, row, core),
  ]);
  return { ...row, ...Object.fromEntries(generated) };
}

/** What a column has where a statement names it not; @param id what `enginejs.uuid_v7()` gives */
export function defaultOf(view: ActorView, entity: Entity, field: Field, id: string | null = null): Value {
  const { default: value, type } = field;
  if (value === undefined) return type.kind === "state" ? type.initial : null;
  switch (value.kind) {
    case "value":
      return constant(field, value.value);
    case "expression": {
      const core = view.rules(entity).defaults.get(field.name);
      return core === undefined ? null : view.defaultValue(core);
    }
    case "generated":
      switch (value.by) {
        case "uuid_v7":
          return id;
        case "now":
          return view.world.now;
        case "tenant":
          return view.actor.tenantId;
        default:
          return value.by satisfies never;
      }
    default:
      return value satisfies never;
  }
}

/** A constant of the IR: bigints, decimals and times are strings there. */
export function constant({ type }: Field, value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (type.kind !== "scalar") return String(value);
  switch (type.scalar) {
    case "integer":
    case "bigint":
    case "money":
      return BigInt(value as string | number);
    case "decimal":
      return parseDecimal(String(value)) ?? null;
    case "date":
      return parseDate(String(value)) ?? null;
    case "timestamp":
      return parseTimestamp(String(value)) ?? null;
    default:
      return value as Value;
  }
}
