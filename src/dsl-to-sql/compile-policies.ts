/** Row level security of an entity: who passes without question, the tenant's wall, and one policy per command of the model's rules. */
import type { Entity } from "../model/index.ts";
import { binary, call, cast, column, literal, or, type SqlExpression } from "../sql-ast/expressions.ts";
import type { CreatePolicyNode, PolicyCommand } from "../sql-ast/statements.ts";
import type { CompiledCondition, ConditionCompiler } from "./condition-compiler.ts";
import { actorIdCall, once, rowEnvironment, tenantIdCall } from "./environments.ts";
import type { ExpressionCompiler } from "./expression-compiler.ts";
import { idColumn, type ModelIndex, tenantColumn } from "./model-index.ts";
import { objectIdentity } from "./object-identity.ts";
import type { StatementList } from "./statement-list.ts";

type Command = Entity["policies"][number]["commands"][number];
const COMMANDS: readonly { readonly command: Command; readonly sql: Exclude<PolicyCommand, "all"> }[] = [
  { command: "read", sql: "select" },
  { command: "create", sql: "insert" },
  { command: "update", sql: "update" },
  { command: "delete", sql: "delete" },
];

const ACTORS = ["enginejs_anonymous", "enginejs_user"];
const TRUE = literal(true);

/** What an action function has set for as long as it runs. After a transaction a setting reads '', not null. */
const lockedRowId = cast(
  call("nullif", call("current_setting", literal("enginejs.action_row"), literal(true)), literal("")),
  "uuid",
);

export interface PolicyParts {
  readonly list: StatementList;
  readonly expressions: ExpressionCompiler;
  readonly conditions: ConditionCompiler;
}

/** The compiled rules of an entity, by command; what indexes should serve. */
export interface EntityPolicies {
  readonly byCommand: ReadonlyMap<Command, CompiledPolicy>;
}
export interface CompiledPolicy extends CompiledCondition {
  readonly names: readonly string[];
  readonly sources: readonly string[];
}

export function compilePolicies(entity: Entity, parts: PolicyParts): EntityPolicies {
  const { list } = parts;
  const { model } = list;
  const table = model.table(entity);
  const tableId = objectIdentity({ type: "table", name: table });
  list.add(
    { kind: "enable row security", table },
    {
      kind: "row security",
      id: `row security on ${tableId}`,
      object: tableId,
      phase: "row security",
      entity: entity.name,
      source: entity.name,
      lock: "access exclusive",
      hazards: ["changes authorization"],
      dependsOn: [tableId],
    },
  );
  const add = (
    policy: Omit<CreatePolicyNode, "kind" | "table">,
    text: readonly string[],
    source: string,
    dependsOn: readonly string[] = [],
  ): void => {
    const reference = { type: "policy", table, name: policy.name } as const;
    list.add(
      { kind: "create policy", table, ...policy },
      {
        kind: "policy",
        object: objectIdentity(reference),
        phase: "policies",
        entity: entity.name,
        source,
        lock: "access exclusive",
        hazards: ["changes authorization"],
        dependsOn: [tableId, ...dependsOn],
        why: text.join("; "),
      },
    );
    list.comment({ on: reference, text, source, entity: entity.name });
  };
  addStandingPolicies(entity, add);
  addTenancy(entity, model, add);

  const byCommand = new Map<Command, CompiledPolicy>();
  for (const { command, sql } of COMMANDS) {
    const compiled = compileCommand(entity, command, parts);
    if (compiled === undefined) continue;
    byCommand.set(command, compiled);
    add(
      {
        name: `actor_${sql}`,
        restrictive: false,
        command: sql,
        roles: ACTORS,
        ...(sql === "insert" ? {} : { using: compiled.sql }),
        ...(sql === "insert" || sql === "update" ? { withCheck: compiled.sql } : {}),
      },
      compiled.names,
      compiled.sources[0] ?? entity.name,
      compiled.dependsOn,
    );
  }
  return { byCommand };
}

type AddPolicy = (
  policy: Omit<CreatePolicyNode, "kind" | "table">,
  text: readonly string[],
  source: string,
  dependsOn?: readonly string[],
) => void;

/** Of the engine's own roles. A forced owner without a policy would validate, back-fill and dump nothing. */
function addStandingPolicies(entity: Entity, add: AddPolicy): void {
  const source = entity.name;
  const all = { restrictive: false, command: "all", using: TRUE, withCheck: TRUE } as const;
  add({ name: "owner_all", ...all, roles: ["enginejs_owner"] }, ["builds, back-fills and dumps see every row"], source);
  add(
    { name: "reader_read", restrictive: false, command: "select", roles: ["enginejs_reader"], using: TRUE },
    ["what policies ask of other rows, they ask of the true ones"],
    source,
  );
  add({ name: "system_all", ...all, roles: ["enginejs_system"] }, ["workflows that run as the system"], source);
  if (entity.actions.length === 0) return;
  // The action functions of the system, and the row that an action has found and locked: it may leave the actor's sight.
  const calledBySystem = binary("=", once(call("current_setting", literal("role"))), literal("enginejs_system"));
  const lockedRow = binary("=", column(entity.table, idColumn(entity)), once(lockedRowId));
  add(
    {
      name: "action_select",
      restrictive: false,
      command: "select",
      roles: ["enginejs_action"],
      using: or(calledBySystem, lockedRow),
    },
    ["actions see what their actor sees, the system every row, and each the row that it has locked"],
    source,
  );
  add(
    {
      name: "action_update",
      restrictive: false,
      command: "update",
      roles: ["enginejs_action"],
      using: TRUE,
      withCheck: TRUE,
    },
    ["the action function itself checks rule, guards and transition"],
    source,
  );
}

/** The tenant's wall: what no permissive policy can open. To named roles, never to PUBLIC: the reader must pass. */
function addTenancy(entity: Entity, model: ModelIndex, add: AddPolicy): void {
  const roles = [...ACTORS, "enginejs_action"];
  const source = entity.name;
  const wall = (name: string, command: PolicyCommand, using: SqlExpression | undefined, check?: SqlExpression): void =>
    add(
      {
        name,
        restrictive: true,
        command,
        roles,
        ...(using === undefined ? {} : { using }),
        ...(check === undefined ? {} : { withCheck: check }),
      },
      [tenancyText(entity, model)],
      source,
    );
  const claim = once(tenantIdCall);
  if (entity.name === model.system.tenancy?.entity) {
    const own = binary("=", column(entity.table, idColumn(entity)), claim);
    wall("tenancy", "all", own, own);
    return;
  }
  const tenant = tenantColumn(entity);
  if (tenant === undefined) return;
  const own = binary("=", column(entity.table, tenant), claim);
  if (entity !== model.membership?.entity) {
    wall("tenancy", "all", own, own);
    return;
  }
  // Without a tenant's claim a person may still list where he belongs.
  const self = binary("=", column(entity.table, model.membership.user), once(actorIdCall));
  wall("tenancy", "select", or(own, self));
  wall("tenancy_insert", "insert", undefined, own);
  wall("tenancy_update", "update", own, own);
  wall("tenancy_delete", "delete", own);
}

function tenancyText(entity: Entity, model: ModelIndex): string {
  if (entity.name === model.system.tenancy?.entity) return "the tenant of the request, no other";
  return entity === model.membership?.entity
    ? "rows of the request's tenant; to read, also the actor's own memberships"
    : "rows of the request's tenant only";
}

/** All rules that allow a command, in one policy: any of them is enough. */
function compileCommand(entity: Entity, command: Command, parts: PolicyParts): CompiledPolicy | undefined {
  const { expressions, conditions, list } = parts;
  const allowing = entity.policies.filter((policy) => policy.commands.includes(command));
  if (allowing.length === 0) return undefined;
  const compiled = allowing.flatMap((policy) => {
    const source = `${entity.name}.policies.${policy.name}`;
    const core = expressions.condition(policy.expression, rowEnvironment(list.model, entity, entity.table), source);
    if (core === undefined) return [];
    const { name: sentence, expression: text } = policy;
    const condition = conditions.compile({ core, entity, purpose: "policy", text, sentence, source });
    return [{ condition, sentence, source }];
  });
  compiled.sort((a, b) => (a.sentence < b.sentence ? -1 : a.sentence > b.sentence ? 1 : 0));
  return {
    sql: or(...compiled.map(({ condition }) => condition.sql)),
    dependsOn: unique(compiled.flatMap(({ condition }) => condition.dependsOn)),
    reads: unique(compiled.flatMap(({ condition }) => condition.reads)),
    lookups: compiled.flatMap(({ condition }) => condition.lookups),
    names: compiled.map(({ sentence }) => sentence),
    sources: compiled.map(({ source }) => source),
  };
}

const unique = (items: readonly string[]): string[] => [...new Set(items)].sort();
