/** An entity's triggers, numbered because PostgreSQL fires them in the order of their names. */
import { type Entity, type Field, objectName } from "../model/index.ts";
import {
  and,
  binary,
  column,
  exists,
  table as fromTable,
  inList,
  is,
  literal,
  not,
  or,
  type QualifiedName,
  type SqlExpression,
  select,
} from "../sql-ast/expressions.ts";
import type { PlpgsqlStatement } from "../sql-ast/plpgsql.ts";
import type { CreateTriggerNode } from "../sql-ast/statements.ts";
import { addExecuteGrants } from "./helper-functions.ts";
import { fieldOf, isStored, sortedBy, storedColumn, tenantColumn } from "./model-index.ts";
import { objectIdentity } from "./object-identity.ts";
import { PINNED_SEARCH_PATH } from "./pinned-search-path.ts";
import { type StateMachine, stateMachines } from "./state-machines.ts";
import type { StatementList } from "./statement-list.ts";

const core = (name: string): QualifiedName => ({ schema: "enginejs", name });

export function compileTriggers(entity: Entity, list: StatementList): void {
  const add = triggerAdder(entity, list.model.table(entity), list);
  addImmutable(entity, add);
  addWriteOnce(entity, add);
  addMemberCheck(entity, list, add);
  if (entity.fields.some((field) => isStored(field) && field.storage.column === "updated_at")) {
    add(
      {
        name: "20_touch",
        timing: "before",
        events: [{ event: "update" }],
        level: "row",
        function: core("touch"),
        arguments: [],
      },
      "updated_at is the time of the last change",
    );
  }
  const machines = stateMachines(entity);
  for (const machine of machines) addTransition(entity, machine, machines.length === 1, add);
  if (entity.events) addEvents(entity, add);
}

export type AddTrigger = (
  trigger: Omit<CreateTriggerNode, "kind" | "table">,
  why: string,
  options?: { readonly source?: string; readonly dependsOn?: readonly string[] },
) => void;

/** Adds triggers of one table that stands for an entity, or for a part of one. */
export function triggerAdder(entity: Entity, table: QualifiedName, list: StatementList): AddTrigger {
  return (trigger, why, { source = entity.name, dependsOn = [] } = {}) => {
    const reference = { type: "trigger", table, name: trigger.name } as const;
    list.add(
      { kind: "create trigger", table, ...trigger },
      {
        kind: "trigger",
        object: objectIdentity(reference),
        phase: "triggers",
        entity: entity.name,
        source,
        lock: "share row exclusive",
        hazards: ["blocks writes"],
        dependsOn: [objectIdentity({ type: "table", name: table }), ...dependsOn],
        why,
      },
    );
    list.comment({ on: reference, text: [why], source, entity: entity.name });
  };
}

/** Events pair old and new rows on the key, and references hold it: it stays. So do the fields that say so. */
function addImmutable(entity: Entity, add: AddTrigger): void {
  const created = entity.fields.find((field) => isStored(field) && field.storage.column === "created_at");
  const never = changing(entity, "never").map(storedColumn);
  const key = [...entity.primaryKey.columns, ...(created === undefined ? [] : ["created_at"])];
  const columns = [...key, ...never.filter((name) => !key.includes(name)).sort()];
  add(
    {
      name: "10_immutable",
      timing: "before",
      events: [{ event: "update" }],
      level: "row",
      when: or(...columns.map(changes)),
      function: core("refuse_change"),
      arguments: columns,
    },
    never.length === 0
      ? "the key never changes: references and events rely on it"
      : "the key never changes, nor do the fields that are given once and for all",
  );
}

const changing = (entity: Entity, change: "never" | "once"): Field[] =>
  entity.fields.filter((field) => field.storage.kind === "column" && field.access?.change === change);

/** What has a value keeps it, whoever writes; what has none gets one once. */
function addWriteOnce(entity: Entity, add: AddTrigger): void {
  const fields = sortedBy(changing(entity, "once"), storedColumn);
  if (fields.length === 0) return;
  const given = fields.map((field) =>
    and(is(column("old", storedColumn(field)), "not null"), changes(storedColumn(field))),
  );
  add(
    {
      name: "11_write_once",
      timing: "before",
      events: [{ event: "update" }],
      level: "row",
      when: or(...given),
      function: core("refuse_second_value"),
      arguments: fields.flatMap((field) => [storedColumn(field), `${entity.name}.${field.name}`]),
    },
    `what has a value keeps it: ${fields.map((field) => field.name).join(", ")}`,
  );
}

const changes = (name: string): SqlExpression => binary("is distinct from", column("old", name), column("new", name));

/** A state passes only to a state that an action declares, whoever writes. */
function addTransition(entity: Entity, machine: StateMachine, single: boolean, add: AddTrigger): void {
  const [from, to] = [column("old", machine.column), column("new", machine.column)];
  const allowed = [...machine.transitions].map(([state, next]) =>
    and(
      binary("=", from, literal(state)),
      inList(
        to,
        next.map((n) => literal(n)),
      ),
    ),
  );
  add(
    {
      name: single ? "30_transition" : objectName(`30_transition_${machine.column}`),
      timing: "before",
      events: [{ event: "update" }],
      level: "row",
      when: and(changes(machine.column), is(or(...allowed), "not true")),
      function: core("refuse_transition"),
      arguments: [machine.column, JSON.stringify(Object.fromEntries(machine.transitions))],
    },
    "the state changes as the actions declare it",
    { source: `${entity.name}.fields.${machine.field}` },
  );
}

function addEvents(entity: Entity, add: AddTrigger): void {
  const common = {
    timing: "after",
    level: "statement",
    arguments: [entity.name, ...entity.primaryKey.columns],
  } as const;
  const newTable = "new_rows";
  const oldTable = "old_rows";
  const emit = (
    name: string,
    event: "insert" | "update" | "delete",
    tables: { readonly newTable?: string; readonly oldTable?: string },
  ): void =>
    add(
      { name: `90_emit_${name}`, ...common, events: [{ event }], ...tables, function: core(`emit_${name}`) },
      "writes the outbox in the same transaction",
    );
  emit("create", "insert", { newTable });
  emit("update", "update", { oldTable, newTable });
  emit("delete", "delete", { oldTable });
}

/** People are global and a tenant's row names them by id alone: whether they belong to the tenant is asked here. */
function addMemberCheck(entity: Entity, list: StatementList, add: AddTrigger): void {
  const { model } = list;
  const { membership } = model;
  const tenant = tenantColumn(entity);
  const actor = model.system.actor?.entity;
  if (membership === undefined || tenant === undefined || entity === membership.entity || actor === undefined) return;
  const people = entity.foreignKeys.filter(
    (key) => key.references.entity === actor && !model.entity(key.references.entity).tenant,
  );
  if (people.length === 0) return;
  const fields = people
    .map((key) => ({ field: key.field, name: storedColumn(fieldOf(entity, key.field)) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const name = model.name(objectName(`check_${entity.table}_member`));
  const reference = { type: "function", name, parameters: [] } as const;
  const id = objectIdentity(reference);
  const alias = membership.entity.table;
  const isMember = (person: string): SqlExpression =>
    exists(
      select({
        columns: [],
        from: fromTable(model.table(membership.entity), alias),
        where: and(
          binary("=", column(alias, membership.tenant), column("new", tenant)),
          binary("=", column(alias, membership.user), column("new", person)),
        ),
      }),
    );
  const statements = fields.map(
    ({ field, name: person }): PlpgsqlStatement => ({
      kind: "if",
      branches: [
        {
          when: and(
            // Without a tenant the row is refused anyway, and by what says so better.
            is(column("new", tenant), "not null"),
            is(column("new", person), "not null"),
            or(binary("=", column(undefined, "tg_op"), literal("INSERT")), changes(person)),
            not(isMember(person)),
          ),
          body: [
            {
              kind: "raise",
              sqlState: "EJ422",
              message: literal(`${field}: this person is no member of the tenant`),
              column: person,
            },
          ],
        },
      ],
    }),
  );
  const common = { entity: entity.name, source: entity.name, role: "enginejs_reader" } as const;
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
      body: {
        kind: "block",
        block: {
          kind: "block",
          declarations: [],
          statements: [...statements, { kind: "return", value: column(undefined, "new") }],
        },
      },
    },
    {
      ...common,
      kind: "function",
      object: id,
      phase: "functions",
      dependsOn: [`table ${model.system.schema}.${alias}`],
      why: "references to people are checked against the tenant's memberships",
    },
  );
  addExecuteGrants(list, reference, ["enginejs_owner"], common);
  list.comment({ on: reference, text: ["a row names members of its tenant only"], ...common });
  add(
    {
      name: "15_member",
      timing: "before",
      events: [{ event: "insert" }, { event: "update", of: fields.map((f) => f.name) }],
      level: "row",
      function: name,
      arguments: [],
    },
    "a row names members of its tenant only",
    { dependsOn: [id, `grant on ${id}`] },
  );
}
