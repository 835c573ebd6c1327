/** Keeps conditions inside the actor's tenant where they start from a row that belongs to none. */
import type { Core, FilterCore, RowsLike } from "../expression/core.ts";
import { once, tenantIdCall } from "./environments.ts";
import { type ModelIndex, tenantColumn } from "./model-index.ts";
import { rewriteCore } from "./rewrite-core.ts";
import { freshBinding } from "./turn-around.ts";

/** From a global row one would reach rows of all tenants: only the actor's tenant's count. */
export function withinTenant(core: Core, model: ModelIndex): Core {
  let binding = freshBinding(core);
  const filtered = (rows: RowsLike): RowsLike => {
    if (rows.kind === "filter") return { ...rows, rows: filtered(rows.rows) };
    // Over references of an entity to itself one stays in the tenant that one is in.
    if (rows.kind === "ancestors" || rows.kind === "items") return rows;
    const entity = model.entity(rows.entity);
    const tenant = tenantColumn(entity);
    if (tenant === undefined || model.entity(rows.target.entity).tenant) return rows;
    return tenantFilter(rows, tenant, entity.primaryKey.columns, binding++);
  };
  const visit = (node: Core): Core =>
    rewriteCore(node, (part) => {
      switch (part.kind) {
        case "exists":
        case "all":
          return { ...part, rows: filtered(deep(part.rows)), predicate: visit(part.predicate) };
        case "count":
          return { ...part, rows: filtered(deep(part.rows)) };
        case "aggregate":
        case "map":
          return { ...part, rows: filtered(deep(part.rows)), body: visit(part.body) };
        default:
          return undefined;
      }
    });
  const deep = (rows: RowsLike): RowsLike =>
    rows.kind === "filter" ? { ...rows, rows: deep(rows.rows), predicate: visit(rows.predicate) } : rows;
  return visit(core);
}

function tenantFilter(
  rows: RowsLike & { kind: "many" },
  tenant: string,
  key: readonly string[],
  binding: number,
): FilterCore {
  const { range, entity, type, nullable } = rows;
  const row = {
    kind: "row",
    binding,
    path: ["tenant filter"],
    entity,
    key,
    type: { kind: "row", entity },
    nullable: false,
    range,
  } as const;
  const uuid = { type: { kind: "uuid" }, nullable: true, range } as const;
  return {
    kind: "filter",
    rows,
    entity,
    variable: "x",
    binding,
    predicate: {
      kind: "compare",
      operator: "==",
      left: { kind: "column", target: row, field: "tenant", column: tenant, ...uuid },
      right: { kind: "value", path: ["actor", "tenantId"], sql: once(tenantIdCall), ...uuid },
      type: { kind: "bool" },
      nullable: true,
      range,
    },
    type,
    nullable,
    range,
  };
}
