/** Names and members: variables of the environment, fields, relations, virtual fields. */
import { nearest } from "../errors/nearest.ts";
import type { CatalogEntity, CatalogField, Variable } from "./catalog.ts";
import type { CheckContext, Checked, Scope } from "./check-context.ts";
import { resolveColumn, resolveReference } from "./column-path.ts";
import { type Core, ENVIRONMENT, isRowLike, type OneCore, type RowLike } from "./core.ts";
import { print } from "./print.ts";
import type { MemberSyntax, MethodSyntax, NameSyntax, Syntax } from "./syntax.ts";
import { describeType } from "./type-names.ts";

type RecordVariable = Extract<Variable, { kind: "record" }>;

/** The record of the environment that a name or a chain of members leads to: `actor`, `event.after`. */
export function recordVariable(
  syntax: Syntax,
  scope: Scope,
): { record: RecordVariable; path: readonly string[] } | undefined {
  if (syntax.kind === "name") {
    const variable = scope.bound.has(syntax.name) ? undefined : own(scope.variables, syntax.name);
    return variable?.kind === "record" ? { record: variable, path: [syntax.name] } : undefined;
  }
  if (syntax.kind !== "member") return undefined;
  const outer = recordVariable(syntax.target, scope);
  const inner = outer === undefined ? undefined : own(outer.record.fields, syntax.name);
  return outer !== undefined && inner?.kind === "record"
    ? { record: inner, path: [...outer.path, syntax.name] }
    : undefined;
}

export function checkName(syntax: NameSyntax, scope: Scope, context: CheckContext): Checked {
  const { name, range } = syntax;
  const bound = scope.bound.get(name);
  if (bound?.item !== undefined) {
    // A list from JSON may hold nulls; of a record each member may be null anyway.
    const nullable = bound.item.kind !== "record";
    return { kind: "item", binding: bound.binding, type: bound.item, nullable, range };
  }
  if (bound !== undefined) {
    const entity = entityOf(bound.entity, context);
    const type = { kind: "row", entity: bound.entity } as const;
    return { kind: "row", ...bound, path: [name], key: entity.key, type, nullable: false, range };
  }
  const variable = own(scope.variables, name);
  if (context.environment.sameRowOnly && variable?.kind !== "row" && (variable !== undefined || name === "actor")) {
    return context.report(
      "EJS2026",
      `"${name}" is not known in a constraint or generated column: it sees its own row only.`,
      range,
      "Put the condition into a policy.",
    );
  }
  if (variable !== undefined) return fromVariable(variable, [name], syntax, context);
  const names = [...scope.bound.keys(), ...Object.keys(scope.variables)];
  return context.report("EJS2011", `There is no "${name}" here.`, range, suggestion(name, names, "Known here"));
}

function fromVariable(variable: Variable, path: readonly string[], { range }: Syntax, context: CheckContext): Checked {
  switch (variable.kind) {
    case "row": {
      const { alias, entity, nullable } = variable;
      const { key } = entityOf(entity, context);
      const type = { kind: "row", entity } as const;
      return { kind: "row", binding: ENVIRONMENT, path, entity, key, alias, type, nullable, range };
    }
    case "value":
      return { kind: "value", path, sql: variable.sql, type: variable.type, nullable: variable.nullable, range };
    case "record":
      return context.report(
        "EJS2021",
        `"${path.join(".")}" is not a value, it only has members.`,
        range,
        `${path.join(".")} has: ${Object.keys(variable.fields).join(", ")}.`,
      );
    default:
      return variable satisfies never;
  }
}

export function checkMember(syntax: MemberSyntax, scope: Scope, context: CheckContext): Checked {
  const { name, nameRange, range } = syntax;
  const record = recordVariable(syntax.target, scope);
  if (record !== undefined && !context.environment.sameRowOnly) {
    const path = [...record.path, name];
    const variable = own(record.record.fields, name);
    if (variable !== undefined) return fromVariable(variable, path, syntax, context);
    const label = record.path.join(".");
    const known = Object.keys(record.record.fields);
    return context.report(
      "EJS2012",
      `"${label}" has no "${name}".`,
      nameRange,
      suggestion(name, known, `${label} has`),
    );
  }
  const target = context.check(syntax.target, scope);
  if (target === undefined) return undefined;
  if (isRowLike(target)) return checkField(syntax, target, scope, context);
  if (target.type.kind === "record") {
    const field = own(target.type.fields, name);
    if (field !== undefined) {
      return { kind: "member", target, name, type: field.type, nullable: true, range };
    }
    const label = print(syntax.target);
    const hint = suggestion(name, Object.keys(target.type.fields), `${label} has`);
    return context.report("EJS2012", `"${label}" has no "${name}".`, nameRange, hint);
  }
  const toMany = target.type.kind === "rows";
  return context.report(
    "EJS2013",
    `${print(syntax.target)} is ${toMany ? "" : "of type "}${describeType(target.type)} and has no member "${name}".`,
    nameRange,
    toMany
      ? `It stands for many rows: ${print(syntax.target)}.exists(x, x.${name} …), .map(x, x.${name}).sum() or .size().`
      : target.type.kind === "json"
        ? "What this JSON holds is said where it comes from: by the schema of a task's output, of a query's row, of a payload or of an input."
        : undefined,
  );
}

function checkField(syntax: MemberSyntax, target: RowLike, scope: Scope, context: CheckContext): Checked {
  const { name, nameRange, range } = syntax;
  const entity = entityOf(target.entity, context);
  const field = entity.fields.get(name);
  if (field === undefined) {
    return context.report(
      "EJS2012",
      `${target.entity} has no field "${name}".`,
      nameRange,
      suggestion(name, entity.fields.keys(), `${target.entity} has`, entity.fields),
    );
  }
  switch (field.kind) {
    case "column": {
      const path = resolveColumn(target, field.column);
      if (path.hops.length > 0 && context.environment.sameRowOnly) return refuseRelation(syntax, context);
      // A row behind a join may be hidden from the reader by a policy.
      const nullable = path.hops.length > 0 || field.nullable || target.nullable;
      return { kind: "column", target, field: name, column: field.column, type: field.type, nullable, range };
    }
    case "side": {
      if (context.environment.sameRowOnly) {
        return context.report(
          "EJS2025",
          `${print(syntax)} has a read rule and lies in a table of its own; a constraint or generated column sees its own row only.`,
          range,
          "Drop the read rule, or put the condition into a policy or a guard.",
        );
      }
      const { column, table, type } = field;
      // Who may not read the field finds no value.
      return { kind: "side-column", target, field: name, table, column, key: entity.key, type, nullable: true, range };
    }
    case "virtual": {
      if (target.kind === "one" && context.environment.sameRowOnly) return refuseRelation(syntax, context);
      const virtual = context.virtualBody(target.entity, name, scope, nameRange);
      if (virtual === undefined) return undefined;
      const { body, binding } = virtual;
      const nullable = body.nullable || target.nullable || target.kind === "one";
      return { kind: "virtual", target, field: name, binding, body, type: body.type, nullable, range };
    }
    case "one": {
      const { table } = entityOf(field.entity, context);
      const { columns, nullable: optional } = field;
      const type = { kind: "row", entity: field.entity } as const;
      const nullable = optional || target.nullable;
      return {
        kind: "one",
        target,
        field: name,
        entity: field.entity,
        table,
        columns,
        optional,
        type,
        nullable,
        range,
      };
    }
    case "many": {
      if (context.environment.sameRowOnly) return refuseRelation(syntax, context);
      const { table } = entityOf(field.entity, context);
      const type = { kind: "rows", entity: field.entity } as const;
      return {
        kind: "many",
        target,
        field: name,
        entity: field.entity,
        table,
        columns: field.columns,
        type,
        nullable: false,
        range,
      };
    }
    default:
      return field satisfies never;
  }
}

/** `row.ancestors("parent")` and `row.selfAndAncestors("parent")`. */
export function checkAncestors(syntax: MethodSyntax, target: RowLike, context: CheckContext): Checked {
  const { name, range } = syntax;
  const [argument] = syntax.arguments;
  const entity = entityOf(target.entity, context);
  const fits = [...entity.fields].filter(([, field]) => field.kind === "one" && field.entity === entity.name);
  const references = fits.map(([each]) => each);
  const written = `${print(syntax.target)}.${name}("${references[0] ?? "parent"}")`;
  if (argument?.kind !== "string" || syntax.arguments.length > 1) {
    const message = `${name}() takes the name of the reference that is followed, as a string constant.`;
    return context.report("EJS2015", message, argument?.range ?? range, `Write ${written}.`);
  }
  const field = entity.fields.get(argument.value);
  if (field?.kind !== "one" || field.entity !== entity.name) {
    const label = `References of ${entity.name} to itself`;
    const hint = suggestion(argument.value, references, label);
    if (field === undefined) {
      return context.report("EJS2012", `${entity.name} has no field "${argument.value}".`, argument.range, hint);
    }
    const found = field.kind === "one" ? `leads to ${field.entity}` : `is ${describeField(field)}`;
    const message = `${name}() follows a reference of ${entity.name} to itself; "${argument.value}" ${found}.`;
    return context.report("EJS2015", message, argument.range, hint);
  }
  if (context.environment.sameRowOnly) return refuseRelation(syntax, context);
  const type = { kind: "rows", entity: entity.name } as const;
  const { table, key } = entity;
  const self = name === "selfAndAncestors";
  const { columns: reference } = field;
  const shared = { target, field: argument.value, self, entity: entity.name, table, reference, key };
  return { kind: "ancestors", ...shared, type, nullable: false, range };
}

function refuseRelation(syntax: Syntax, context: CheckContext): undefined {
  return context.report(
    "EJS2025",
    `${print(syntax)} reads another row; a constraint or generated column sees its own row only.`,
    syntax.range,
    "The id of a to-one relation may be read here. For a rule across rows use invariant(), for a value a virtual field.",
  );
}

/** Whether a to-one relation's presence can be told here: a same-row expression sees its own foreign keys only. */
export function isReadable(one: OneCore, context: CheckContext): boolean {
  if (!context.environment.sameRowOnly || resolveReference(one).hops.length === 0) return true;
  context.report(
    "EJS2025",
    `"${one.field}" is read from another row; a constraint or generated column sees its own row only.`,
    one.range,
    "For a rule across rows use invariant(), for a value a virtual field.",
  );
  return false;
}

/** The entity of a name that the catalog itself gave: its absence is a mistake of the compiler, not of the user. */
export function entityOf(name: string, context: CheckContext): CatalogEntity {
  const entity = context.environment.catalog.entities.get(name);
  if (entity === undefined) throw new RangeError(`the catalog has no entity "${name}"`);
  return entity;
}

/** `Did you mean "total" (decimal)? Invoice has: id, total, price.` */
export function suggestion(
  name: string,
  candidates: Iterable<string>,
  label: string,
  fields?: ReadonlyMap<string, CatalogField>,
): string {
  const names = [...candidates];
  const near = nearest(name, names);
  const field = near === undefined ? undefined : fields?.get(near);
  const type = field === undefined ? "" : ` (${describeField(field)})`;
  const known = names.length === 0 ? "nothing" : names.join(", ");
  return `${near === undefined ? "" : `Did you mean "${near}"${type}? `}${label}: ${known}.`;
}

const describeField = (field: CatalogField): string =>
  field.kind === "one" || field.kind === "many" ? field.entity : describeType(field.type);

/** A property of the object itself: `constructor` is no variable. */
const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

/** How a row would have to be compared: `row.owner.id`. */
export const idOf = (syntax: Syntax, core: Core | undefined): string => {
  const text = print(syntax);
  return core === undefined || isRowLike(core) ? `${text}.id` : text;
};
