/** What a change of each part of an entity means. Fields are compared in `compare-model-fields.ts`. */
import type { Entity } from "../model/index.ts";
import { addField, compareField, removeField } from "./compare-model-fields.ts";
import {
  type Comparison,
  compareFields,
  compareLists,
  type FieldRule,
  type ListRule,
  type Rules,
  same,
} from "./model-change.ts";

export function addEntity(entity: Entity, at: Comparison): void {
  at.change("+", entity.name, `entity ${entity.name}`);
}

export function removeEntity(entity: Entity, at: Comparison): void {
  at.refuse(
    "EJS3010",
    entity.name,
    `${entity.name} is gone from the model. Its table ${entity.table} and every row in it would be dropped.`,
    "Put the entity back. If it was renamed: a build guesses no renames, and would drop one table and make another.",
  );
}

/** Rules for the fields of one entity; the name is that of both. */
function rulesFor(entity: Entity, before: Entity): Rules<Entity> {
  const { name } = entity;
  const refused =
    (code: string, what: string): FieldRule<unknown> =>
    (_old, _new, at) =>
      at.refuse(code, name, `${name}: ${what}`);
  const changed =
    (what: string): FieldRule<unknown> =>
    (_old, _new, at) =>
      at.change("~", name, `${what} of ${name}`);
  return {
    name: refused("EJS3010", "the name changed."),
    description: changed("description"),
    table: refused("EJS3010", `the table changed from ${before.table} to ${entity.table}. The rows would stay behind.`),
    tenant: refused("EJS3013", "whether its rows belong to a tenant changed. The key of every row depends on it."),
    events: changed("events"),
    fields: (old, current, at) => compareLists(old, current, fieldRule(entity), at),
    primaryKey: refused("EJS3013", "the primary key changed."),
    uniques: (old, current, at) => compareLists(old, current, uniqueRule(entity, before), at),
    indexes: (old, current, at) =>
      compareLists(
        old,
        current,
        simple(name, "index", (index) => index.name, "indexes"),
        at,
      ),
    foreignKeys: (old, current, at) => compareLists(old, current, foreignKeyRule(entity, before), at),
    checks: (old, current, at) => compareLists(old, current, checkRule(entity), at),
    policies: (old, current, at) =>
      compareLists(
        old,
        current,
        simple(name, "policy", (policy) => policy.name, "policies"),
        at,
      ),
    actions: (old, current, at) =>
      compareLists(
        old,
        current,
        simple(name, "action", (action) => action.name, "actions"),
        at,
      ),
    views: (old, current, at) =>
      compareLists(
        old,
        current,
        simple(name, "view", (view) => view.name, "views"),
        at,
      ),
    operations: (old, current, at) =>
      compareLists(
        old,
        current,
        simple(name, "operation", (operation) => operation.id, "operations"),
        at,
      ),
    meta: changed("notes"),
  };
}

export function compareEntities(before: Entity, after: Entity, at: Comparison): void {
  compareFields(before, after, rulesFor(after, before), at);
}

/** What is put in place again without touching a row. */
function simple<T>(entity: string, kind: string, key: (item: T) => string, path: string): ListRule<T> {
  const tell =
    (verb: "+" | "-") =>
    (item: T, at: Comparison): void =>
      at.change(verb, `${entity}.${path}.${key(item)}`, `${kind} ${entity}: ${key(item)}`);
  return {
    key,
    added: tell("+"),
    removed: tell("-"),
    changed: (_before, item, at) => at.change("~", `${entity}.${path}.${key(item)}`, `${kind} ${entity}: ${key(item)}`),
  };
}

const fieldRule = (entity: Entity): ListRule<Entity["fields"][number]> => ({
  key: (field) => field.name,
  added: (field, at) => addField(entity, field, at),
  removed: (field, at) => removeField(entity, field, at),
  changed: (before, after, at) => compareField(entity, before, after, at),
  // Only the order in which psql and GraphQL list them.
  reordered: (at) => at.change("~", entity.name, `order of the fields of ${entity.name}`),
});

/** A new unique counts only over a column that is new as well and empty in every row that is there. */
function uniqueRule(entity: Entity, before: Entity): ListRule<Entity["uniques"][number]> {
  const path = (name: string): string => `${entity.name}.uniques.${name}`;
  return {
    key: (unique) => unique.name,
    added: (unique, at) => {
      const isEmpty = unique.fields.some((name) => {
        const field = entity.fields.find((candidate) => candidate.name === name);
        const isNew = !before.fields.some((candidate) => candidate.name === name);
        return isNew && field !== undefined && !field.required && field.default === undefined;
      });
      if (isEmpty) at.change("+", path(unique.name), `unique ${entity.name}: ${unique.fields.join(", ")}`);
      else {
        at.refuse(
          "EJS3015",
          entity.name,
          `${entity.name}: ${unique.fields.join(", ")} became unique (${unique.name}). Rows that are there may hold the same value twice.`,
        );
      }
    },
    removed: (unique, at) =>
      at.refuse(
        "EJS3015",
        entity.name,
        `${entity.name}: ${unique.fields.join(", ")} is no longer unique. The constraint ${unique.name} would be dropped.`,
      ),
    changed: (old, unique, at) => {
      if (same(old.columns, unique.columns)) at.change("~", path(unique.name), `unique ${entity.name}: ${unique.name}`);
      else at.refuse("EJS3015", entity.name, `${entity.name}: the columns of the unique ${unique.name} changed.`);
    },
  };
}

function foreignKeyRule(entity: Entity, before: Entity): ListRule<Entity["foreignKeys"][number]> {
  return {
    key: (key) => key.name,
    added: (key, at) => {
      // With its field, which says whether it can be there.
      if (before.fields.some((field) => field.name === key.field)) {
        at.refuse(
          "EJS3015",
          `${entity.name}.fields.${key.field}`,
          `${entity.name}.${key.field} got the foreign key ${key.name}. Rows that are there may break it.`,
        );
      }
    },
    removed: (key, at) => {
      // A field that is gone is refused by itself.
      if (entity.fields.some((field) => field.name === key.field)) {
        at.refuse(
          "EJS3015",
          `${entity.name}.fields.${key.field}`,
          `${entity.name}.${key.field} lost the foreign key ${key.name}.`,
        );
      }
    },
    changed: (_old, key, at) =>
      at.refuse(
        "EJS3015",
        `${entity.name}.fields.${key.field}`,
        `${entity.name}.${key.field}: the foreign key ${key.name} changed.`,
      ),
  };
}

/** Whether a CHECK may come or change depends on its columns: the statements know them, see `table-changes.ts`. */
const checkRule = (entity: Entity): ListRule<Entity["checks"][number]> => ({
  key: (check) => check.name,
  added: (check, at) => at.change("+", `${entity.name}.checks.${check.name}`, `rule ${entity.name}: ${check.name}`),
  removed: (check, at) =>
    at.refuse("EJS3015", entity.name, `${entity.name}: the rule ${check.name} is gone. Its CHECK would be dropped.`),
  changed: (_old, check, at) =>
    at.change("~", `${entity.name}.checks.${check.name}`, `rule ${entity.name}: ${check.name}`),
});
