/** What `--can` names: a command or action, an entity or one of its fields, a row. */
import { nearest } from "../errors/nearest.ts";
import { COMMANDS, type Entity, type System } from "../model/index.ts";
import { projectError } from "../project/project-error.ts";

export interface AskedFor {
  readonly entity: Entity;
  /** `update`, `pay`, `update dueAt`: as enginejs.explain takes it. */
  readonly command: string;
  readonly id?: string;
}

const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * @example askedFor(["update", "Invoice.dueAt", "0198…"], system)
 * @throws EJS1002, EJS1061
 */
export function askedFor(words: readonly string[], system: System): AskedFor {
  const [command = "", target = "", id, ...rest] = words;
  if (target === "" || rest.length > 0) {
    throw projectError("EJS1002", "--can takes a command, an entity and, for all but create, a row's id.", {
      hint: "Write it as: --can update Invoice ID, --can pay Invoice ID, --can read Invoice.dueAt ID, --can create Invoice.",
    });
  }
  const [entityName = "", fieldName] = target.split(".", 2);
  const entity = named("entity", entityName, system.entities, "The model has no");
  if (id !== undefined && !uuid.test(id)) {
    throw projectError("EJS1002", `"${id}" is not the id of a row.`, {
      hint: `The id is a UUID: select id from ${system.schema}.${entity.table}.`,
    });
  }
  const given = id === undefined ? {} : { id };
  if (fieldName === undefined) {
    const known = [...COMMANDS, ...entity.actions.map(({ name }) => name)].map((name) => ({ name }));
    return { entity, command: named("command", command, known, `${entity.name} has no`).name, ...given };
  }
  const fields = entity.fields.filter(({ storage }) => storage.kind !== "relation");
  const field = named("field", fieldName, fields, `${entity.name} has no`);
  const what = named("command", command, [{ name: "read" }, { name: "update" }], "A field has no");
  return { entity, command: `${what.name} ${field.name}`, ...given };
}

function named<T extends { readonly name: string }>(
  kind: string,
  name: string,
  things: readonly T[],
  without: string,
): T {
  const found = things.find((thing) => thing.name === name);
  if (found !== undefined) return found;
  const names = things.map((thing) => thing.name);
  // `invoice` means Invoice, also where it is as near to another name.
  const near = names.find((known) => known.toLowerCase() === name.toLowerCase()) ?? nearest(name, names);
  throw projectError("EJS1061", `${without} ${kind} "${name}".`, {
    hint: `${near === undefined ? "" : `Did you mean "${near}"? `}It has: ${names.join(", ")}.`,
  });
}
