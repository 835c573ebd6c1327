import type pg from "pg";
import type { System } from "../model/index.ts";

/**
 * What PostgreSQL refuses a row for, in the model's words: `another Book has this isbn already`. Undefined where the model does
 * not know the constraint: it stands in a query's own tables, or the error is of another kind.
 */
export function refusedRow({ entities }: System, error: pg.DatabaseError): string | undefined {
  const { code, table, column, constraint } = error;
  const entity = entities.find((each) => each.table === table);
  if (entity === undefined) return undefined;
  switch (code) {
    case "23505": {
      const fields = entity.uniques.find(({ name }) => name === constraint)?.fields;
      return fields && `another ${entity.name} has this ${fields.join(" and ")} already`;
    }
    case "23514":
      return entity.checks.find(({ name }) => name === constraint)?.message;
    case "23502": {
      const field = entity.fields.find(({ storage }) => "column" in storage && storage.column === column);
      return field && `${field.name} needs a value`;
    }
    default:
      return dangling(entities, constraint);
  }
}

/** In PostgreSQL's words the table is the one that is written to: of a delete, the one whose rows refer to it. */
function dangling(entities: System["entities"], constraint: string | undefined): string | undefined {
  for (const { name, foreignKeys } of entities) {
    const key = foreignKeys.find((each) => each.name === constraint);
    if (key !== undefined) return `${name}.${key.field} would refer to a ${key.references.entity} that is not there`;
  }
  return undefined;
}
