/**
 * Who reads and who changes a row of a side table. The policies ask it of the
 * entity's row, as the actor himself: what that table's own policies say holds
 * here without being said twice, and the field's rule beside it. They never ask
 * a side table, so that nothing comes around to itself.
 */
import type { Entity } from "../model/index.ts";
import { and, binary, call, column, literal, or, type SqlExpression } from "../sql-ast/expressions.ts";
import type { CreatePolicyNode } from "../sql-ast/statements.ts";
import type { EntityRules, PolicyParts } from "./compile-rules.ts";
import { once, rowEnvironment, tenantIdCall } from "./environments.ts";
import { type LeftBehind, updateLeftBehind } from "./left-behind.ts";
import { idColumn, tenantColumn } from "./model-index.ts";
import { objectIdentity, tableIdentity } from "./object-identity.ts";
import { isFresh, isWritable, ownerRow, type SideField } from "./side-fields.ts";
import { ACTORS, type AddPolicy } from "./standing-policies.ts";

export function compileSidePolicies(entity: Entity, field: SideField, rules: EntityRules, parts: PolicyParts): void {
  new SidePolicies(entity, field, rules, parts).add();
}

class SidePolicies {
  private readonly entity: Entity;
  private readonly field: SideField;
  private readonly rules: EntityRules;
  private readonly parts: PolicyParts;
  private readonly source: string;
  private readonly table: { readonly schema?: string; readonly name: string };
  private readonly id: string;

  constructor(entity: Entity, field: SideField, rules: EntityRules, parts: PolicyParts) {
    this.entity = entity;
    this.field = field;
    this.rules = rules;
    this.parts = parts;
    this.source = `${entity.name}.fields.${field.name}`;
    this.table = parts.list.model.name(field.storage.table);
    this.id = tableIdentity(this.table);
  }

  add(): void {
    const { entity, field, table, source, parts } = this;
    const { list } = parts;
    list.add(
      { kind: "enable row security", table },
      {
        entity: entity.name,
        source,
        kind: "row security",
        id: `row security on ${this.id}`,
        object: this.id,
        phase: "row security",
        lock: "access exclusive",
        hazards: ["changes authorization"],
        dependsOn: [this.id],
      },
    );
    const ownerId = tableIdentity(list.model.table(entity));
    const add: AddPolicy = (policy, text, source, dependsOn = []) => {
      const reference = { type: "policy", table, name: policy.name } as const;
      list.add(
        { kind: "create policy", table, ...policy },
        {
          entity: entity.name,
          source,
          kind: "policy",
          object: objectIdentity(reference),
          phase: "policies",
          lock: "access exclusive",
          hazards: ["changes authorization"],
          dependsOn: [this.id, ownerId, ...dependsOn],
          why: text.join("; "),
        },
      );
      list.comment({ on: reference, text, source, entity: entity.name });
    };
    this.addStandingPolicies(add);
    const read = this.rule("read");
    const write = this.rule("write");
    const { storage } = field;
    const left = this.left();
    const dependsOn = [...new Set([...read.dependsOn, ...write.dependsOn, ...left.dependsOn])].sort();
    const actors = { restrictive: false, roles: ACTORS } as const;
    const seen = ownerRow(entity, storage.table, list.model, read.conditions);
    const readers = field.access?.read?.name ?? "who may read the row";
    add({ ...actors, name: "actor_select", command: "select", using: seen }, [readers], this.source, read.dependsOn);
    const touched = this.touched([...read.conditions, ...write.conditions]);
    if (touched === undefined) return;
    const conditions = [...read.conditions, ...write.conditions];
    add(
      {
        ...actors,
        name: "actor_update",
        command: "update",
        using: touched,
        withCheck: ownerRow(entity, storage.table, list.model, [...left.conditions, ...conditions]),
      },
      [field.access?.write?.name ?? `whoever may change the row, of: ${readers}`],
      this.source,
      dependsOn,
    );
  }

  /**
   * Which rows an actor may give a value: with the right to update the entity's row, which `for key share` asks that table's
   * own policies for, denials and all; and the row that this very transaction has made, with which creating it is completed.
   */
  private touched(conditions: readonly SqlExpression[]): SqlExpression | undefined {
    const { entity, field, table, parts } = this;
    const { model } = parts.list;
    const created = this.created();
    const ways = [
      ...(isWritable(field, "create")
        ? [and(isFresh(table.name), ownerRow(entity, table.name, model, [...created, ...conditions]))]
        : []),
      ...(isWritable(field, "update") ? [ownerRow(entity, table.name, model, conditions, { forKeyShare: true })] : []),
    ];
    return ways.length === 0 ? undefined : or(...ways);
  }

  /**
   * A value is a part of its row, and leaves behind what an update of the row itself would. The row that this very
   * transaction has made has passed what creating it may leave behind.
   */
  private left(): LeftBehind {
    const { entity, field, rules } = this;
    const left = updateLeftBehind(rules);
    if (left === undefined) return { conditions: [], dependsOn: [] };
    const made = isWritable(field, "create") ? [and(isFresh(entity.table), ...this.created())] : [];
    return { ...left, conditions: [or(...made, and(...left.conditions))] };
  }

  /** That the entity's row is of this transaction, where its time says so. */
  private created(): SqlExpression[] {
    const { fields, table } = this.entity;
    const isTimed = fields.some(
      ({ storage, default: value }) =>
        storage.kind === "column" && storage.column === "created_at" && value?.kind === "generated",
    );
    return isTimed ? [binary("=", column(table, "created_at"), call("now"))] : [];
  }

  private rule(kind: "read" | "write"): {
    readonly conditions: readonly SqlExpression[];
    readonly dependsOn: readonly string[];
  } {
    const { entity, field, source, parts } = this;
    const rule = field.access?.[kind];
    if (rule === undefined) return { conditions: [], dependsOn: [] };
    const { name: sentence, expression: text } = rule;
    const environment = rowEnvironment(parts.list.model, entity, entity.table);
    const core = parts.expressions.condition(text, environment, source);
    if (core === undefined) return { conditions: [literal(false)], dependsOn: [] };
    const { sql, dependsOn } = parts.conditions.compile({ core, entity, purpose: "policy", text, sentence, source });
    return { conditions: [sql], dependsOn };
  }

  private addStandingPolicies(add: AddPolicy): void {
    const { table } = this;
    const TRUE = literal(true);
    const all = { restrictive: false, command: "all", using: TRUE, withCheck: TRUE } as const;
    const { source } = this;
    add(
      { name: "owner_all", ...all, roles: ["enginejs_owner"] },
      ["builds, back-fills and dumps see every row"],
      source,
    );
    add(
      { name: "reader_read", restrictive: false, command: "select", roles: ["enginejs_reader"], using: TRUE },
      ["what policies ask of other rows, they ask of the true ones"],
      source,
    );
    add({ name: "system_all", ...all, roles: ["enginejs_system"] }, ["workflows that run as the system"], source);
    const tenant = this.tenantColumn();
    if (tenant === undefined) return;
    const own = binary("=", column(table.name, tenant), once(tenantIdCall));
    const roles = [...ACTORS, "enginejs_action"];
    const wall: Omit<CreatePolicyNode, "kind" | "table"> = {
      name: "tenancy",
      restrictive: true,
      command: "all",
      roles,
      using: own,
      withCheck: own,
    };
    add(wall, ["rows of the request's tenant only"], source);
  }

  /** The column of the key that says whose row it is; of the tenant itself its own id. */
  private tenantColumn(): string | undefined {
    const { entity, parts } = this;
    if (entity.name === parts.list.model.system.tenancy?.entity) return idColumn(entity);
    return tenantColumn(entity);
  }
}
