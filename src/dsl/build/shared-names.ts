/** Derived names that two things would share in PostgreSQL, where tables and indexes are one namespace. */
import { objectName, snakeCase } from "../../model/index.ts";
import type { BuildContext } from "./build-context.ts";

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

interface Owner {
  readonly entity: string;
  readonly what: string;
}

export function refuseSharedNames({ drafts, report, system }: BuildContext): void {
  const relations = new Map<string, Owner>();
  const functions = new Map<string, Owner>();
  const claim = (taken: Map<string, Owner>, name: string, owner: Owner) => {
    const other = taken.get(name);
    if (other === undefined) {
      taken.set(name, owner);
      return;
    }
    // Entities that share a table share all of its names: that is one error, told elsewhere.
    if (
      drafts.get(owner.entity)?.entity.table === drafts.get(other.entity)?.entity.table &&
      other.entity !== owner.entity
    )
      return;
    const message = `${capitalised(other.what)} and ${owner.what} both become "${name}" in PostgreSQL.`;
    report.error("EJS2104", message, { site: drafts.get(owner.entity)?.declaration.site });
  };
  // The tables first: what is derived gives way in the message.
  for (const { entity } of drafts.values()) {
    relations.set(entity.table, { entity: entity.name, what: `the table of ${entity.name}` });
  }
  for (const { entity } of drafts.values()) {
    const own = (name: string, what: string) => claim(relations, name, { entity: entity.name, what });
    own(entity.primaryKey.name, `the key of ${entity.name}`);
    for (const { name, fields } of entity.uniques) own(name, `the unique ${entity.name}.${fields.join(", ")}`);
    for (const { name } of entity.indexes) own(name, `an index of ${entity.name}`);
    for (const field of entity.fields) {
      if (field.storage.kind === "side") {
        const { table } = field.storage;
        own(table, `the table of ${entity.name}.${field.name}`);
        own(objectName(table, "pkey"), `the key of ${entity.name}.${field.name}`);
      }
      if (field.storage.kind !== "virtual" && field.storage.kind !== "side") continue;
      const name = objectName(entity.table, snakeCase(field.name));
      claim(functions, name, { entity: entity.name, what: `the field ${entity.name}.${field.name}` });
    }
    // What the compiler makes of every entity: whether one may, and why not.
    for (const name of [objectName(entity.table, "can"), objectName("explain", entity.table)]) {
      claim(functions, name, { entity: entity.name, what: `what one may do with ${entity.name}` });
    }
    if (entity.fields.some(({ storage }) => storage.kind === "side")) {
      for (const verb of ["create", "update"]) {
        claim(functions, objectName(verb, entity.table), {
          entity: entity.name,
          what: `the ${verb} of ${entity.name}`,
        });
      }
    }
    for (const action of entity.actions) {
      claim(functions, action.function, { entity: entity.name, what: `the action ${entity.name}.${action.name}` });
    }
    for (const { name } of system.actor?.entity === entity.name ? system.actor.claims : []) {
      claim(functions, objectName("claim", snakeCase(name)), { entity: entity.name, what: `the claim ${name}` });
    }
  }
}
