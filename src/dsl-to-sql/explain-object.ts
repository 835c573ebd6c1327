/** What an entity or a database object is made of, where the model says so, and why it is there: for `enginejs inspect`. */
import type { SourceLocation } from "../errors/diagnostic.ts";
import { nearest } from "../errors/nearest.ts";
import type { CompiledSystem, Statement } from "./statement.ts";

export interface ExplainedStatement {
  readonly object: string;
  readonly kind: Statement["kind"];
  readonly sql: string;
  /** The role that owns what the statement makes. */
  readonly role: Statement["role"];
  readonly entity?: string;
  /** The node of the model: `Invoice.policies.the owner or billing`. */
  readonly source?: string;
  readonly where?: SourceLocation;
  readonly why?: string;
}

export interface Explanation {
  /** In the order in which they run; none where nothing has the name. */
  readonly statements: readonly ExplainedStatement[];
  /** Where nothing has the name: the one that was most likely meant. */
  readonly nearest?: string;
}

/**
 * Finds what stands for an entity (`Invoice`), a part of one (`Invoice.pay`, `Invoice.subtotal`), or an object by its name, with
 * or without schema, table and parameters: `app.invoice`, `pay_invoice`, `invoice.actor_select`, `invoice_customer_id_idx`.
 */
export function explainObject(compiled: CompiledSystem, name: string): Explanation {
  const wanted = name.trim();
  const statements = compiled.statements.filter((statement) => namesOf(statement).has(wanted)).map(explained);
  if (statements.length > 0) return { statements };
  // The first of equally near names is taken: entities before what they became.
  const entities = compiled.system.entities.map((entity) => entity.name);
  const known = new Set([...entities, ...compiled.statements.flatMap((statement) => [...namesOf(statement)])]);
  const near = nearest(wanted, known);
  return near === undefined ? { statements } : { statements, nearest: near };
}

/** Every way to call a statement. */
function namesOf({ object, entity, source, node }: Statement): ReadonlySet<string> {
  const names = new Set([object]);
  const qualified = object.slice(object.indexOf(" ") + 1);
  for (const name of [qualified, qualified.replace(/\(.*$/, "")]) {
    names.add(name);
    const dot = name.indexOf(".");
    if (dot > 0 && !/\(.*\./.test(name.slice(0, dot + 1))) names.add(name.slice(dot + 1));
  }
  if (entity !== undefined) names.add(entity);
  // `Invoice.actions.pay`, and shorter `Invoice.pay`.
  if (source !== undefined) {
    names.add(source);
    names.add(source.replace(/^([^.]+)\.[^.]+\.(.*)$/, "$1.$2"));
  }
  // A column or constraint is part of its table's statement.
  if (node.kind === "create table") {
    for (const { name } of [...node.columns, ...node.constraints]) {
      names.add(`${node.table.name}.${name}`);
      names.add(`${node.table.schema}.${node.table.name}.${name}`);
    }
    for (const { name } of node.constraints) names.add(name);
  }
  if (node.kind === "add constraint") names.add(node.constraint.name);
  return names;
}

function explained(statement: Statement): ExplainedStatement {
  const { object, kind, sql, role, entity, source, where, why } = statement;
  return {
    object,
    kind,
    sql,
    role,
    ...(entity === undefined ? {} : { entity }),
    ...(source === undefined ? {} : { source }),
    ...(where === undefined ? {} : { where }),
    ...(why === undefined ? {} : { why }),
  };
}
