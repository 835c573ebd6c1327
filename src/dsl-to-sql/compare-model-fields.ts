/** What a change of each part of a field means. */
import type { Entity, Field } from "../model/index.ts";
import { type Comparison, compareFields, type FieldRule, type Rules, same } from "./model-change.ts";
import { isStored } from "./model-index.ts";
import { holdsValues, isSide } from "./side-fields.ts";

const path = (entity: Entity, field: Field): string => `${entity.name}.fields.${field.name}`;
const column = (entity: Entity, field: Field): string =>
  isStored(field)
    ? `${entity.table}.${field.storage.column}`
    : isSide(field)
      ? `${field.storage.table}.${field.storage.column}`
      : field.name;

/** A new field, where rows may be there already. */
export function addField(entity: Entity, field: Field, at: Comparison): void {
  const blocked = whyNot(field);
  if (blocked === undefined) at.change("+", path(entity, field), `field ${entity.name}.${field.name}`);
  else {
    at.refuse(
      "EJS3014",
      path(entity, field),
      `${entity.name}.${field.name} is new and required, and ${blocked}. Rows that are there would have no value.`,
      "Give the field a constant default, or do not require it.",
    );
  }
}

function whyNot(field: Field): string | undefined {
  if (!holdsValues(field) || field.storage.kind === "generated" || !field.required) return undefined;
  if (field.type.kind === "state") return undefined;
  switch (field.default?.kind) {
    case undefined:
      return "has no default";
    case "value":
      return field.default.value === null ? "its default is null" : undefined;
    case "expression":
      return /\bactor\b/.test(field.default.expression) ? "its default depends on the actor" : undefined;
    case "generated":
      return field.default.by === "tenant" ? "its default is the request's tenant" : undefined;
    default:
      return field.default satisfies never;
  }
}

export function removeField(entity: Entity, field: Field, at: Comparison): void {
  if (!holdsValues(field)) {
    at.change("-", path(entity, field), `field ${entity.name}.${field.name}`);
    return;
  }
  at.refuse(
    "EJS3011",
    entity.name,
    `${entity.name}.${field.name} is gone from the model. Its ${isSide(field) ? "table" : "column"} ${isSide(field) ? field.storage.table : column(entity, field)} and what it holds would be dropped.`,
    "Put the field back. If it was renamed: a build guesses no renames, and would drop one column and make another.",
  );
}

export function compareField(entity: Entity, before: Field, after: Field, at: Comparison): void {
  compareFields(before, after, rulesFor(entity, before, after), at);
}

function rulesFor(entity: Entity, before: Field, after: Field): Rules<Field> {
  const name = `${entity.name}.${after.name}`;
  const changed =
    (what: string): FieldRule<unknown> =>
    (_old, _new, at) =>
      at.change("~", path(entity, after), `${what} of ${name}`);
  const refuse = (at: Comparison, code: string, message: string, hint?: string): void =>
    at.refuse(code, path(entity, after), `${name}: ${message}`, hint);
  const isStoredNow = holdsValues(before) || holdsValues(after);
  return {
    name: (_old, _new, at) => refuse(at, "EJS3011", "the name changed."),
    description: changed("description"),
    type: (old, current, at) => {
      if (!isStoredNow) return changed("type")(old, current, at);
      if (grew(old, current)) return changed("states")(old, current, at);
      refuse(
        at,
        "EJS3012",
        `the type changed from ${describe(old)} to ${describe(current)}. What ${column(entity, before)} holds may not fit.`,
      );
    },
    required: (_old, required, at) => {
      if (!isStoredNow) return changed("nullability")(_old, required, at);
      refuse(
        at,
        "EJS3014",
        required
          ? `became required. Rows that are there may have no value in ${column(entity, before)}.`
          : `is no longer required. The column ${column(entity, before)} would become nullable.`,
      );
    },
    storage: (old, current, at) => {
      if (isSide(before) !== isSide(after) && holdsValues(before) && holdsValues(after)) {
        refuse(
          at,
          "EJS3012",
          isSide(after)
            ? `got a rule for reading, so that its values belong into a table of their own, ${column(entity, after)}. A build moves no values.`
            : `lost its rule for reading, so that its values belong into the column ${column(entity, after)}. A build moves no values.`,
          "Declare a new field with the rule that is wanted, and copy the values by hand.",
        );
      } else if (isStoredNow) {
        refuse(
          at,
          "EJS3012",
          `is stored differently: ${old.kind} became ${current.kind}, or its column, type or expression changed.`,
        );
      } else {
        changed("expression")(old, current, at);
      }
    },
    default: (_old, _new, at) => {
      if (isStoredNow)
        refuse(at, "EJS3012", `the default changed. The column ${column(entity, before)} would be altered.`);
      else changed("default")(_old, _new, at);
    },
    writable: changed("grants"),
    access: changed("rules"),
    inferred: changed("note"),
  };
}

/** A state machine that only gained states: each row that is there still fits. */
export function grew(before: Field["type"], after: Field["type"]): boolean {
  return (
    before.kind === "state" &&
    after.kind === "state" &&
    before.initial === after.initial &&
    before.states.every((state) => after.states.includes(state)) &&
    !same(before.states, after.states)
  );
}

function describe(type: Field["type"]): string {
  switch (type.kind) {
    case "scalar": {
      const { kind: _kind, scalar, ...limits } = type;
      const parts = Object.entries(limits).map(([key, value]) => `${key} ${String(value)}`);
      return parts.length === 0 ? scalar : `${scalar} (${parts.join(", ")})`;
    }
    case "state":
      return `state [${type.states.join(", ")}], initial ${type.initial}`;
    case "one":
      return `a reference to ${type.entity} (on delete ${type.onDelete})`;
    case "many":
      return `the rows of ${type.entity} by ${type.via}`;
    default:
      return type satisfies never;
  }
}
