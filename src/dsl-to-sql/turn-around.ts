/**
 * Conditions that can be turned around to start at the actor: instead of asking
 * of each row whether the actor reaches it, the rows that the actor reaches are
 * gathered once per statement, and an index finds them.
 *
 *     row.invoice.owner.id == actor.id   →   invoice_id in the invoices whose owner is the actor
 *     row.memberships.exists(m, m.tenant.id == actor.tenantId)   →   id in the users of the tenant's memberships
 *     row.ancestors("parent").exists(f, f.owner.id == actor.id)   →   parent_id in the actor's folders and all below them
 */
import { referenceColumn } from "../expression/column-path.ts";
import {
  type AncestorsCore,
  type Core,
  ENVIRONMENT,
  type ManyCore,
  type OneCore,
  type RowCore,
  type RowLike,
  type RowsLike,
} from "../expression/core.ts";
import { children, walk } from "../expression/walk.ts";
import { rewriteCore } from "./rewrite-core.ts";

/** Rows of a far table, found without knowing the own row. */
export interface FarRows {
  /** The column of the own row that is compared. */
  readonly ownColumn: string;
  readonly farEntity: string;
  /** The column of the far rows that is gathered. */
  readonly farColumn: string;
  /** Over the far row, which stands as the environment's row under the far table's name. */
  readonly conditions: readonly Core[];
  /** Gathered are these rows and all below them: the reference that leads up, as pairs of columns of the far table. */
  readonly below?: AncestorsCore["reference"];
}

/** Whether a node is the row of the condition, not one that a quantifier has bound. */
export const isOwnRow = (core: Core): core is RowCore =>
  core.kind === "row" && core.binding === ENVIRONMENT && core.path[0] === "row";

const mentionsOwnRow = (core: Core): boolean => isOwnRow(core) || children(core).some(mentionsOwnRow);

/** Gives the turned-around form of a condition that must be true, where it has one. */
export function turnAround(core: Core, ownRowHasTenant: boolean): FarRows | undefined {
  return turnExists(core, ownRowHasTenant) ?? turnPath(core, ownRowHasTenant);
}

function turnExists(core: Core, ownRowHasTenant: boolean): FarRows | undefined {
  if (core.kind !== "exists") return undefined;
  const conditions: { readonly binding: number; readonly predicate: Core }[] = [core];
  let rows: RowsLike = core.rows;
  while (rows.kind === "filter") {
    conditions.unshift(rows);
    rows = rows.rows;
  }
  if (rows.kind === "items") return undefined;
  const joined = rows.kind === "ancestors" ? ancestorsJoin(rows) : manyJoin(rows);
  if (joined === undefined) return undefined;
  if (conditions.some(({ predicate }) => mentionsOwnRow(predicate))) return undefined;
  if (!conditions.some(({ predicate }) => startsAtActor(predicate, ownRowHasTenant))) return undefined;
  const far: RowCore = farRow(rows.entity, rows.table.name, ["id"], core);
  return {
    ...joined,
    farEntity: rows.entity,
    conditions: conditions.map(({ binding, predicate }) => rebind(predicate, binding, far)),
  };
}

type Joined = Pick<FarRows, "ownColumn" | "farColumn" | "below">;

function manyJoin({ target, columns }: ManyCore): Joined | undefined {
  const last = columns.at(-1);
  if (last === undefined) return undefined;
  const ownColumn = columnOfTarget(target, last.column);
  return ownColumn === undefined ? undefined : { ownColumn, farColumn: last.references };
}

/** A row has such an ancestor exactly where its own reference leads into the rows that are one, and all below them. */
function ancestorsJoin({ target, self, reference, key }: AncestorsCore): Joined | undefined {
  const up = reference.at(-1);
  const id = key.at(-1);
  if (up === undefined || id === undefined) return undefined;
  const ownColumn = self ? columnOfTarget(target, id) : isOwnRow(target) ? up.column : undefined;
  return ownColumn === undefined ? undefined : { ownColumn, farColumn: up.references, below: reference };
}

/** The own row's column that holds a column of the own row, or of a row that it refers to. */
function columnOfTarget(target: RowLike, name: string): string | undefined {
  if (isOwnRow(target)) return name;
  if (target.kind !== "one" || !isOwnRow(target.target)) return undefined;
  return target.columns.at(-1)?.references === name ? referenceColumn(target) : undefined;
}

/**
 * The rows that alone can satisfy an `exists` which compares them with the own row, too: those for which the part of its
 * predicate that does not is true. Few where that part starts at the actor; each is then asked the whole.
 */
export function turnPartly(core: Core, ownRowHasTenant: boolean): FarRows | undefined {
  if (core.kind !== "exists" || core.predicate.kind !== "and") return undefined;
  const operands = core.predicate.operands.filter((operand) => !mentionsOwnRow(operand));
  const predicate: Core = { ...core.predicate, operands };
  return operands.length === 0 ? undefined : turnExists({ ...core, predicate }, ownRowHasTenant);
}

/** Every mention of the own row goes through one and the same reference. */
function turnPath(core: Core, ownRowHasTenant: boolean): FarRows | undefined {
  let hop: OneCore | undefined;
  let otherwise = false;
  const visit = (node: Core): void => {
    if (node.kind === "one" && isOwnRow(node.target)) {
      if (hop !== undefined && hop.field !== node.field) otherwise = true;
      hop = node;
    } else if (isOwnRow(node)) {
      otherwise = true;
    } else {
      children(node).forEach(visit);
    }
  };
  visit(core);
  if (hop === undefined || otherwise || !startsAtActor(core, ownRowHasTenant)) return undefined;
  const { entity, table, columns, field } = hop;
  const farColumn = columns.at(-1)?.references;
  if (farColumn === undefined) return undefined;
  const far = farRow(
    entity,
    table.name,
    columns.map((pair) => pair.references),
    core,
  );
  const isHop = (node: Core): boolean => node.kind === "one" && isOwnRow(node.target) && node.field === field;
  return {
    ownColumn: referenceColumn(hop),
    farEntity: entity,
    farColumn,
    conditions: [rewriteCore(core, (node) => (isHop(node) ? far : undefined))],
  };
}

const farRow = (entity: string, alias: string, key: readonly string[], { range }: Core): RowCore => ({
  kind: "row",
  binding: ENVIRONMENT,
  path: ["row"],
  entity,
  key,
  alias,
  type: { kind: "row", entity },
  nullable: false,
  range,
});

/** Puts a row in the place of a quantifier's variable. */
export const rebind = (core: Core, binding: number, row: RowCore): Core =>
  rewriteCore(core, (node) => (node.kind === "row" && node.binding === binding ? row : undefined));

/**
 * Whether a condition holds only of rows that equal something of the actor: only then are the gathered rows few,
 * and only then is it false where a reference on the way is absent. In a tenant-owned row's condition the tenant says nothing.
 */
function startsAtActor(core: Core, ownRowHasTenant: boolean): boolean {
  const again = (part: Core): boolean => startsAtActor(part, ownRowHasTenant);
  switch (core.kind) {
    case "and":
      return core.operands.some(again);
    case "or":
      return core.operands.every(again);
    case "compare":
      return (
        core.operator === "==" &&
        ((isOfActor(core.left, ownRowHasTenant) && readsRow(core.right)) ||
          (isOfActor(core.right, ownRowHasTenant) && readsRow(core.left)))
      );
    case "in-array":
      return isOfActor(core.list, ownRowHasTenant) && readsRow(core.operand);
    case "exists":
      return again(core.predicate) || filtersOf(core.rows).some(again);
    default:
      return false;
  }
}

function filtersOf(rows: RowsLike): Core[] {
  return rows.kind === "filter" ? [rows.predicate, ...filtersOf(rows.rows)] : [];
}

const isOfActor = (core: Core, ownRowHasTenant: boolean): boolean =>
  core.kind === "value" && core.path[0] === "actor" && !(ownRowHasTenant && core.path[1] === "tenantId");

/** A plain column of a row, so that an index can serve it. */
const readsRow = (core: Core): boolean => core.kind === "column" || core.kind === "one";

/** A number for a variable that no quantifier of the expression has. */
export const freshBinding = (core: Core): number =>
  1 + Math.max(0, ...[...walk(core)].map((node) => ("binding" in node ? node.binding : 0)));
