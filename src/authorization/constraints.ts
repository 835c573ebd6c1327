/**
 * What a row meets after the policies, in PostgreSQL's order: NOT NULL, CHECKs, unique keys, and at the statement's end the
 * foreign keys, which look at the true rows and not at those that the actor sees.
 */
import type { Value } from "../expression/index.ts";
import { compilePattern, matchesPattern } from "../expression/pattern.ts";
import type { Entity, Field } from "../model/index.ts";
import type { ActorView } from "./actor-view.ts";
import { isHeld, type ModelFacts } from "./model-facts.ts";
import { type Refusal, refused } from "./outcome.ts";
import type { StoredRow, World } from "./world.ts";

/** Letters and digits, joined by `-`, `_` or `.`. */
const SLUG = /^[A-Za-z0-9]+([_.-][A-Za-z0-9]+)*$/;
const SLUG_MAX = 100;

/** NOT NULL first, then CHECKs, and then the unique keys. */
export function checkRow(view: ActorView, entity: Entity, row: StoredRow, replaces?: StoredRow): Refusal | undefined {
  const { model, world } = view;
  const missing = entity.fields.find(
    (field) => field.required && field.storage.kind !== "side" && isHeld(field) && (row[field.name] ?? null) === null,
  );
  if (missing !== undefined) return refused("23502", `${entity.name}.${missing.name} is required`);
  const unfit = entity.fields.find((field) => isHeld(field) && !fits(field, row[field.name] ?? null, model));
  if (unfit !== undefined) return refused("23514", `${entity.name}.${unfit.name}`);
  const broken = view.rules(entity).checks.find(({ core }) => view.holds(entity, row, core) === false);
  if (broken !== undefined) return refused("23514", broken.name);
  const key = duplicateKey(model, world, entity, row, replaces);
  return key === undefined ? undefined : refused("23505", key);
}

/** What a field's type demands of a value, of a column's and of an action's input alike. */
export function fits({ type }: Field, value: Value, model: ModelFacts): boolean {
  if (value === null) return true;
  if (type.kind === "state") return type.states.includes(value as string);
  if (type.kind !== "scalar") return true;
  switch (type.scalar) {
    case "text": {
      const { min = 0, max = Number.POSITIVE_INFINITY, pattern } = type;
      const size = [...(value as string)].length;
      if (size < min || size > max) return false;
      if (pattern === undefined) return true;
      const compiled = compilePattern(pattern);
      return !compiled.ok || matchesPattern(compiled.pattern, value as string);
    }
    case "slug":
      return [...(value as string)].length <= (type.max ?? SLUG_MAX) && SLUG.test(value as string);
    case "roles": {
      const known = new Set(model.system.roles.filter(({ of }) => of === "tenant").map(({ name }) => name));
      return (value as readonly string[]).every((role) => known.has(role));
    }
    default:
      return true;
  }
}

/** The name of a unique key that another row already holds; nulls are no duplicates. */
export function duplicateKey(
  model: ModelFacts,
  world: World,
  entity: Entity,
  row: StoredRow,
  replaces?: StoredRow,
): string | undefined {
  return [entity.primaryKey, ...entity.uniques].find(
    ({ columns }) => conflicting(model, world, entity, row, columns, replaces) !== undefined,
  )?.name;
}

/** The row that holds the same values in the columns. */
export function conflicting(
  model: ModelFacts,
  world: World,
  entity: Entity,
  row: StoredRow,
  columns: readonly string[],
  replaces?: StoredRow,
): StoredRow | undefined {
  const values = columns.map((column) => model.valueOfColumn(entity, row, column));
  if (values.includes(null)) return undefined;
  return world
    .rows(entity.name)
    .find(
      (other) =>
        other !== replaces && columns.every((column, i) => model.valueOfColumn(entity, other, column) === values[i]),
    );
}

/** A reference to nothing. The row itself counts as there: keys are checked at the end of the statement. */
export function danglingKey(model: ModelFacts, world: World, entity: Entity, row: StoredRow): string | undefined {
  return entity.foreignKeys.find((key) => {
    const values = key.columns.map((column) => model.valueOfColumn(entity, row, column));
    if (values.includes(null)) return false;
    const target = model.entity(key.references.entity);
    const isTarget = (candidate: StoredRow): boolean =>
      key.references.columns.every((column, i) => model.valueOfColumn(target, candidate, column) === values[i]);
    return !world.rows(target.name).some(isTarget) && !(target.name === entity.name && isTarget(row));
  })?.name;
}

/** Whether a table would take the row as it is, references aside. */
export const rowFits = (view: ActorView, entity: Entity, row: StoredRow): boolean =>
  checkRow(view, entity, row) === undefined;
