/**
 * What keeps side tables true: each row of the entity has its row in them, the
 * key stays, what is required is there when the transaction commits, and a
 * change is an event of the entity, without the value.
 */
import { type Entity, objectName } from "../model/index.ts";
import {
  and,
  binary,
  column,
  exists,
  table as fromTable,
  literal,
  or,
  type QualifiedName,
  type SqlExpression,
  select,
} from "../sql-ast/expressions.ts";
import type { PlpgsqlStatement } from "../sql-ast/plpgsql.ts";
import { isMissing } from "./compile-side-tables.ts";
import { type AddTrigger, triggerAdder } from "./compile-triggers.ts";
import { addExecuteGrants } from "./helper-functions.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { PINNED_SEARCH_PATH } from "./pinned-search-path.ts";
import { isNotFresh, type SideField, sameKey, sideFields } from "./side-fields.ts";
import type { StatementList } from "./statement-list.ts";

const core = (name: string): QualifiedName => ({ schema: "enginejs", name });
const NEW_ROWS = "new_rows";

export function compileSideTriggers(entity: Entity, list: StatementList): void {
  const fields = sideFields(entity);
  if (fields.length === 0) return;
  addRowMaker(entity, fields, list);
  for (const field of fields) {
    const add = triggerAdder(entity, list.model.name(field.storage.table), list);
    addImmutable(entity, field, add);
    addWriteOnce(entity, field, add);
    addRequired(entity, field, list, add);
    if (entity.events) addEvent(entity, field, add);
    addMissingRows(entity, field, list);
  }
}

const sourceOf = (entity: Entity, field: SideField): string => `${entity.name}.fields.${field.name}`;

const changes = (name: string): SqlExpression => binary("is distinct from", column("old", name), column("new", name));

/** A trigger's function: definer, no path, nobody calls it. */
function addTriggerFunction(
  entity: Entity,
  name: QualifiedName,
  statements: readonly PlpgsqlStatement[],
  list: StatementList,
  about: {
    readonly role: "enginejs_owner" | "enginejs_reader";
    readonly why: string;
    readonly source: string;
    readonly tables: readonly QualifiedName[];
  },
): string {
  const reference = { type: "function", name, parameters: [] } as const;
  const object = objectIdentity(reference);
  const common = { entity: entity.name, source: about.source, role: about.role } as const;
  list.add(
    {
      kind: "create function",
      function: name,
      parameters: [],
      returns: "trigger",
      language: "plpgsql",
      volatility: "volatile",
      securityDefiner: true,
      settings: PINNED_SEARCH_PATH,
      body: { kind: "block", block: { kind: "block", declarations: [], statements } },
    },
    {
      ...common,
      kind: "function",
      object,
      phase: "functions",
      dependsOn: about.tables.map(tableIdentity),
      why: about.why,
    },
  );
  addExecuteGrants(list, reference, ["enginejs_owner"], common);
  list.comment({ on: reference, text: [about.why], ...common });
  return object;
}

/** The owner's, whom the side tables let in: whoever makes a row of the entity may have no right to them. */
function addRowMaker(entity: Entity, fields: readonly SideField[], list: StatementList): void {
  const { model } = list;
  const { columns } = entity.primaryKey;
  const why = `makes the rows of the fields with a table of their own: ${fields.map((field) => field.name).join(", ")}`;
  const statements = fields.map(
    ({ storage }): PlpgsqlStatement => ({
      kind: "insert",
      table: model.name(storage.table),
      alias: storage.table,
      columns,
      select: select({
        columns: columns.map((name) => ({ value: column(NEW_ROWS, name) })),
        from: fromTable({ name: NEW_ROWS }, NEW_ROWS),
      }),
    }),
  );
  const name = model.name(objectName("make", entity.table, "fields"));
  const id = addTriggerFunction(entity, name, [...statements, { kind: "return", value: literal(null) }], list, {
    role: "enginejs_owner",
    why,
    source: entity.name,
    tables: fields.map(({ storage }) => model.name(storage.table)),
  });
  triggerAdder(entity, model.table(entity), list)(
    {
      name: "50_fields",
      timing: "after",
      events: [{ event: "insert" }],
      level: "statement",
      newTable: NEW_ROWS,
      function: name,
      arguments: [],
    },
    why,
    { dependsOn: [id, `grant on ${id}`] },
  );
}

function addImmutable(entity: Entity, field: SideField, add: AddTrigger): void {
  const { column: value } = field.storage;
  const { columns } = entity.primaryKey;
  // What never changes is given by the transaction that makes the row: it is made before it is given.
  const never = field.access?.change === "never" ? [and(changes(value), isNotFresh("old"))] : [];
  add(
    {
      name: "10_immutable",
      timing: "before",
      events: [{ event: "update" }],
      level: "row",
      when: or(...columns.map(changes), ...never),
      function: core("refuse_change"),
      arguments: never.length === 0 ? columns : [...columns, value],
    },
    never.length === 0 ? "the key is that of the entity's row" : "the key is that of the entity's row, the value stays",
    { source: sourceOf(entity, field) },
  );
}

function addWriteOnce(entity: Entity, field: SideField, add: AddTrigger): void {
  if (field.access?.change !== "once") return;
  const { column: value } = field.storage;
  // A default is there before another value could be given.
  const given = field.default === undefined ? [] : [isNotFresh("old")];
  add(
    {
      name: "11_write_once",
      timing: "before",
      events: [{ event: "update" }],
      level: "row",
      when: and(binary("is distinct from", column("old", value), literal(null)), changes(value), ...given),
      function: core("refuse_second_value"),
      arguments: [value, `${entity.name}.${field.name}`],
    },
    `what has a value keeps it: ${field.name}`,
    { source: sourceOf(entity, field) },
  );
}

/** A row is made before its value is given: whether it was, is asked when the transaction commits. */
function addRequired(entity: Entity, field: SideField, list: StatementList, add: AddTrigger): void {
  if (!field.required || field.default !== undefined) return;
  const { model } = list;
  const { table, column: value } = field.storage;
  const source = sourceOf(entity, field);
  const why = `${entity.name}.${field.name} needs a value`;
  const missing = exists(
    select({
      columns: [],
      from: fromTable(model.name(table), table),
      where: and(...sameKey(entity, table, "new"), isMissing(field, table)),
    }),
  );
  const raise: PlpgsqlStatement = { kind: "raise", sqlState: "23502", message: literal(why), column: value, table };
  const name = model.name(objectName("check", table, "given"));
  const id = addTriggerFunction(
    entity,
    name,
    [
      { kind: "if", branches: [{ when: missing, body: [raise] }] },
      { kind: "return", value: literal(null) },
    ],
    list,
    { role: "enginejs_reader", why, source, tables: [model.name(table)] },
  );
  add(
    {
      name: "40_required",
      timing: "after",
      events: [{ event: "insert" }, { event: "update" }],
      level: "row",
      when: isMissing(field, "new"),
      function: name,
      arguments: [],
      deferred: true,
    },
    `${why} when the transaction commits`,
    { source, dependsOn: [id, `grant on ${id}`] },
  );
}

/** A row that this transaction has made is told by its `create`; one that it has changed already, once. */
function addEvent(entity: Entity, field: SideField, add: AddTrigger): void {
  const { column: value } = field.storage;
  add(
    {
      name: "90_emit_update",
      timing: "after",
      events: [{ event: "update" }],
      level: "row",
      when: and(changes(value), isNotFresh("old")),
      function: core("emit_field_update"),
      arguments: [entity.name, value, ...entity.primaryKey.columns],
    },
    "writes the outbox in the same transaction, without the value",
    { source: sourceOf(entity, field) },
  );
}

/** A field that comes to an entity with rows; with the trigger in place no row can come about without. */
function addMissingRows(entity: Entity, field: SideField, list: StatementList): void {
  const { model } = list;
  const table = model.name(field.storage.table);
  const from = model.table(entity);
  const id = tableIdentity(table);
  list.add(
    { kind: "insert missing", table, columns: entity.primaryKey.columns, from },
    {
      kind: "rows",
      id: `rows of ${id}`,
      object: id,
      phase: "triggers",
      entity: entity.name,
      source: sourceOf(entity, field),
      dependsOn: [
        id,
        objectIdentity({ type: "trigger", table: from, name: "50_fields" }),
        // Without the owner's policies it would see no row, and make none.
        objectIdentity({ type: "policy", table, name: "owner_all" }),
        objectIdentity({ type: "policy", table: from, name: "owner_all" }),
      ],
      why: "each row of the entity has its row here",
    },
  );
}
