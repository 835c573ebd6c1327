/** How a build calls an object: unquoted, because nothing runs it. */
import type { QualifiedName } from "../sql-ast/expressions.ts";
import type { ObjectReference, ParameterType } from "../sql-ast/statements.ts";

/** `app.invoice` */
export const dotted = (name: QualifiedName): string =>
  name.schema === undefined ? name.name : `${name.schema}.${name.name}`;

const typeName = (type: ParameterType): string => (typeof type === "string" ? type : dotted(type));

/**
 * The identity of a database object, which is also the id of the statement that makes it.
 *
 * @example objectIdentity({ type: "policy", table: { schema: "app", name: "invoice" }, name: "tenancy" }) // "policy app.invoice.tenancy"
 */
export function objectIdentity(object: ObjectReference): string {
  switch (object.type) {
    case "schema":
      return `schema ${object.name}`;
    case "table":
    case "view":
    case "index":
      return `${object.type} ${dotted(object.name)}`;
    case "function":
      return `function ${dotted(object.name)}(${object.parameters.map(typeName).join(", ")})`;
    case "column":
    case "policy":
    case "trigger":
    case "constraint":
      return `${object.type} ${dotted(object.table)}.${object.name}`;
    default:
      return object satisfies never;
  }
}

/** @example tableIdentity({ schema: "app", name: "invoice" }) // "table app.invoice" */
export const tableIdentity = (name: QualifiedName): string => objectIdentity({ type: "table", name });
