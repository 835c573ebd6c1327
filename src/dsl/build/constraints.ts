/** Stage 4: uniques and the CHECKs that types bring: states, slugs, limits of texts. */
import { printString } from "../../expression/index.ts";
import { type Entity, type Field, objectName } from "../../model/index.ts";
import type { BuildContext } from "./build-context.ts";
import { order } from "./report.ts";

/** Letters and digits, joined one by one by `-`, `_` or `.`. */
export const SLUG = "^[A-Za-z0-9]+([_.\\-][A-Za-z0-9]+)*$";

export function addConstraints(context: BuildContext): void {
  for (const { entity, declared } of context.drafts.values()) {
    for (const field of entity.fields) {
      if (declared.get(field.name)?.declaration.unique) addUnique(entity, field);
      addTypeChecks(entity, field);
    }
    const membership = context.system.tenancy?.membership;
    if (membership?.entity === entity.name) {
      const user = entity.fields.find((field) => field.name === membership.user);
      if (user !== undefined) addUnique(entity, user, "a person is a member of a tenant once");
    }
    entity.uniques.sort((a, b) => order(a.name, b.name));
  }
}

/** A field's column; undefined for a virtual field or relation. */
export const columnOf = ({ storage }: Field): string | undefined =>
  storage.kind === "column" || storage.kind === "generated" ? storage.column : undefined;

/** Columns in an index or unique, the tenant's first: a violation tells nothing of other tenants. */
export const withTenant = (entity: Entity, columns: readonly string[]): string[] =>
  entity.tenant ? ["tenant_id", ...columns.filter((column) => column !== "tenant_id")] : [...columns];

function addUnique(entity: Entity, field: Field, inferred?: string): void {
  const column = columnOf(field);
  const name = column && objectName(entity.table, column, "key");
  if (name === undefined || column === undefined || entity.uniques.some((unique) => unique.name === name)) return;
  entity.uniques.push({
    name,
    fields: [field.name],
    columns: withTenant(entity, [column]),
    ...(inferred === undefined ? {} : { inferred }),
  });
}

/** One CHECK per field, whatever its type asks for. */
function addTypeChecks(entity: Entity, field: Field): void {
  const column = columnOf(field);
  const terms = column === undefined ? [] : typeTerms(field);
  if (column === undefined || terms.length === 0) return;
  entity.checks.push({
    name: objectName(entity.table, column, "check"),
    expression: terms.map(({ expression }) => expression).join(" && "),
    message: `${field.name} ${terms.map(({ message }) => message).join(" and ")}`,
    inferred: terms.map(({ inferred }) => inferred).join(", "),
  });
}

interface Term {
  readonly expression: string;
  readonly message: string;
  readonly inferred: string;
}

function typeTerms({ name, type }: Field): readonly Term[] {
  const value = `row.${name}`;
  if (type.kind === "state") {
    return [
      {
        expression: `${value} in [${type.states.map(printString).join(", ")}]`,
        message: `must be one of ${type.states.join(", ")}`,
        inferred: "the states of the state machine",
      },
    ];
  }
  if (type.kind !== "scalar") return [];
  const terms: Term[] = [];
  const min = type.scalar === "text" ? type.min : undefined;
  const max = type.scalar === "text" || type.scalar === "slug" ? type.max : undefined;
  const limits = [
    ...(min === undefined ? [] : [`${value}.size() >= ${min}`]),
    ...(max === undefined ? [] : [`${value}.size() <= ${max}`]),
  ];
  if (limits.length > 0) {
    terms.push({ expression: limits.join(" && "), message: lengthMessage(min, max), inferred: "the field's length" });
  }
  if (type.scalar === "slug") {
    terms.push({
      expression: `${value}.matches(${printString(SLUG)})`,
      message: "must be letters and digits, joined by - _ or .",
      inferred: "what a slug is made of",
    });
  }
  if (type.scalar === "text" && type.pattern !== undefined) {
    terms.push({
      expression: `${value}.matches(${printString(type.pattern)})`,
      message: `must match ${type.pattern}`,
      inferred: "the field's pattern",
    });
  }
  return terms;
}

function lengthMessage(min: number | undefined, max: number | undefined): string {
  const parts = [...(min === undefined ? [] : [`at least ${min}`]), ...(max === undefined ? [] : [`at most ${max}`])];
  return `must have ${parts.join(" and ")} characters`;
}
